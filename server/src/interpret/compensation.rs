//! `compensate`: what undoes a step (S24).

use std::sync::Arc;

use flowcrate::{Context, Step, StepError, Undo, Undos};
use flowcrate_codegen::check::{Body, Compensation, Node, NodeId, UNDO_SUFFIX};
use flowcrate_codegen::expr::{self, Env, Expr, Name};
use serde_json::Value;

use super::plan::Plan;
use super::scope::Scope;
use super::{action, custom};

/// The step, with what undoes it if it says so.
pub(super) fn undone(scope: &Scope, node: &Node, step: Step<Value>) -> Step<Value> {
    let Some(Compensation { node: by, in_doubt }) = node.body.undo() else { return step };
    let (Body::Action { input, .. } | Body::Custom { input, .. }) = &by.body else { return step };
    let (seen, own, input) = (Seen::by(input, scope), node.id.to_string(), input.clone());
    let input = move |output: Option<&Value>| {
        let env = Undoing { seen: &seen, own: &own, output };
        expr::eval(&input, &env).map_err(StepError::from)
    };
    let name = node.id.to_string();
    step.undo(if *in_doubt {
        Undo::try_named_in_doubt(name, input)
    } else {
        Undo::try_named(name, move |output| input(Some(output)))
    })
}

/// What the step saw of what its compensation reads. Its scope is not kept, nor the context with
/// it: the engine keeps this.
struct Seen(Vec<(Name, Option<Value>)>);

impl Seen {
    fn by(expr: &Expr, scope: &Scope) -> Self {
        let read = |name: Name| (name.clone(), scope.get(&name));
        Self(expr::names_read(expr).into_iter().map(read).collect())
    }
}

/// The same, with the output of the step itself.
struct Undoing<'a> {
    seen: &'a Seen,
    own: &'a str,
    output: Option<&'a Value>,
}

impl Env for Undoing<'_> {
    fn get(&self, name: &Name) -> Option<Value> {
        if matches!(name, Name::Step(id) if *id == self.own) {
            return self.output.cloned();
        }
        self.seen.0.iter().find(|(seen, _)| seen == name).and_then(|(_, value)| value.clone())
    }
}

/// The steps that undo others, each by the id of what it undoes.
pub(super) fn registered(plan: &Arc<Plan>) -> Undos {
    let nodes = plan.checked.nodes.values();
    let undone = nodes.filter(|node| node.body.undo().is_some() && !node.disabled);
    undone.fold(Undos::new(), |undos, node| {
        let (plan, id) = (Arc::clone(plan), node.id.clone());
        undos.step(node.id.to_string(), move |ctx: &Context, input: Value| {
            by(ctx, &plan, &id, input)
        })
    })
}

/// The step that undoes `id`. It was registered, so it is there.
fn by(ctx: &Context, plan: &Plan, id: &NodeId, input: Value) -> Step<Value> {
    let undo = plan.node(id).and_then(|node| node.body.undo());
    match undo.map(|undo| (undo.node.as_ref(), &undo.node.body)) {
        Some((node, Body::Action { policy, .. })) => action::step(ctx, plan, (node, policy), input),
        Some((node, Body::Custom { policy, .. })) => custom::step(ctx, (node, policy), input),
        _ => {
            let spec = flowcrate::StepSpec::new("undo", "undo");
            ctx.step(spec, input, async |_, _| Err(StepError::fatal("undo", "nothing undoes it")))
        }
    }
}

/// The id of a step: that of the node, or what emitted code calls what undoes it.
pub(super) fn step_id(node: &Node) -> String {
    let undone = node.id.strip_suffix(UNDO_SUFFIX);
    undone.map_or_else(|| node.id.to_string(), |id| format!("undo_{id}"))
}

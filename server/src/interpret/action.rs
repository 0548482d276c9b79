//! A plugin's action: a journaled step.

use std::sync::Arc;

use flowcrate::types::{Type, project};
use flowcrate::{Context, Policy, Result, Step, StepContext, StepError, StepSpec};
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;
use serde_json::Value;

use super::compensation;
use super::env::evaluate;
use super::plan::Plan;
use super::scope::{Outcome, Scope};

pub(super) async fn run(
    scope: &Scope,
    node: &Node,
    input: &Expr,
    policy: &Policy,
) -> Result<Outcome> {
    let input = evaluate(scope, node, input)?;
    let step = step(scope.ctx(), scope.plan(), (node, policy), input);
    Ok(Outcome::out(compensation::undone(scope, node, step).await?))
}

/// The step itself, with its input.
pub(super) fn step(
    ctx: &Context,
    plan: &Plan,
    (node, policy): (&Node, &Policy),
    input: Value,
) -> Step<Value> {
    let spec = StepSpec::new(compensation::step_id(node), node.kind.clone()).policy(policy.clone());
    let ty = Arc::new(node.output.clone().unwrap_or(Type::Any));
    let (actions, kind) = (Arc::clone(&plan.actions), node.kind.clone());
    let body = move |step: StepContext, input: Value| {
        let running = actions.run(&kind, step, input);
        let ty = Arc::clone(&ty);
        async move {
            let output = running.await?;
            // Emitted code decodes into the node's own output struct; this is its equal (S13).
            project(&ty, &output)
                .map_err(|error| StepError::fatal("bad_response", error.to_string()))
        }
    };
    ctx.step(spec, input, body)
}

//! What a scope gives to the outside, and an iteration to the next (S25).

use flowcrate::types::Type;
use petgraph::graph::NodeIndex;

use super::Kind;
use crate::check::guards::Event;
use crate::check::site::Site;
use crate::check::stage::Output;
use crate::diagnostic::{Span, code};
use crate::expr::{Expr, ExprKind, Name};

/// The scope's `result`, at the end of its body; `None` where it is wrong.
pub(super) fn of(site: &Site<'_>, expected: Option<&Type>) -> Option<Expr> {
    match &site.node.raw.result {
        Some(result) => match expected {
            Some(_) => site.typed("/result", result, expected),
            None => site.typed_result("/result", result),
        },
        None => Some(default(site)),
    }
}

/// S25: the output of the only sink, else null.
fn default(site: &Site<'_>) -> Expr {
    let stage = site.stage;
    let counted: Vec<NodeIndex> =
        site.node.children.iter().copied().filter(|&index| stage.counts(index)).collect();
    let is_sink =
        |index: &NodeIndex| stage.graph.nodes.neighbors(*index).all(|target| !stage.counts(target));
    let sinks: Vec<NodeIndex> = counted.into_iter().filter(is_sink).collect();
    let null = || Expr {
        kind: ExprKind::Literal(serde_json::Value::Null),
        ty: Type::Null,
        span: Span::default(),
    };
    let [sink] = sinks.as_slice() else {
        if stage.graph.whole && stage.counts(site.index) {
            lost(site, sinks.len());
        }
        return null();
    };
    let ty = match stage.outputs.get(*sink) {
        Some(Output::Is(ty)) => ty.clone(),
        Some(Output::Unknown) | None => Type::Any,
        Some(Output::None) => return null(),
    };
    let sure = stage.guards.implies(site.place, &[(*sink, Event::Value)]);
    let ty = if sure { ty } else { ty.optional() };
    let name = Name::Step(stage.graph.id(*sink).to_string());
    Expr { kind: ExprKind::Name(name), ty, span: Span::default() }
}

fn lost(site: &Site<'_>, sinks: usize) {
    let label = site.node.quoted();
    let each = match site.node.kind {
        Some(Kind::While) => "the next state is null",
        _ => "it gives null for each item",
    };
    let message = if sinks == 0 {
        format!("the loop {label} holds no nodes, so {each}")
    } else {
        format!("the loop {label} ends in {sinks} nodes and has no `result`, so {each}")
    };
    let help = if sinks == 0 {
        "put nodes into the loop"
    } else {
        "set the loop's `result`, for example to `{{ steps.<id> }}` of one of its nodes"
    };
    site.report(site.finding(code::LOST_RESULT, message).field("/result").help(help));
}

//! Which outcomes a node's expressions name.

use std::collections::BTreeSet;

use crate::check::{Body, Checked, Node, NodeId, Scope, WaitUntil};
use crate::expr::typed::Name;
use crate::expr::{Expr, ExprKind};
use crate::ir::Part;

/// Outcomes of nodes.
pub(crate) type Uses = BTreeSet<(NodeId, Part)>;

/// What the node reads, for a loop with all that its inner nodes read. A node that is left out
/// reads nothing.
pub(crate) fn uses(checked: &Checked, node: &Node) -> Uses {
    let mut found = Uses::new();
    if checked.dropped.contains(&node.id) {
        return found;
    }
    for expr in exprs(node) {
        collect(expr, &mut found);
    }
    for (_, body) in node.body.scopes() {
        for inner in body.nodes.iter().filter_map(|id| checked.nodes.get(id)) {
            found.append(&mut uses(checked, inner));
        }
    }
    found
}

/// What one expression reads.
pub(crate) fn uses_of(expr: &Expr) -> Uses {
    let mut found = Uses::new();
    collect(expr, &mut found);
    found
}

/// What is used once a whole scope is done: its result, or the values that returns give.
pub(crate) fn used_at_the_end(checked: &Checked, scope: &Scope) -> Uses {
    if let Some(result) = &scope.result {
        return uses_of(result);
    }
    let returns = scope.nodes.iter().filter(|id| {
        checked.nodes.get(*id).is_some_and(|node| matches!(node.body, Body::Return { .. }))
    });
    returns.map(|id| (id.clone(), Part::Output)).collect()
}

/// The node's own expressions.
pub(crate) fn exprs(node: &Node) -> Vec<&Expr> {
    match &node.body {
        Body::Manual | Body::Webhook { .. } | Body::Schedule { .. } => Vec::new(),
        Body::Condition { condition } => vec![condition],
        Body::Switch { cases } => cases.iter().map(|case| &case.when).collect(),
        Body::ForEach { items, body, .. } => {
            std::iter::once(items).chain(body.result.as_ref()).collect()
        }
        Body::While { init, condition, body, .. } => {
            [init, condition].into_iter().chain(body.result.as_ref()).collect()
        }
        Body::Race { .. } | Body::Try { .. } => {
            node.body.scopes().into_iter().filter_map(|(_, scope)| scope.result.as_ref()).collect()
        }
        Body::Transform { value } | Body::Return { value } | Body::Respond { value } => vec![value],
        Body::Action { input, .. } | Body::Custom { input, .. } => vec![input],
        Body::Wait { until: WaitUntil::Duration(expr) | WaitUntil::Instant(expr) } => vec![expr],
        Body::WaitEvent { key, timeout, .. } => key.iter().chain(timeout).collect(),
        Body::Fail { code, message } => vec![code, message],
    }
}

fn collect(expr: &Expr, found: &mut Uses) {
    if let ExprKind::Name(name) = &expr.kind {
        match name {
            Name::Step(id) => {
                found.insert((id.as_str().into(), Part::Output));
            }
            Name::Error(id) => {
                found.insert((id.as_str().into(), Part::Error));
            }
            Name::Trigger
            | Name::TriggerOf(_)
            | Name::Item(_)
            | Name::Index(_)
            | Name::Caught(_)
            | Name::State(_)
            | Name::Element
            | Name::RunId
            | Name::RunStartedAt
            | Name::Var(_) => {}
        }
    }
    for child in children(expr) {
        collect(child, found);
    }
}

/// The direct parts of an expression.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Name(_) => Vec::new(),
        ExprKind::Field { base: inner, .. }
        | ExprKind::IsDefined(inner)
        | ExprKind::Widen(inner)
        | ExprKind::Read(inner)
        | ExprKind::Present(inner)
        | ExprKind::Each { value: inner, .. } => vec![inner],
        ExprKind::Key { base, key, .. } => vec![base, key],
        ExprKind::Index { base, index, .. } => vec![base, index],
        ExprKind::Call { args, .. } => args.iter().collect(),
        ExprKind::And(left, right) | ExprKind::Or(left, right) => vec![left, right],
        ExprKind::Conditional { condition, then, otherwise } => vec![condition, then, otherwise],
        ExprKind::Default { value, fallback } => vec![value, fallback],
        ExprKind::FirstOf(parts) | ExprKind::List(parts) | ExprKind::Concat(parts) => {
            parts.iter().collect()
        }
        ExprKind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
    }
}

//! Which outcomes a node's expressions name.

use std::collections::BTreeSet;

use crate::check::{Body, Checked, Node, NodeId, Scope, expressions};
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
    for expr in expressions(&node.body) {
        collect(expr, &mut found);
    }
    // What undoes the node is given its output where it is made.
    found.remove(&(node.id.clone(), Part::Output));
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

/// What is used once a whole scope is done: its result, and the values that returns give.
pub(crate) fn used_at_the_end(checked: &Checked, scope: &Scope) -> Uses {
    let mut found = scope.result.as_ref().map(uses_of).unwrap_or_default();
    for node in scope.nodes.iter().filter_map(|id| checked.nodes.get(id)) {
        match node.body {
            Body::Return { .. } => found.insert((node.id.clone(), Part::Output)),
            Body::Try { returns: true, .. } => found.insert((node.id.clone(), Part::Returned)),
            _ => false,
        };
    }
    found
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
    for child in expr.children() {
        collect(child, found);
    }
}

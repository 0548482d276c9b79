//! Transforms that change nothing: nobody reads their value, and they cannot fail.

use std::collections::{BTreeMap, BTreeSet};

use super::assemble::expressions;
use super::{Body, Node, NodeId};
use crate::expr::table::{self, Totality};
use crate::expr::{Expr, ExprKind, Name, names_read};

/// The transforms whose value nothing reads that is not left out itself, and that cannot fail.
pub(super) fn find(nodes: &BTreeMap<NodeId, Node>) -> BTreeSet<NodeId> {
    let mut readers: BTreeMap<&str, usize> = BTreeMap::new();
    let reads: BTreeMap<&NodeId, BTreeSet<String>> =
        nodes.iter().map(|(id, node)| (id, read_by(node))).collect();
    for read in reads.values().flatten() {
        *readers.entry(read).or_default() += 1;
    }
    let unread =
        |readers: &BTreeMap<&str, usize>, id: &str| readers.get(id).is_none_or(|n| *n == 0);
    let mut open: Vec<&NodeId> = nodes
        .iter()
        .filter(|(id, node)| changes_nothing(node) && unread(&readers, id))
        .map(|(id, _)| id)
        .collect();
    let mut dropped = BTreeSet::new();
    while let Some(id) = open.pop() {
        dropped.insert(id.clone());
        for read in reads.get(id).into_iter().flatten() {
            if let Some(count) = readers.get_mut(read.as_str()) {
                *count = count.saturating_sub(1);
            }
            let Some((id, node)) = nodes.get_key_value(read.as_str()) else { continue };
            if changes_nothing(node) && unread(&readers, id) {
                open.push(id);
            }
        }
    }
    dropped
}

/// The nodes whose output a node reads itself.
fn read_by(node: &Node) -> BTreeSet<String> {
    let names = expressions(&node.body).into_iter().flat_map(names_read);
    names
        .filter_map(|name| match name {
            Name::Step(id) => Some(id),
            _ => None,
        })
        .collect()
}

fn changes_nothing(node: &Node) -> bool {
    let Body::Transform { value } = &node.body else { return false };
    !node.disabled && !node.wired.iter().any(|handle| handle == "error") && is_total(value)
}

/// Whether an expression always has a value.
fn is_total(expr: &Expr) -> bool {
    let own = match &expr.kind {
        ExprKind::Key { or_absent, .. } | ExprKind::Index { or_absent, .. } => *or_absent,
        ExprKind::Call { op, .. } => table::op(op).is_some_and(|op| op.totality == Totality::Total),
        ExprKind::Read(_) => false,
        ExprKind::Literal(_)
        | ExprKind::Name(_)
        | ExprKind::Field { .. }
        | ExprKind::And(..)
        | ExprKind::Or(..)
        | ExprKind::Conditional { .. }
        | ExprKind::IsDefined(_)
        | ExprKind::Default { .. }
        | ExprKind::FirstOf(_)
        | ExprKind::List(_)
        | ExprKind::Record(_)
        | ExprKind::Widen(_)
        | ExprKind::Present(_)
        | ExprKind::Concat(_)
        | ExprKind::Each { .. } => true,
    };
    own && expr.children().into_iter().all(is_total)
}

//! The pure slice that feeds a recorded path: the node's own expressions and edges, and all that
//! is recomputed to evaluate the one and to decide the other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reason, is_recorded, reason};
use crate::check::expressions as of_body;
use crate::check::{Approval, Body, Checked, Compensation, Node, NodeId};
use crate::expr::fold::same::same_form;
use crate::expr::{Expr, Name, names_read};
use crate::revision::shape;

/// The two revisions, with the edges that lead to each node.
pub(super) struct Slices<'c> {
    old: Side<'c>,
    new: Side<'c>,
}

struct Side<'c> {
    nodes: &'c BTreeMap<NodeId, Node>,
    incoming: BTreeMap<&'c NodeId, BTreeSet<(&'c NodeId, &'c str)>>,
}

impl<'c> Side<'c> {
    fn new(checked: &'c Checked) -> Self {
        let mut incoming: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let inner = checked.nodes.values().flat_map(|node| node.body.scopes());
        let scopes = std::iter::once(&checked.root).chain(inner.map(|(_, scope)| scope));
        for edge in scopes.flat_map(|scope| &scope.edges) {
            let sources = incoming.entry(&edge.target).or_default();
            sources.insert((&edge.source, edge.handle.as_str()));
        }
        Self { nodes: &checked.nodes, incoming }
    }

    fn sources(&self, id: &NodeId) -> impl Iterator<Item = (&'c NodeId, &'c str)> {
        self.incoming.get(id).into_iter().flatten().copied()
    }
}

/// Why a node is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// It is what is recorded.
    Recorded,
    /// Its value, or the handle that it leaves by, feeds what is recorded.
    Feeds,
}

impl<'c> Slices<'c> {
    pub(super) fn new(old: &'c Checked, new: &'c Checked) -> Self {
        Self { old: Side::new(old), new: Side::new(new) }
    }

    /// What differs in the slice that feeds a node of both revisions: each node once.
    pub(super) fn differences(&self, id: &NodeId) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let mut seen: BTreeSet<(&NodeId, Role)> = BTreeSet::new();
        let Some((id, _)) = self.old.nodes.get_key_value(id) else { return reasons };
        let mut open = vec![(id, Role::Recorded)];
        while let Some((id, role)) = open.pop() {
            if !seen.insert((id, role)) {
                continue;
            }
            let (Some(old), Some(new)) = (self.old.nodes.get(id), self.new.nodes.get(id)) else {
                reasons.push(reason(id, "fed it, and is not there any more"));
                continue;
            };
            if let Some(message) = self.differs(old, new, role) {
                reasons.push(reason(id, message));
                continue;
            }
            open.extend(self.feeding(old, role));
        }
        reasons.sort_by(|a, b| a.node.cmp(&b.node));
        reasons.dedup();
        reasons
    }

    /// The nodes of the slice right above a node. What is recorded itself is looked at by itself,
    /// but for what a scope's result makes of it.
    fn feeding(&self, node: &'c Node, role: Role) -> Vec<(&'c NodeId, Role)> {
        let mut found = BTreeSet::new();
        for expr in expressions(node, role) {
            for name in names_read(expr) {
                let (Name::Step(id) | Name::Error(id)) = name else { continue };
                let known = self.old.nodes.get_key_value(id.as_str());
                let feeds =
                    known.filter(|(_, node)| !is_recorded(node) || !node.body.scopes().is_empty());
                found.extend(feeds.map(|(id, _)| id));
            }
        }
        for (source, _) in self.old.sources(&node.id) {
            let pure = self.old.nodes.get(source).is_some_and(|source| !is_recorded(source));
            found.extend(pure.then_some(source));
        }
        found.into_iter().map(|id| (id, Role::Feeds)).collect()
    }

    fn differs(&self, old: &Node, new: &Node, role: Role) -> Option<&'static str> {
        if old.kind != new.kind || old.disabled != new.disabled {
            return Some("does something else now");
        }
        if old.join != new.join || !self.old.sources(&old.id).eq(self.new.sources(&new.id)) {
            return Some("comes after other nodes now");
        }
        if !settings(&old.body, &new.body) {
            return Some("has other settings now");
        }
        let (ours, theirs) = (expressions(old, role), expressions(new, role));
        let same = ours.len() == theirs.len()
            && ours.into_iter().zip(theirs).all(|(old, new)| unchanged(old, new));
        (!same).then_some(match role {
            Role::Recorded => "reads other inputs now",
            Role::Feeds => "gives another value now",
        })
    }
}

/// The expressions that matter: of a scope that is recorded those that decide what runs in it, of
/// one that is read also its result.
fn expressions(node: &Node, role: Role) -> Vec<&Expr> {
    match (&node.body, role) {
        (Body::ForEach { items, .. }, Role::Recorded) => vec![items],
        (Body::Race { .. } | Body::Try { .. }, Role::Recorded) => Vec::new(),
        _ => of_body(&node.body),
    }
}

/// Whether an expression says the same, and gives the same type. The types within may have grown
/// fields that it does not read.
fn unchanged(old: &Expr, new: &Expr) -> bool {
    same_form(old, new) && shape(&old.ty) == shape(&new.ty)
}

/// Whether the settings are the same that decide what is recorded. A policy decides only how often
/// something is tried.
fn settings(old_body: &Body, new_body: &Body) -> bool {
    match (old_body, new_body) {
        (Body::ForEach { on_item_error: old, .. }, Body::ForEach { on_item_error: new, .. }) => {
            old == new
        }
        (Body::Switch { cases: old, .. }, Body::Switch { cases: new, .. }) => {
            old.iter().map(|case| &case.handle).eq(new.iter().map(|case| &case.handle))
        }
        (Body::Race { branches: old }, Body::Race { branches: new }) => {
            old.iter().map(|branch| &branch.name).eq(new.iter().map(|branch| &branch.name))
        }
        (
            Body::WaitEvent { event: old, key: old_key, timeout: old_timeout, .. },
            Body::WaitEvent { event: new, key, timeout, .. },
        ) => {
            (old, old_key.is_some(), old_timeout.is_some())
                == (new, key.is_some(), timeout.is_some())
        }
        (Body::Approval(old), Body::Approval(new)) => {
            let asked = |approval: &Approval| {
                let Approval { event, form, assignees, key, timeout, verdict: _ } = approval;
                let given = [assignees, key, timeout].map(Option::is_some);
                (event.clone(), form.clone(), given)
            };
            asked(old) == asked(new)
        }
        (Body::Wait { until: old }, Body::Wait { until: new }) => {
            std::mem::discriminant(old) == std::mem::discriminant(new)
        }
        (
            Body::Try { catch: old, finally: old_finally, compensate: compensated, .. },
            Body::Try { catch: new, finally, compensate, .. },
        ) => {
            (old.is_some(), old_finally.is_some(), compensated)
                == (new.is_some(), finally.is_some(), compensate)
        }
        (
            Body::Action { undo: old, .. } | Body::Custom { undo: old, .. },
            Body::Action { undo: new, .. } | Body::Custom { undo: new, .. },
        ) => {
            let undone = |undo: &Option<Compensation>| {
                undo.as_ref().map(|undo| (undo.node.kind.clone(), undo.in_doubt))
            };
            std::mem::discriminant(old_body) == std::mem::discriminant(new_body)
                && undone(old) == undone(new)
        }
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    }
}

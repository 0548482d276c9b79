//! One scope's graph with numbered nodes, its order, and its guards.

use std::collections::BTreeMap;

use super::guards::{FALSE, Formula, Guards, TRUE};
use crate::check::{Body, Checked, JoinRule, Node, NodeId, Scope};
use crate::ir::bits::Bits;
use crate::ir::{Live, Subject, default_handle};

/// One scope's graph. Nodes are numbered in topological order; triggers are among them.
pub(super) struct Flow<'a> {
    /// The nodes.
    pub(super) nodes: Vec<&'a Node>,
    /// Incoming edges of each node: source and handle.
    incoming: Vec<Vec<(usize, &'a str)>>,
    /// All nodes from which a path leads to this one.
    ancestors: Vec<Bits>,
    /// When each node runs (S6).
    guards: Vec<Formula>,
    /// The triggers' numbers.
    pub(super) triggers: Vec<usize>,
    /// Nodes that take no time (S37).
    instant: Bits,
    /// Each node's number.
    numbers: BTreeMap<&'a str, usize>,
    /// The formulas.
    pub(super) logic: Guards,
}

/// Variable 0 is the trigger that started the run, variable `n + 1` the handle of node `n`.
const TRIGGER: usize = 0;

impl<'a> Flow<'a> {
    /// Numbers the nodes of `scope` and works out their order and guards.
    pub(super) fn new(checked: &'a Checked, scope: &'a Scope) -> Self {
        let nodes: Vec<&Node> = scope.nodes.iter().filter_map(|id| checked.nodes.get(id)).collect();
        let numbers: BTreeMap<&str, usize> =
            nodes.iter().enumerate().map(|(number, node)| (node.id.as_str(), number)).collect();
        let mut incoming = vec![Vec::new(); nodes.len()];
        for edge in &scope.edges {
            if planted!("an edge is dropped") && scope.edges.first() == Some(edge) {
                continue;
            }
            let ends = (numbers.get(edge.source.as_str()), numbers.get(edge.target.as_str()));
            if let (Some(&source), Some(&target)) = ends {
                let handle = match edge.handle.as_str() {
                    "true" if planted!("handles are swapped") => "false",
                    "false" if planted!("handles are swapped") => "true",
                    handle => handle,
                };
                incoming[target].push((source, handle));
            }
        }
        let triggers = (0..nodes.len()).filter(|&number| is_trigger(&nodes[number].body)).collect();
        let mut instant = Bits::new(nodes.len());
        for (number, _) in nodes.iter().enumerate().filter(|(_, node)| takes_no_time(node)) {
            instant.insert(number);
        }
        let mut flow = Self {
            instant,
            numbers,
            ancestors: Vec::with_capacity(nodes.len()),
            guards: Vec::with_capacity(nodes.len()),
            nodes,
            incoming,
            triggers,
            logic: Guards::default(),
        };
        for number in 0..flow.nodes.len() {
            let ancestors = flow.find_ancestors(number);
            flow.ancestors.push(ancestors);
            let guard = flow.find_guard(number);
            flow.guards.push(guard);
        }
        flow
    }

    fn find_ancestors(&self, number: usize) -> Bits {
        let mut ancestors = Bits::new(self.nodes.len());
        for &(source, _) in &self.incoming[number] {
            ancestors.insert(source);
            ancestors.union(&self.ancestors[source]);
        }
        ancestors
    }

    fn find_guard(&mut self, number: usize) -> Formula {
        if let Some(place) = self.triggers.iter().position(|&trigger| trigger == number) {
            return self.logic.value(TRIGGER, place, self.triggers.len());
        }
        let edges = self.incoming[number].clone();
        if edges.is_empty() {
            return TRUE;
        }
        let all = self.nodes[number].join == JoinRule::All && !planted!("a join of all takes any");
        let mut guard = if all { TRUE } else { FALSE };
        for (source, handle) in edges {
            let left = self.left(source, handle);
            guard = if all { self.logic.and(guard, left) } else { self.logic.or(guard, left) };
        }
        guard
    }

    /// The node's id.
    pub(super) fn id(&self, number: usize) -> NodeId {
        self.nodes[number].id.clone()
    }

    /// When the node runs.
    pub(super) fn guard(&self, number: usize) -> Formula {
        self.guards[number]
    }

    /// Whether a path leads from `first` to `second`.
    pub(super) fn before(&self, first: usize, second: usize) -> bool {
        self.ancestors[second].contains(first)
    }

    /// Whether the node takes no time (S37), so that nothing waits by coming after it.
    pub(super) fn is_instant(&self, number: usize) -> bool {
        self.instant.contains(number)
    }

    /// All nodes from which a path leads to this one.
    pub(super) fn ancestors(&self, number: usize) -> &Bits {
        &self.ancestors[number]
    }

    /// The number of a node of this scope.
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// Whether never both run in one scope instance.
    pub(super) fn exclusive(&mut self, first: usize, second: usize) -> bool {
        self.logic.disjoint(self.guards[first], self.guards[second])
    }

    /// "The node ran and left by this handle."
    pub(super) fn left(&mut self, number: usize, handle: &str) -> Formula {
        let guard = self.guards[number];
        let handles = handles(self.nodes[number]);
        match handles.iter().position(|each| *each == handle) {
            None => FALSE,
            Some(_) if handles.len() == 1 => guard,
            Some(place) => {
                let value = self.logic.value(number + 1, place, handles.len());
                self.logic.and(guard, value)
            }
        }
    }

    /// The subjects that decide whether the node runs, outermost first.
    pub(super) fn subjects(&self, number: usize) -> Vec<usize> {
        self.logic.support(self.guards[number])
    }

    /// The subject with this variable, its handles, and when it is decided by running.
    pub(super) fn subject(
        &mut self,
        variable: usize,
    ) -> (Subject, Vec<(String, Formula)>, Formula) {
        let Some(number) = variable.checked_sub(1) else {
            let name = |trigger: usize| (self.id(trigger).to_string(), self.guard(trigger));
            let arms = self.triggers.iter().map(|&trigger| name(trigger)).collect();
            return (Subject::Trigger, arms, TRUE);
        };
        let handles = handles(self.nodes[number]);
        let arms = handles
            .iter()
            .map(|handle| ((*handle).to_owned(), self.left(number, handle)))
            .collect();
        (Subject::Node(self.id(number)), arms, self.guard(number))
    }

    /// The node's own condition, read off its incoming edges, as far as `context` leaves it open.
    pub(super) fn live(&mut self, number: usize, context: Formula) -> Live {
        let all = self.nodes[number].join == JoinRule::All;
        let mut parts = Vec::new();
        for (source, handle) in self.incoming[number].clone() {
            let left = self.left(source, handle);
            let settled = if all {
                self.logic.implies(context, left)
            } else {
                self.logic.disjoint(context, left)
            };
            if !settled {
                parts.push(Live::Left { node: self.id(source), handle: handle.to_owned() });
            }
        }
        match parts.len() {
            0 => Live::Always,
            1 => parts.remove(0),
            _ if all => Live::All(parts),
            _ => Live::Any(parts),
        }
    }

    /// The node's condition exactly as its edges say it.
    pub(super) fn exact(&self, number: usize) -> Live {
        let mut parts: Vec<_> = self.incoming[number]
            .iter()
            .map(|&(source, handle)| Live::Left {
                node: self.id(source),
                handle: handle.to_owned(),
            })
            .collect();
        match parts.len() {
            0 => Live::Always,
            1 => parts.remove(0),
            _ if self.nodes[number].join == JoinRule::All => Live::All(parts),
            _ => Live::Any(parts),
        }
    }

    /// What a condition means.
    pub(super) fn formula(&mut self, live: &Live) -> Formula {
        match live {
            Live::Always => TRUE,
            Live::Left { node, handle } => {
                self.number(node.as_str()).map_or(FALSE, |number| self.left(number, handle))
            }
            Live::Any(parts) => parts.iter().fold(FALSE, |formula, part| {
                let part = self.formula(part);
                self.logic.or(formula, part)
            }),
            Live::All(parts) => parts.iter().fold(TRUE, |formula, part| {
                let part = self.formula(part);
                self.logic.and(formula, part)
            }),
        }
    }
}

/// Whether nothing waits by coming after the node.
fn takes_no_time(node: &Node) -> bool {
    node.disabled
        || matches!(
            node.body,
            Body::Condition { .. }
                | Body::Switch { .. }
                | Body::Transform { .. }
                | Body::Return { .. }
        )
}

/// Whether the node starts runs.
pub(crate) fn is_trigger(body: &Body) -> bool {
    matches!(body, Body::Manual | Body::Webhook { .. } | Body::Schedule { .. })
}

/// The handle by which a switch leaves that has left by no other: `default`, or the last case where
/// the cases leave nothing for that.
pub(crate) fn rest(node: &Node) -> &str {
    handles(node).into_iter().rfind(|handle| *handle != "error").unwrap_or("default")
}

/// The handles by which a node can leave, in order; those of `error` only where it is wired, for
/// else a failure leaves the scope, or goes by the default handle (S21).
pub(crate) fn handles(node: &Node) -> Vec<&str> {
    if node.disabled {
        return vec![default_handle(&node.body)];
    }
    let mut handles: Vec<&str> = match &node.body {
        Body::Condition { .. } => vec!["true", "false"],
        Body::Switch { cases, exhausted } => {
            let default = (!exhausted || node.continue_on_error).then_some("default");
            cases.iter().map(|case| case.handle.as_str()).chain(default).collect()
        }
        Body::WaitEvent { timeout: Some(_), .. } => vec!["out", "timeout"],
        Body::Approval(approval) => {
            let timeout = approval.timeout.as_ref().map(|_| "timeout");
            ["approved", "rejected"].into_iter().chain(timeout).collect()
        }
        Body::Fail { .. } if node.continue_on_error => vec!["out"],
        Body::Fail { .. } => vec![],
        Body::Manual
        | Body::Webhook { .. }
        | Body::Schedule { .. }
        | Body::ForEach { .. }
        | Body::While { .. }
        | Body::Race { .. }
        | Body::Try { .. }
        | Body::Transform { .. }
        | Body::Action { .. }
        | Body::Custom { .. }
        | Body::Wait { .. }
        | Body::Respond { .. }
        | Body::WaitEvent { .. }
        | Body::CallWorkflow(_)
        | Body::StartWorkflow(_)
        | Body::Return { .. } => vec!["out"],
    };
    if node.wired.iter().any(|handle| handle == "error") {
        if matches!(node.body, Body::Fail { .. }) {
            handles.clear();
        }
        handles.push("error");
    }
    handles
}

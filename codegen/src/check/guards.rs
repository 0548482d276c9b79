//! Guards (S6): when does a node run, and what is known where it does?
//!
//! The one analysis behind optionality (S8), `first_of` (S9), narrowing by conditions and of
//! `trigger` (S16), dead joins, reachability and the exclusivity of returns (S31).
//! No other check reasons about which nodes run.
//!
//! A guard is a decision diagram over the outcomes of earlier nodes. Diagrams have a fixed limit
//! (see [`bdd`]): 2,048 steps for one operation, and 32 once 100,000 are spent in all.
//! A guard past it is replaced by "its dominator's guard, and something that nothing else knows",
//! so what is proved stays true, and what is not proved counts as possible: a value may be absent,
//! two returns may meet, a join may live. Dominators are exact enough for most questions, and
//! answer them without a diagram.

mod bdd;
mod dominators;
mod outcomes;
mod paths;
mod text;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::JoinRule;
use super::kinds::{ERROR, Kind};
use crate::graph::HandleId;
use crate::resolve::Graph;
pub(crate) use bdd::{Bdd, Limits, Ref};
use dominators::{Dominators, Vertex};
use outcomes::Outcome;
use paths::Paths;

/// Of more alternatives than this only dominators are asked whether one of them happened.
pub(crate) const ALTERNATIVES: usize = 64;

/// What is known of which nodes run.
#[derive(Debug)]
pub(crate) struct Guards {
    bdd: RefCell<Bdd>,
    /// What each variable of the diagrams chooses, in their order.
    choices: Vec<Choice>,
    facts: Vec<Facts>,
    dominators: Dominators,
    paths: Paths,
    /// The node that is left at a point.
    left_at: BTreeMap<Vertex, NodeIndex>,
    /// Whether any path of edges leads to a node from where a run starts, dead or live.
    connected: Vec<bool>,
}

/// What a variable chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    /// Which trigger starts the run.
    Trigger,
    /// By which way a node is left.
    Way(NodeIndex),
    /// Something that nothing else knows, where a guard is past the limit.
    Unknown,
}

/// What is known of one node.
#[derive(Clone, Debug)]
struct Facts {
    /// Exactly when it runs.
    guard: Ref,
    vertex: Vertex,
    /// Whether any path of edges that can be live leads to it.
    reached: bool,
    /// The ways in which it can be left; they exclude each other, and one of them happens.
    ways: Vec<Way>,
    /// The handles that it can leave by, each once.
    exits: Vec<Exit>,
}

/// A way in which a node can be left.
#[derive(Clone, Debug)]
struct Way {
    outcome: Outcome,
    guard: Ref,
    vertex: Vertex,
}

/// A handle that a node can leave by: its edges are live in any of the handle's ways.
#[derive(Clone, Debug)]
struct Exit {
    handle: HandleId,
    guard: Ref,
    vertex: Vertex,
}

/// A point in a run: where a node runs, or where a scope ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    guard: Ref,
    vertex: Vertex,
}

/// Something that may have happened to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// It left with a value.
    Value,
    /// It failed, and the run went on.
    Error,
    /// It chose this handle: it ran, did not fail, and left by it.
    Handle(&'a str),
}

impl Event<'_> {
    fn is(self, outcome: &Outcome) -> bool {
        match self {
            Self::Value => outcome.value,
            Self::Error => outcome.error,
            Self::Handle(handle) => outcome.chosen && outcome.handle == *handle,
        }
    }
}

impl Facts {
    fn unreached() -> Self {
        Self {
            guard: Ref::FALSE,
            vertex: Dominators::ROOT,
            reached: false,
            ways: Vec::new(),
            exits: Vec::new(),
        }
    }
}

/// The making: nodes are entered and left in topological order, a scope's nodes between.
impl Guards {
    /// Exactly one of the enabled triggers starts a run; nothing else is decided yet.
    pub(crate) fn new(graph: &Graph<'_>) -> Self {
        let mut guards = Self {
            bdd: RefCell::new(Bdd::new(Limits::CHECK)),
            choices: Vec::new(),
            facts: vec![Facts::unreached(); graph.nodes.node_count()],
            dominators: Dominators::new(),
            paths: Paths::default(),
            left_at: BTreeMap::new(),
            connected: paths::connected(graph, outcomes::starts_runs),
        };
        let enabled = |&index: &NodeIndex| outcomes::starts_runs(graph.node(index));
        let enabled: Vec<NodeIndex> = graph.top.iter().copied().filter(enabled).collect();
        let atoms = guards.partition(Choice::Trigger, Ref::TRUE, enabled.len());
        for (index, guard) in enabled.into_iter().zip(atoms) {
            guards.reach(index, guard, Dominators::ROOT);
        }
        guards
    }

    /// Decides when a node runs. Its sources have been left, or its scope entered.
    pub(crate) fn enter(&mut self, graph: &Graph<'_>, index: NodeIndex) {
        let node = graph.node(index);
        if node.kind.is_some_and(Kind::is_trigger) {
            return;
        }
        let drawn: Vec<Option<Exit>> = self.incoming(graph, index);
        if drawn.is_empty() {
            // At top level only triggers are roots.
            if let Some(scope) = node.parent.filter(|scope| self.reached(*scope)) {
                let Place { guard, vertex } = self.at(scope);
                self.reach(index, guard, vertex);
            }
            return;
        }
        let mut possible: Vec<&Exit> = drawn.iter().flatten().collect();
        // Older variables first: then each further edge adds to the top of the diagram.
        possible.sort_by_key(|exit| exit.vertex);
        let vertices = possible.iter().map(|exit| exit.vertex);
        let Some(above) = self.dominators.common(vertices) else { return };
        let mut edges = possible.iter().map(|exit| exit.guard);
        let mut bdd = self.bdd.borrow_mut();
        let guard = match node.raw.join {
            JoinRule::All if possible.len() < drawn.len() => Some(Ref::FALSE),
            JoinRule::All => edges.try_fold(Ref::TRUE, |all, edge| bdd.and(all, edge)),
            JoinRule::Any => edges.try_fold(Ref::FALSE, |any, edge| bdd.or(any, edge)),
        };
        let guard = guard.unwrap_or_else(|| {
            let variable = bdd.variable();
            self.choices.push(Choice::Unknown);
            bdd.choice(variable, self.dominators.guard(above), Ref::FALSE)
        });
        drop(bdd);
        self.reach(index, guard, above);
    }

    /// Decides the ways in which a node can be left. A switch that has a case for every value has
    /// `exhausted` them: it never chooses its default handle.
    pub(crate) fn leave(&mut self, graph: &Graph<'_>, index: NodeIndex, exhausted: bool) {
        let Place { guard, vertex } = self.at(index);
        if !self.reached(index) {
            return;
        }
        let mut outcomes = outcomes::of(graph, index);
        if exhausted {
            let default = graph.node(index).handles.default.as_ref();
            outcomes.retain(|outcome| !outcome.chosen || default != Some(&outcome.handle));
        }
        let parts = self.partition(Choice::Way(index), guard, outcomes.len());
        let mut ways = Vec::with_capacity(outcomes.len());
        for (outcome, guard) in outcomes.into_iter().zip(parts) {
            let vertex = self.dominators.add(vertex, guard);
            self.left_at.insert(vertex, index);
            ways.push(Way { outcome, guard, vertex });
        }
        let exits = self.exits(vertex, &ways);
        if let Some(facts) = self.facts.get_mut(index.index()) {
            facts.ways = ways;
            facts.exits = exits;
        }
    }

    fn reach(&mut self, index: NodeIndex, guard: Ref, above: Vertex) {
        let vertex = self.dominators.add(above, guard);
        if let Some(facts) = self.facts.get_mut(index.index()) {
            *facts = Facts { guard, vertex, reached: true, ..Facts::unreached() };
        }
    }

    /// For each incoming edge its source's exit; `None` where the source never leaves by it.
    fn incoming(&self, graph: &Graph<'_>, index: NodeIndex) -> Vec<Option<Exit>> {
        let edges = graph.nodes.edges_directed(index, Direction::Incoming);
        edges
            .map(|edge| {
                let exits = &self.facts(edge.source())?.exits;
                exits.iter().find(|exit| exit.handle == *edge.weight()).cloned()
            })
            .collect()
    }

    /// The handles of these ways of leaving a node. One that belongs to several ways is reached
    /// as soon as the node is.
    fn exits(&self, entry: Vertex, ways: &[Way]) -> Vec<Exit> {
        let mut bdd = self.bdd.borrow_mut();
        let mut exits: Vec<Exit> = Vec::with_capacity(ways.len());
        // Only the default handle has a second way, the last one.
        for Way { outcome, guard, vertex } in ways {
            let again = outcome.error && outcome.handle != *ERROR;
            let first = exits.iter_mut().filter(|_| again);
            match first.filter(|exit| exit.handle == outcome.handle).last() {
                Some(exit) => {
                    // Both hang off the node's newest variables: a step or two, within any limit.
                    exit.guard = bdd.or(exit.guard, *guard).unwrap_or(exit.guard);
                    exit.vertex = entry;
                }
                None => exits.push(Exit {
                    handle: outcome.handle.clone(),
                    guard: *guard,
                    vertex: *vertex,
                }),
            }
        }
        exits
    }

    /// Cuts a guard into parts that exclude each other and together are the whole.
    fn partition(&mut self, choice: Choice, whole: Ref, parts: usize) -> Vec<Ref> {
        let (guards, variables) = self.bdd.get_mut().partition(whole, parts);
        self.choices.extend(variables.map(|_| choice));
        guards
    }
}

/// The asking.
impl Guards {
    fn facts(&self, node: NodeIndex) -> Option<&Facts> {
        self.facts.get(node.index())
    }

    /// Whether a path of edges that can be live leads to the node.
    pub(crate) fn reached(&self, node: NodeIndex) -> bool {
        self.facts(node).is_some_and(|facts| facts.reached)
    }

    /// Whether any path of edges leads to the node from where a run starts. Known of every node
    /// from the beginning, and less than [`Guards::reached`].
    pub(crate) fn connected(&self, node: NodeIndex) -> bool {
        self.connected.get(node.index()).copied().unwrap_or(false)
    }

    /// Whether the node may run at all.
    pub(crate) fn may_run(&self, node: NodeIndex) -> bool {
        self.facts(node).is_some_and(|facts| facts.guard != Ref::FALSE)
    }

    /// Where the node runs.
    pub(crate) fn at(&self, node: NodeIndex) -> Place {
        match self.facts(node) {
            Some(Facts { guard, vertex, .. }) => Place { guard: *guard, vertex: *vertex },
            None => Place { guard: Ref::FALSE, vertex: Dominators::ROOT },
        }
    }

    /// Where the scope ends: all its nodes are decided.
    pub(crate) fn end(&self, scope: Option<NodeIndex>) -> Place {
        let root = Place { guard: Ref::TRUE, vertex: Dominators::ROOT };
        scope.map_or(root, |scope| self.at(scope))
    }

    /// Whether the node runs in every instance of its scope.
    pub(crate) fn always_runs(&self, node: NodeIndex, scope: Option<NodeIndex>) -> bool {
        self.end(scope).guard == self.at(node).guard
    }

    /// Whether one of these is sure to have happened at a place. False where that is not proved.
    pub(crate) fn implies(&self, place: Place, any_of: &[(NodeIndex, Event<'_>)]) -> bool {
        let ways = || any_of.iter().flat_map(|(node, event)| self.ways(*node, *event));
        if ways().any(|way| self.dominators.dominates(way.vertex, place.vertex)) {
            return true;
        }
        if any_of.len() > ALTERNATIVES {
            return false;
        }
        let mut bdd = self.bdd.borrow_mut();
        let mut guards: Vec<(Vertex, Ref)> = ways().map(|way| (way.vertex, way.guard)).collect();
        guards.sort_unstable();
        let sum = guards.iter().try_fold(Ref::FALSE, |sum, (_, guard)| bdd.or(sum, *guard));
        sum.and_then(|sum| bdd.implies(place.guard, sum)).unwrap_or(false)
    }

    /// Whether every path to a place goes through one of these handles, chosen by its node.
    pub(crate) fn passed(
        &self,
        place: Place,
        handle: impl Fn(NodeIndex, &HandleId) -> bool,
    ) -> bool {
        self.dominators.above(place.vertex).any(|vertex| {
            let node = self.left_at.get(&vertex);
            let ways = node.and_then(|&node| Some((node, self.facts(node)?)));
            ways.is_some_and(|(node, facts)| {
                let way = facts.ways.iter().find(|way| way.vertex == vertex);
                way.is_some_and(|way| way.outcome.chosen && handle(node, &way.outcome.handle))
            })
        })
    }

    /// Whether this can have happened at a place. True where the opposite is not proved.
    pub(crate) fn allows(&self, place: Place, node: NodeIndex, event: Event<'_>) -> bool {
        let mut bdd = self.bdd.borrow_mut();
        self.ways(node, event).any(|way| bdd.and(place.guard, way.guard) != Some(Ref::FALSE))
    }

    /// Whether this can happen to a node that runs.
    pub(crate) fn possible(&self, node: NodeIndex, event: Event<'_>) -> bool {
        self.ways(node, event).next().is_some()
    }

    fn ways<'a>(&'a self, node: NodeIndex, event: Event<'a>) -> impl Iterator<Item = &'a Way> {
        let ways = self.facts(node).map_or(&[][..], |facts| facts.ways.as_slice());
        ways.iter().filter(move |way| event.is(&way.outcome))
    }

    /// For each node that may take effect in one run with an earlier one of the list: both. Nodes of
    /// which the opposite is not proved count. A node takes effect where it runs; one that is
    /// `gated` only where it leaves with a value.
    pub(crate) fn overlaps(
        &self,
        nodes: &[NodeIndex],
        gated: impl Fn(NodeIndex) -> bool,
    ) -> Vec<(NodeIndex, NodeIndex)> {
        let mut bdd = self.bdd.borrow_mut();
        let guards: BTreeMap<NodeIndex, Ref> = nodes
            .iter()
            .map(|&node| {
                let gated = gated(node).then(|| self.left_with_value(&mut bdd, node)).flatten();
                (node, gated.unwrap_or_else(|| self.at(node).guard))
            })
            .collect();
        let guard = |node: NodeIndex| guards.get(&node).copied().unwrap_or(Ref::FALSE);
        let meet = |bdd: &mut Bdd, a: Ref, b: Ref| bdd.and(a, b) != Some(Ref::FALSE);
        let mut before = Some(Ref::FALSE);
        let mut found = Vec::new();
        for (position, &node) in nodes.iter().enumerate() {
            let own = guard(node);
            if before.is_none_or(|before| meet(&mut bdd, before, own)) {
                let earlier = nodes.iter().take(position);
                let mut earlier = earlier.filter(|other| meet(&mut bdd, guard(**other), own));
                found.extend(earlier.next().map(|other| (*other, node)));
            }
            before = before.and_then(|before| bdd.or(before, own));
        }
        found
    }

    /// When a node leaves with a value; `None` past the limit.
    fn left_with_value(&self, bdd: &mut Bdd, node: NodeIndex) -> Option<Ref> {
        let ways = &self.facts.get(node.index())?.ways;
        let mut with_value = ways.iter().filter(|way| way.outcome.value);
        with_value.try_fold(Ref::FALSE, |left, way| bdd.or(left, way.guard))
    }

    /// Whether a path of edges leads from one node to another of the same scope, dead or live.
    pub(crate) fn path(&self, graph: &Graph<'_>, from: NodeIndex, to: NodeIndex) -> bool {
        let (above, below) = (self.at(from), self.at(to));
        let known = self.reached(from) && self.reached(to) && from != to;
        (known && self.dominators.dominates(above.vertex, below.vertex))
            || self.paths.lead(graph, from, to)
    }
}

//! The order of each scope's nodes; cycles.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::Node;
use crate::check::kinds::Kind;
use crate::diagnostic::{Diagnostic, code, quoted};
use crate::graph::HandleId;

type Nodes<'c> = DiGraph<Node<'c>, HandleId>;

/// At most so many nodes of a cycle are named in a message.
const SHOWN: usize = 8;

/// Fills in each scope's children in topological order and gives the top-level nodes; ties break
/// on id. Edges that close a cycle are reported and removed.
pub(super) fn sort(graph: &mut Nodes<'_>, out: &mut Vec<Diagnostic>) -> Vec<NodeIndex> {
    cut_cycles(graph, out);
    let mut top = Vec::new();
    for index in topological(graph) {
        if graph[index].kind == Some(Kind::Note) {
            continue;
        }
        match graph[index].parent {
            Some(parent) => graph[parent].children.push(index),
            None => top.push(index),
        }
    }
    top
}

/// All nodes that are not on or behind a cycle, sources first, ties by id. Edges stay within
/// scopes, so each scope's nodes come out in their own order.
fn topological(graph: &Nodes<'_>) -> Vec<NodeIndex> {
    let mut by_id: Vec<NodeIndex> = graph.node_indices().collect();
    by_id.sort_by(|a, b| graph[*a].raw.id.cmp(&graph[*b].raw.id));
    let mut rank = vec![0_usize; by_id.len()];
    for (position, index) in by_id.iter().enumerate() {
        set(&mut rank, *index, position);
    }
    let mut open: Vec<usize> = graph
        .node_indices()
        .map(|index| graph.edges_directed(index, Direction::Incoming).count())
        .collect();
    let mut ready: BinaryHeap<Reverse<usize>> = graph
        .node_indices()
        .filter(|index| open.get(index.index()) == Some(&0))
        .filter_map(|index| rank.get(index.index()).copied().map(Reverse))
        .collect();
    let mut sorted = Vec::with_capacity(by_id.len());
    while let Some(Reverse(position)) = ready.pop() {
        let Some(&index) = by_id.get(position) else { continue };
        sorted.push(index);
        for edge in graph.edges_directed(index, Direction::Outgoing) {
            let target = edge.target();
            let left = open.get(target.index()).copied().unwrap_or(0).saturating_sub(1);
            set(&mut open, target, left);
            if left == 0 {
                ready.extend(rank.get(target.index()).copied().map(Reverse));
            }
        }
    }
    sorted
}

fn set(slots: &mut [usize], index: NodeIndex, value: usize) {
    if let Some(slot) = slots.get_mut(index.index()) {
        *slot = value;
    }
}

/// Reports each knot of cycles once, and removes the edges within it.
fn cut_cycles(graph: &mut Nodes<'_>, out: &mut Vec<Diagnostic>) {
    // `kosaraju_scc` walks with stacks of its own: no recursion, however long a cycle is.
    let knots = petgraph::algo::kosaraju_scc(&*graph);
    let mut cut = BTreeSet::new();
    for knot in knots {
        let knot: BTreeSet<NodeIndex> = knot.into_iter().collect();
        let within = |index: NodeIndex| {
            graph.edges(index).filter(|edge| knot.contains(&edge.target())).map(|edge| edge.id())
        };
        let inner: Vec<_> = knot.iter().flat_map(|&index| within(index)).collect();
        if !inner.is_empty() {
            out.push(report(graph, &knot));
            cut.extend(inner);
        }
    }
    graph.retain_edges(|_, edge| !cut.contains(&edge));
}

fn report(graph: &Nodes<'_>, knot: &BTreeSet<NodeIndex>) -> Diagnostic {
    let cycle = walk(graph, knot);
    let shown: Vec<String> = cycle.iter().take(SHOWN).map(|&index| graph[index].quoted()).collect();
    let more = if cycle.len() > SHOWN { " → …" } else { "" };
    let first = cycle.first().map(|&index| &graph[index]);
    let back = first.map_or_else(|| quoted(""), Node::quoted);
    let message = format!("the edges run in a circle: {}{more} → {back}", shown.join(" → "));
    let decides = cycle
        .iter()
        .any(|&index| matches!(graph[index].kind, Some(Kind::Condition | Kind::Switch)));
    let help = if decides {
        "to repeat while a condition holds, put the nodes into a `while` scope; to go over a \
         list, into a `for_each@1`; to try again after a failure, set the step's `policy`"
    } else {
        "to go over a list, put the nodes into a `for_each@1` scope; to try again after a \
         failure, set the step's `policy`; else delete the edge that leads back"
    };
    let diagnostic = Diagnostic::new(code::CYCLE, message).help(help);
    match first {
        Some(node) => diagnostic.node(&*node.raw.id),
        None => diagnostic,
    }
}

/// One cycle within a knot, from its node with the smallest id on.
fn walk(graph: &Nodes<'_>, knot: &BTreeSet<NodeIndex>) -> Vec<NodeIndex> {
    let next = |index: NodeIndex| {
        let inner = graph.neighbors(index).filter(|target| knot.contains(target));
        inner.min_by_key(|&target| &graph[target].raw.id)
    };
    let Some(mut at) = knot.iter().copied().min_by_key(|&index| &graph[index].raw.id) else {
        return Vec::new();
    };
    let mut path = Vec::new();
    let mut seen = BTreeSet::new();
    while seen.insert(at) {
        path.push(at);
        match next(at) {
            Some(target) => at = target,
            None => break,
        }
    }
    let start = path.iter().position(|&index| index == at).unwrap_or(0);
    let mut cycle = path.split_off(start);
    let least = cycle.iter().enumerate().min_by_key(|(_, index)| &graph[**index].raw.id);
    let least = least.map_or(0, |(position, _)| position);
    cycle.rotate_left(least);
    cycle
}

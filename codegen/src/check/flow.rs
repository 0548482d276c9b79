//! What the guards say of the drawing itself: what never runs, and what nothing leads on from.

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::graph::NodeIndex;

use super::Body;
use super::JoinRule;
use super::kinds::{ERROR, Kind};
use super::stage::Stage;
use crate::diagnostic::{Diagnostic, code};
use crate::resolve::Node;

/// Everything that is wrong with the flow. Of a graph that does not hold together nothing is said.
pub(super) fn check(stage: &Stage<'_>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for index in stage.graph.nodes.node_indices() {
        let node = stage.graph.node(index);
        if node.kind != Some(Kind::Note) {
            out.extend(ways_on(node));
            if stage.graph.whole {
                out.extend(reachable(stage, index));
                out.extend(moot_continue(stage, index));
            }
        }
    }
    out.extend(declarations(stage));
    out
}

fn at(node: &Node<'_>, code: crate::diagnostic::Code, message: String) -> Diagnostic {
    Diagnostic::new(code, message).node(&*node.raw.id)
}

/// A node that is disabled or goes on after its failure leaves by its default handle (S14, S21).
fn ways_on(node: &Node<'_>) -> Option<Diagnostic> {
    let kind = node.kind?;
    let why = match kind {
        Kind::Condition | Kind::Approval if node.raw.disabled => "is disabled",
        Kind::Condition | Kind::Approval | Kind::Fail if node.raw.continue_on_error => {
            "goes on after its failure"
        }
        _ => return None,
    };
    let message = format!(
        "{} {why}, but the kind `{}` has no default handle to go on by",
        node.quoted(),
        node.raw.kind
    );
    let help = if node.raw.disabled {
        "delete the node and lead its edges from the node before it"
    } else {
        "draw an edge from its `error` handle instead of `on_error: continue`"
    };
    let field = if node.raw.disabled { "/disabled" } else { "/on_error" };
    Some(at(node, code::NO_DEFAULT_HANDLE, message).field(field).help(help))
}

fn reachable(stage: &Stage<'_>, index: NodeIndex) -> Option<Diagnostic> {
    let (graph, guards) = (stage.graph, &stage.guards);
    let node = graph.node(index);
    if !guards.reached(index) {
        // What an unreached loop holds is unreached with it.
        let outer = node.parent.is_some_and(|parent| !guards.reached(parent));
        if outer || node.kind.is_some_and(Kind::is_trigger) {
            return None;
        }
        let message = format!("no trigger reaches {}, so it never runs", node.quoted());
        let help = "lead an edge to it, or delete it";
        return Some(at(node, code::UNREACHABLE, message).help(help));
    }
    if guards.may_run(index) {
        return None;
    }
    // Whatever follows a node that never runs, or stands in one, is not at fault itself.
    let mut sources = graph.nodes.neighbors_directed(index, Direction::Incoming);
    if !sources.any(|source| guards.may_run(source)) {
        return None;
    }
    let all = node.raw.join == JoinRule::All;
    let message = if all {
        format!("{} waits for all its edges, which are never live together", node.quoted())
    } else {
        format!("{} can never run: none of its edges can be live", node.quoted())
    };
    let help = if all {
        "join `any` runs it when one edge is live; or lead the edges from nodes that run together"
    } else {
        "lead an edge from a node that runs"
    };
    Some(at(node, code::NEVER_RUNS, message).field("/join").help(help))
}

/// The error handle comes first (S21): beside a wired one `on_error: continue` says nothing.
fn moot_continue(stage: &Stage<'_>, index: NodeIndex) -> Option<Diagnostic> {
    let node = stage.graph.node(index);
    let wired = || stage.graph.nodes.edges(index).any(|edge| *edge.weight() == *ERROR);
    if !node.raw.continue_on_error || !node.handles.has(ERROR) || !wired() {
        return None;
    }
    let message = format!(
        "{} has an edge from its `error` handle, so its `on_error: continue` means nothing",
        node.quoted()
    );
    let help = "remove `on_error`, or the edge";
    let place = format!("/nodes/{}/data/on_error", node.raw.index);
    let patch = vec![serde_json::json!({"op": "remove", "path": place})];
    let found = at(node, code::MOOT_CONTINUE, message).field("/on_error").help(help);
    Some(found.fix("remove `on_error`", patch))
}

/// Events with one name have one payload type (S33); webhooks of one workflow have their own paths.
fn declarations(stage: &Stage<'_>) -> Vec<Diagnostic> {
    let mut events = BTreeMap::new();
    let mut paths = BTreeMap::new();
    let mut out = Vec::new();
    for &index in stage.graph.ids.values() {
        let node = stage.graph.node(index);
        let body = stage.bodies.get(index);
        if let Some((event, payload)) = body.and_then(Body::event).filter(|_| stage.counts(index)) {
            let (first, declared) = events.entry(event).or_insert((node, payload));
            if *declared != payload {
                let message = format!(
                    "{} waits for the event `{event}` with {payload}, {} with {declared}",
                    node.quoted(),
                    first.quoted()
                );
                let help = "declare one schema for both, or name the events differently";
                let found = at(node, code::DECLARED_TWICE, message);
                out.push(found.field("/config/event").help(help));
            }
        }
        match body {
            Some(Body::Webhook { path }) if !node.raw.disabled => {
                let first = *paths.entry(path).or_insert(node);
                if !std::ptr::eq(first, node) {
                    let message = format!(
                        "{} listens at the path `{path}`, where {} listens already",
                        node.quoted(),
                        first.quoted()
                    );
                    let found = at(node, code::DECLARED_TWICE, message);
                    out.push(found.field("/config/path").help("give it a path of its own"));
                }
            }
            _ => {}
        }
    }
    out
}

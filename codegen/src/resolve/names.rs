//! Ids and kinds of nodes.

use std::collections::HashSet;

use flowcrate::catalogue::Catalogue;
use petgraph::graph::DiGraph;
use serde_json::json;

use super::renames::Renames;
use super::{Ids, Node};
use crate::check::kinds::Kind;
use crate::diagnostic::{Diagnostic, code, nearest, quoted};
use crate::graph::{HandleId, MAX_ID, NodeId, RawEdge, RawNode, is_id};

/// The nodes, and the parent that each asks for. Of nodes with one id only the first stays.
pub(super) fn nodes<'c>(
    raw: Vec<RawNode>,
    edges: &[RawEdge],
    catalogue: &'c Catalogue,
    out: &mut Vec<Diagnostic>,
) -> (DiGraph<Node<'c>, HandleId>, Vec<Option<NodeId>>) {
    let mut graph = DiGraph::with_capacity(raw.len(), raw.len());
    let mut parents = Vec::with_capacity(raw.len());
    let mut seen = HashSet::with_capacity(raw.len());
    let ids: HashSet<NodeId> = raw.iter().map(|node| node.id.clone()).collect();
    let mut renames = Renames::of(&raw, edges);
    for mut node in raw {
        if !seen.insert(node.id.clone()) {
            out.push(duplicate(&node, &ids));
            continue;
        }
        check_id(&node, &ids, &mut renames, out);
        let known = kind(&node, "", catalogue, out);
        let compensate = node.compensate.take().map(|undo| {
            let kind = kind(&undo, "/compensate", catalogue, out);
            Box::new(Node::new(*undo, kind, None))
        });
        parents.push(node.parent.take());
        graph.add_node(Node::new(node, known, compensate));
    }
    (graph, parents)
}

pub(super) fn ids(graph: &DiGraph<Node<'_>, HandleId>) -> Ids {
    graph.node_indices().map(|index| (graph[index].raw.id.clone(), index)).collect()
}

fn duplicate(node: &RawNode, taken: &HashSet<NodeId>) -> Diagnostic {
    let message = format!(
        "node {} has the id `{}`, which another node has already",
        quoted(&node.label),
        shown(&node.id)
    );
    // What leads to the id leads to the first node that has it, so nothing else is to be renamed.
    let free = free(&node.id, taken);
    let patch =
        json!({"op": "replace", "path": format!("/nodes/{}/id", node.index), "value": free});
    Diagnostic::new(code::DUPLICATE_ID, message)
        .node(&*node.id)
        .help(format!("give it an id of its own, such as `{free}`"))
        .fix(format!("rename it to `{free}`"), vec![patch])
}

/// An id derived from `id` that no node has.
fn free(id: &str, taken: &HashSet<NodeId>) -> String {
    let base = usable(id);
    // Past a few it is for the person to find a name.
    let numbered = (2..32).map(|number| format!("{base}_{number}"));
    let mut all = std::iter::once(base.clone()).chain(numbered);
    all.find(|candidate| !taken.contains(candidate.as_str())).unwrap_or(base)
}

/// `text` with what no id may have left out.
fn usable(text: &str) -> String {
    let mut id = String::new();
    for character in text.chars().take(MAX_ID / 2) {
        match character.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => id.push(letter),
            _ if !id.is_empty() && !id.ends_with('_') => id.push('_'),
            _ => {}
        }
    }
    let id = id.trim_end_matches('_');
    if id.starts_with(|first: char| first.is_ascii_lowercase()) {
        id.to_owned()
    } else {
        format!("node_{id}").trim_end_matches('_').to_owned()
    }
}

fn check_id(
    node: &RawNode,
    taken: &HashSet<NodeId>,
    renames: &mut Renames,
    out: &mut Vec<Diagnostic>,
) {
    if is_id(&node.id) {
        return;
    }
    let message = format!(
        "node {} has the id `{}`, expected a-z, 0-9 and `_`, starting with a letter",
        quoted(&node.label),
        shown(&node.id)
    );
    let free = free(&node.id, taken);
    let found = Diagnostic::new(code::BAD_ID, message)
        .node(&*node.id)
        .help(format!("rename it, for example to `{free}`"));
    out.push(match renames.patch(node, &free) {
        Some(patch) => found.fix(format!("rename it to `{free}`"), patch),
        None => found,
    });
}

/// An id for a message, cut where it is long.
fn shown(id: &str) -> String {
    quoted(id).trim_matches('"').to_owned()
}

/// The kind that the node names, or what stands at `within` its data.
fn kind<'c>(
    node: &RawNode,
    within: &str,
    catalogue: &'c Catalogue,
    out: &mut Vec<Diagnostic>,
) -> Option<Kind<'c>> {
    let found = Kind::find(&node.kind, catalogue);
    // An empty kind was reported when the document was read.
    if found.is_some() || node.kind.is_empty() {
        return found;
    }
    let label = quoted(&node.label);
    let message = format!("node {label} has the unknown kind `{}`", shown(&node.kind));
    let diagnostic = Diagnostic::new(code::UNKNOWN_KIND, message).node(&*node.id);
    let diagnostic = diagnostic.field(format!("{within}/kind"));
    let near = nearest_kind(&node.kind, catalogue);
    out.push(match near {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("make it `{near}`"),
            vec![json!({
                "op": "replace",
                "path": format!("/nodes/{}/data{within}/kind", node.index),
                "value": near,
            })],
        ),
        None => diagnostic
            .help("use a kind of the catalogue, or `custom@1` for a step that you write yourself"),
    });
    None
}

/// The nearest kind, also where only the version is missing or wrong.
fn nearest_kind<'a>(found: &str, catalogue: &'a Catalogue) -> Option<&'a str> {
    let base = found.split_once('@').map_or(found, |(base, _)| base);
    let same = |name: &&str| name.split_once('@').is_some_and(|(known, _)| known == base);
    Kind::names(catalogue).find(same).or_else(|| nearest(found, Kind::names(catalogue)))
}

/// There must be a trigger that can start a run (S4, S14).
pub(super) fn triggers(graph: &DiGraph<Node<'_>, HandleId>, out: &mut Vec<Diagnostic>) {
    let triggers = || graph.node_weights().filter(|node| node.kind.is_some_and(Kind::is_trigger));
    // A node of an unknown kind may have been meant as the trigger.
    let unknown = graph.node_weights().any(|node| node.kind.is_none());
    if triggers().any(|node| !node.raw.disabled) || (unknown && triggers().next().is_none()) {
        return;
    }
    let diagnostic = match triggers().next() {
        Some(node) => Diagnostic::new(
            code::NO_TRIGGER,
            format!("every trigger is disabled, {} too: nothing starts a run", node.quoted()),
        )
        .node(&*node.raw.id)
        .help("enable a trigger"),
        None => Diagnostic::new(code::NO_TRIGGER, "the workflow has no trigger: nothing starts it")
            .help("add a node of kind `manual@1`, `webhook@1` or `schedule@1`"),
    };
    out.push(diagnostic);
}

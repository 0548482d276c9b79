//! Edges: both ends, both handles, one scope.

use std::collections::HashSet;

use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::json;

use super::{Ids, Node};
use crate::check::kinds::Kind;
use crate::diagnostic::{Diagnostic, Suggestions, code, listed, quoted};
use crate::graph::{EdgeId, HandleId, NodeId, RawEdge};

type Nodes<'c> = DiGraph<Node<'c>, HandleId>;

/// Adds the edges that can be; of edges with the same ends and handle, one. Gives all edges' ids.
pub(super) fn add(
    graph: &mut Nodes<'_>,
    ids: &Ids,
    edges: Vec<RawEdge>,
    out: &mut Vec<Diagnostic>,
) -> HashSet<EdgeId> {
    let suggestions = Suggestions::default();
    let mut seen: HashSet<EdgeId> = HashSet::with_capacity(edges.len());
    let mut found: Vec<Resolved> = Vec::with_capacity(edges.len());
    for edge in edges {
        if let Some(id) = &edge.id
            && !seen.insert(id.clone())
        {
            let message = format!("two edges have the id {}", quoted(id));
            out.push(
                Diagnostic::new(code::DUPLICATE_ID, message)
                    .node(&**id)
                    .help("give one of them another id"),
            );
        }
        match resolve(graph, ids, &edge, &suggestions) {
            Ok(resolved) => found.push(resolved),
            Err(diagnostic) => out.push(*diagnostic),
        }
    }
    found.sort_unstable();
    found.dedup();
    for (source, handle, target) in found {
        graph.add_edge(source, target, handle);
    }
    seen
}

type Resolved = (NodeIndex, HandleId, NodeIndex);

fn resolve(
    graph: &Nodes<'_>,
    ids: &Ids,
    edge: &RawEdge,
    suggestions: &Suggestions,
) -> Result<Resolved, Box<Diagnostic>> {
    let end = |id: &NodeId, which: &str| {
        ids.get(id).copied().ok_or_else(|| {
            let near = suggestions.nearest(id, ids.keys().map(NodeId::as_str));
            Box::new(dangling(edge, which, near))
        })
    };
    let source = end(&edge.source, "source")?;
    let target = end(&edge.target, "target")?;
    check_ends(&graph[source], &graph[target], edge)?;
    let handle = source_handle(&graph[source], edge, suggestions)?;
    target_handle(&graph[target], edge)?;
    let place = |index: NodeIndex| (graph[index].parent, &graph[index].region);
    if place(source) != place(target) {
        return Err(Box::new(crossing(graph, source, target, edge)));
    }
    Ok((source, handle, target))
}

/// A finding about an edge, at its id where it has one.
fn at(edge: &RawEdge, code: crate::diagnostic::Code, message: String) -> Diagnostic {
    let diagnostic = Diagnostic::new(code, message);
    match &edge.id {
        Some(id) => diagnostic.node(&**id),
        None => diagnostic.field(format!("/edges/{}", edge.index)),
    }
}

fn dangling(edge: &RawEdge, which: &str, near: Option<&str>) -> Diagnostic {
    let message = format!(
        "the {which} of the edge from {} to {} is no node",
        quoted(&edge.source),
        quoted(&edge.target)
    );
    let help = match near {
        Some(near) => format!("did you mean `{near}`? Else delete the edge"),
        None => "delete the edge, or add the node".to_owned(),
    };
    let found = at(edge, code::DANGLING_EDGE, message).help(help);
    let (key, other) = match which {
        "source" => ("source", &edge.target),
        _ => ("target", &edge.source),
    };
    match near.filter(|near| **near != **other) {
        Some(near) => {
            let place = format!("/edges/{}/{key}", edge.index);
            let patch = vec![json!({"op": "replace", "path": place, "value": near})];
            found.fix(format!("make its {which} `{near}`"), patch)
        }
        None => deleting(found, edge),
    }
}

/// The finding with the deletion of its edge as the fix.
fn deleting(found: Diagnostic, edge: &RawEdge) -> Diagnostic {
    let patch = vec![json!({"op": "remove", "path": format!("/edges/{}", edge.index)})];
    found.fix("delete the edge", patch)
}

fn check_ends(source: &Node<'_>, target: &Node<'_>, edge: &RawEdge) -> Result<(), Box<Diagnostic>> {
    let note = [source, target].into_iter().find(|node| node.kind == Some(Kind::Note));
    let (message, help) = if let Some(note) = note {
        let message = format!("an edge joins the note {}, expected none", note.quoted());
        (message, "delete the edge: a note only says something to the reader")
    } else if target.kind.is_some_and(Kind::is_trigger) {
        let message = format!(
            "an edge leads from {} into the trigger {}, expected none",
            source.quoted(),
            target.quoted()
        );
        (message, "delete the edge: a trigger starts runs, and nothing comes before it")
    } else {
        return Ok(());
    };
    Err(Box::new(deleting(at(edge, code::IMPOSSIBLE_EDGE, message).help(help), edge)))
}

fn source_handle(
    source: &Node<'_>,
    edge: &RawEdge,
    suggestions: &Suggestions,
) -> Result<HandleId, Box<Diagnostic>> {
    // The handles of an unknown kind are unknown.
    if source.kind.is_none() {
        return Ok(edge.handle.clone().unwrap_or_else(|| crate::check::kinds::OUT.into()));
    }
    let names = || source.handles.names.iter().map(HandleId::as_str);
    let expected = || listed(names());
    match (&edge.handle, &source.handles.default) {
        (Some(handle), _) if source.handles.has(handle) => Ok(handle.clone()),
        (None, Some(default)) => Ok(default.clone()),
        (Some(handle), _) => {
            let message = format!(
                "an edge leaves {} by {}, expected {}",
                source.quoted(),
                quoted(handle),
                expected()
            );
            let diagnostic = at(edge, code::UNKNOWN_HANDLE, message);
            Err(Box::new(match suggestions.nearest(handle, names()) {
                Some(near) => {
                    let place = format!("/edges/{}/sourceHandle", edge.index);
                    let patch = vec![json!({"op": "replace", "path": place, "value": near})];
                    let diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                    diagnostic.fix(format!("make it leave by `{near}`"), patch)
                }
                None => diagnostic.help("draw the edge from one of the node's handles"),
            }))
        }
        (None, None) => {
            let message =
                format!("an edge leaves {} by no handle, expected {}", source.quoted(), expected());
            let diagnostic = at(edge, code::UNKNOWN_HANDLE, message);
            Err(Box::new(diagnostic.help("say by which handle it leaves (`sourceHandle`)")))
        }
    }
}

fn target_handle(target: &Node<'_>, edge: &RawEdge) -> Result<(), Box<Diagnostic>> {
    match &edge.target_handle {
        Some(handle) if handle != "in" => {
            let message =
                format!("an edge enters {} by {}, expected `in`", target.quoted(), quoted(handle));
            let place = format!("/edges/{}/targetHandle", edge.index);
            let patch = vec![json!({"op": "remove", "path": place})];
            let found = at(edge, code::UNKNOWN_HANDLE, message).help("leave `targetHandle` out");
            Err(Box::new(found.fix("leave `targetHandle` out", patch)))
        }
        Some(_) | None => Ok(()),
    }
}

fn crossing(graph: &Nodes<'_>, source: NodeIndex, target: NodeIndex, edge: &RawEdge) -> Diagnostic {
    let place = |index: NodeIndex| match graph[index].parent {
        Some(parent) if graph[index].region.is_empty() => {
            format!("in {}", graph[parent].quoted())
        }
        Some(parent) => format!("in `{}` of {}", graph[index].region, graph[parent].quoted()),
        None => "at the top level".to_owned(),
    };
    let message = format!(
        "an edge joins {} ({}) and {} ({}), expected both in one scope",
        graph[source].quoted(),
        place(source),
        graph[target].quoted(),
        place(target)
    );
    let found = at(edge, code::EDGE_CROSSES_SCOPE, message);
    if graph[source].parent == Some(target) || graph[target].parent == Some(source) {
        let help =
            "delete the edge: a loop starts its inner nodes itself, and ends when they are decided";
        deleting(found.help(help), edge)
    } else if graph[source].parent == graph[target].parent {
        found.help("delete the edge: the parts of a scope see nothing of each other")
    } else {
        found.help("join the loop itself with the outer node; values leave a loop by its `result`")
    }
}

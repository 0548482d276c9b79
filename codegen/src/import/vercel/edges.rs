//! Edges and their handles.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::document::{Document, Edge, Role};
use super::names::Names;
use crate::Diagnostic;
use crate::diagnostic::code;

/// Names that forks and canvases give to the one unnamed handle.
const UNNAMED: [&str; 7] = ["out", "output", "source", "default", "right", "bottom", "success"];

/// The edges between kept nodes, each pair of ends once.
pub(super) fn translate(
    document: &Document,
    names: &Names<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Value> {
    let mut drawn = BTreeSet::new();
    let mut ids = BTreeSet::new();
    let mut edges = Vec::new();
    for edge in &document.edges {
        if !connects(edge, names, found) {
            continue;
        }
        let Some(handle) = handle(edge, names, found) else { continue };
        if !drawn.insert((&edge.source, handle, &edge.target)) {
            continue;
        }
        let mut id = edge.id.clone();
        while !ids.insert(id.clone()) {
            id.push('_');
        }
        edges.push(json!({
            "id": id,
            "source": names.ours(&edge.source),
            "sourceHandle": handle,
            "target": names.ours(&edge.target),
            "targetHandle": "in",
        }));
    }
    edges
}

/// Whether both ends are there. An edge to a placeholder means nothing; one to nowhere is an
/// error.
fn connects(edge: &Edge, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> bool {
    let ends = [&edge.source, &edge.target];
    let missing = ends.into_iter().find(|end| !names.is_drawn(end));
    if let Some(missing) = missing {
        let message = format!("the edge `{}` ends at `{missing}`, which is no node", edge.id);
        found.push(
            Diagnostic::new(code::DANGLING_EDGE, message)
                .node(&edge.id)
                .help("draw it to a node, or take it away"),
        );
    }
    ends.into_iter().all(|end| names.contains(end))
}

/// The handle that it leaves by: `true` and `false` of a condition, else the unnamed one. A
/// condition with one unnamed handle goes on where it is true.
fn handle(edge: &Edge, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> Option<&'static str> {
    let source = names.node(&edge.source)?;
    let handle = edge.handle.as_deref().filter(|handle| !UNNAMED.contains(handle));
    match (&source.role, handle) {
        (Role::Condition, None | Some("true")) => Some("true"),
        (Role::Condition, Some("false")) => Some("false"),
        (_, None) => Some("out"),
        (_, Some(other)) => {
            let message = format!(
                "an edge leaves {} by the handle `{other}`, which it does not have here",
                source.quoted()
            );
            found.push(
                Diagnostic::new(code::FOREIGN_HANDLE, message)
                    .node(&edge.source)
                    .help("draw the branch with a condition before the import"),
            );
            None
        }
    }
}

//! Graphs of the Vercel workflow builder and its forks.
//!
//! Their dialect: nodes `{id, type, position, data: {label, type, config, enabled?}}` whose
//! configuration is text throughout, references `{{@nodeId:Label.field.sub}}`, conditions in
//! JavaScript, edges with one unnamed handle or with `true` and `false`.

mod actions;
mod condition;
mod document;
mod edges;
mod http;
mod names;
mod references;
mod rules;
mod schema;
mod script;
mod text;
mod triggers;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Imported, ids};
use crate::Diagnostic;
use crate::diagnostic::{self, code};
use document::{Document, Node, Role};
use names::Names;

/// Translates a graph of the Vercel workflow builder or one of its forks.
///
/// `name` overrides the document's own; either becomes a slug.
///
/// ```
/// let source = br#"{ "name": "Say hello", "nodes": [
///     { "id": "t-1", "type": "trigger", "position": { "x": 0, "y": 0 },
///       "data": { "type": "trigger", "label": "Start", "config": { "triggerType": "Manual" } } }
/// ], "edges": [] }"#;
/// let imported = flowcrate_codegen::import::vercel(source, None);
/// let graph = imported.graph.unwrap();
/// assert_eq!(graph["name"], "say-hello");
/// assert_eq!(graph["nodes"][0]["id"], "t_1");
/// ```
pub fn vercel(source: &[u8], name: Option<&str>) -> Imported {
    let mut found = Vec::new();
    let graph = document::read(source, &mut found).map(|document| {
        let renamed = ids::rename(document.nodes.iter().map(|node| node.id.as_str()));
        let graph = graph(&document, name, &renamed, &mut found);
        if !diagnostic::any_error(&found) {
            point_into_the_graph(&mut found, &renamed);
        }
        graph
    });
    diagnostic::sort(&mut found);
    let refused = diagnostic::any_error(&found);
    Imported { graph: graph.filter(|_| !refused), diagnostics: found }
}

/// Findings are made on the original; where a graph is given they are on its nodes, and only
/// warnings: that an action or code is to be written by hand concerns the node's kind, that a
/// setting was left out its inputs.
fn point_into_the_graph(found: &mut [Diagnostic], renamed: &BTreeMap<&str, String>) {
    for diagnostic in found {
        if let Some(ours) = diagnostic.node.as_deref().and_then(|id| renamed.get(id)) {
            diagnostic.node = Some(ours.clone());
        }
        let left_out = diagnostic.code == code::LEFT_OUT.id;
        diagnostic.field = Some(if left_out { "/inputs" } else { "/kind" }.to_owned());
    }
}

fn graph(
    document: &Document,
    name: Option<&str>,
    renamed: &BTreeMap<&str, String>,
    found: &mut Vec<Diagnostic>,
) -> Value {
    let names = Names::new(document, renamed);
    let kept = document.nodes.iter().filter(|node| node.role.is_kept());
    let nodes: Vec<Value> = kept.map(|node| translate(node, &names, document, found)).collect();
    let edges = edges::translate(document, &names, found);
    let foreign_name = document.name.as_deref().unwrap_or("imported");
    let description = document.description.as_deref().unwrap_or(foreign_name);
    let mut origin = document.rest.clone();
    origin.insert("tool".into(), "vercel".into());
    origin.insert("name".into(), foreign_name.into());
    json!({
        "format": crate::graph::react_flow::FORMAT,
        "name": ids::slug(name.unwrap_or(foreign_name)),
        "description": description,
        "origin": origin,
        "nodes": nodes,
        "edges": edges,
    })
}

/// A node's translation: what it does in our words.
#[derive(Default)]
struct Translated {
    kind: &'static str,
    config: Map<String, Value>,
    inputs: Map<String, Value>,
    /// Said after the node's own description.
    note: Option<String>,
}

fn translate(
    node: &Node,
    names: &Names<'_>,
    document: &Document,
    found: &mut Vec<Diagnostic>,
) -> Value {
    let translated = match &node.role {
        Role::Trigger(trigger) => triggers::translate(node, trigger, found),
        Role::Condition => condition::translate(node, names, found),
        Role::Http => http::translate(node, names, found),
        Role::Code | Role::Other(_) | Role::Placeholder | Role::Group => {
            actions::translate(node, names, found)
        }
    };
    let mut data = Map::new();
    data.insert("label".into(), node.label.as_str().into());
    let mut description = node.description.clone();
    if let Some(note) = &translated.note {
        if !description.is_empty() {
            description.push_str("\n\n");
        }
        description.push_str(note);
    }
    if !description.is_empty() {
        data.insert("description".into(), description.into());
    }
    data.insert("kind".into(), translated.kind.into());
    for (key, part) in [("config", translated.config), ("inputs", translated.inputs)] {
        if !part.is_empty() {
            data.insert(key.into(), part.into());
        }
    }
    if !node.enabled {
        data.insert("disabled".into(), true.into());
    }
    data.insert("origin".into(), json!({ "id": node.id, "action": node.role.word() }));
    json!({
        "id": names.ours(&node.id),
        "type": node.role.canvas_type(),
        "position": document.position(node),
        "data": data,
    })
}

#[cfg(test)]
mod tests;

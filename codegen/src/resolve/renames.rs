//! Renaming a node whose id can be no name: the node, the edges that it joins, and what it holds.
//!
//! No expression can name such a node, so none has to be written anew.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::graph::{NodeId, RawEdge, RawNode, is_id};

/// Where each id that is no name is written, as pointers into the document.
#[derive(Debug, Default)]
pub(super) struct Renames {
    places: HashMap<NodeId, Vec<String>>,
    given: Vec<String>,
}

impl Renames {
    /// The places of all such ids, in one walk.
    pub(super) fn of(nodes: &[RawNode], edges: &[RawEdge]) -> Self {
        let mut places: HashMap<NodeId, Vec<String>> = HashMap::new();
        let mut add = |id: &NodeId, pointer: String| {
            if !is_id(id) {
                places.entry(id.clone()).or_default().push(pointer);
            }
        };
        for node in nodes {
            add(&node.id, format!("/nodes/{}/id", node.index));
            if let Some(parent) = &node.parent {
                // Where the canvas wrote the older `parentNode`, this one comes first.
                add(parent, format!("/nodes/{}/parentId", node.index));
            }
        }
        for edge in edges {
            add(&edge.source, format!("/edges/{}/source", edge.index));
            add(&edge.target, format!("/edges/{}/target", edge.index));
        }
        Self { places, given: Vec::new() }
    }

    /// The patch that gives a node the id `free`; `None` where an earlier node was given it.
    pub(super) fn patch(&mut self, node: &RawNode, free: &str) -> Option<Vec<Value>> {
        if self.given.iter().any(|given| given == free) {
            return None;
        }
        self.given.push(free.to_owned());
        let places = self.places.remove(&node.id)?;
        let write = |path: String| json!({"op": "add", "path": path, "value": free});
        Some(places.into_iter().map(write).collect())
    }
}

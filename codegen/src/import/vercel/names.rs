//! What references can name, and what it is called here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Document, Node, Role};
use super::references::{self, Segment};
use super::schema;
use crate::diagnostic::nearest;

/// What is known of a value at import; everything that no schema tells is `Any`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Bool,
    Number,
    Text,
    Null,
    Any,
}

/// A reference in our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// `steps.fetch.body.name`
    pub(super) text: String,
    pub(super) known: Known,
}

/// The nodes by their foreign ids.
pub(super) struct Names<'a> {
    nodes: BTreeMap<&'a str, &'a Node>,
    renamed: &'a BTreeMap<&'a str, String>,
    only_trigger: Option<&'a str>,
    schemas: BTreeMap<&'a str, Value>,
}

impl<'a> Names<'a> {
    pub(super) fn new(document: &'a Document, renamed: &'a BTreeMap<&'a str, String>) -> Self {
        let kept = || document.nodes.iter().filter(|node| node.role.is_kept());
        let schemas = kept().filter_map(|node| match &node.role {
            Role::Trigger(word) if word == "Webhook" => {
                Some((node.id.as_str(), schema::of_webhook(node).ok()??))
            }
            _ => None,
        });
        Self {
            schemas: schemas.collect(),
            nodes: kept().map(|node| (node.id.as_str(), node)).collect(),
            renamed,
            only_trigger: document.only_trigger().map(|node| node.id.as_str()),
        }
    }

    /// Our id for theirs.
    pub(super) fn ours(&self, id: &str) -> &str {
        self.renamed.get(id).map_or("", String::as_str)
    }

    /// Whether the original has such a node, be it one that has no counterpart here.
    pub(super) fn is_drawn(&self, id: &str) -> bool {
        self.renamed.contains_key(id)
    }

    /// Whether there is such a node here.
    pub(super) fn contains(&self, id: &str) -> bool {
        self.nodes.contains_key(id)
    }

    /// The node with this id.
    pub(super) fn node(&self, id: &str) -> Option<&'a Node> {
        self.nodes.get(id).copied()
    }

    /// The reference between `{{` and `}}`, or why there is none.
    pub(super) fn resolve(&self, inner: &str) -> Result<Reference, String> {
        let (id, rest) = references::split(inner)?;
        let Some(node) = self.nodes.get(id) else {
            let near = nearest(id, self.nodes.keys().copied());
            let near = near.map(|near| format!(", did you mean `{near}`")).unwrap_or_default();
            return Err(format!("no node has the id `{id}`{near}"));
        };
        let path = references::path(rest, &node.label)?;
        Ok(self.reference(node, &path))
    }

    /// `path` in the output of `node`.
    fn reference(&self, node: &Node, path: &[Segment]) -> Reference {
        let ours = self.ours(&node.id);
        let (mut text, path) = match &node.role {
            Role::Trigger(_) if self.only_trigger == Some(node.id.as_str()) => {
                ("trigger".to_owned(), path)
            }
            Role::Trigger(_) => (format!("triggers.{ours}"), path),
            // There an HTTP node's output is its body, with or without a `data` around it.
            Role::Http => {
                let path = match path {
                    [Segment::Name(first), rest @ ..] if first == "data" => rest,
                    path => path,
                };
                (format!("steps.{ours}.body"), path)
            }
            _ => (format!("steps.{ours}"), path),
        };
        for segment in path {
            segment.write(&mut text);
        }
        let schema = self.schemas.get(node.id.as_str()).and_then(|schema| schema::at(schema, path));
        Reference { text, known: schema.map_or(Known::Any, schema::known) }
    }
}

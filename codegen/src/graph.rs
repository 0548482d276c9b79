//! The graph document: nodes and edges as the canvas stores them, before anything is looked up.
//!
//! [`react_flow`] alone knows the JSON; the rest of the compiler sees [`RawGraph`].

pub mod diff;
mod ids;
pub mod limits;
pub mod react_flow;

use serde_json::{Map, Value};

use crate::check::JoinRule;

pub use ids::{EdgeId, HandleId, MAX_ID, NodeId, is_id};

/// A document that could be read. Nodes without a usable id are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawGraph {
    /// The workflow's name; empty where it is missing or no slug.
    pub name: String,
    /// What the workflow is for; any text.
    pub description: String,
    /// How many runs there may be at a time (R24); whatever the document has there.
    pub limit: Option<Value>,
    /// In the document's order.
    pub nodes: Vec<RawNode>,
    /// In the document's order; `None` where the document has no list of edges.
    pub edges: Option<Vec<RawEdge>>,
}

/// The keys of a node's `data` that mean something.
pub const DATA_KEYS: [&str; 15] = [
    "compensate",
    "config",
    "connection",
    "description",
    "disabled",
    "in_doubt",
    "inputs",
    "join",
    "kind",
    "label",
    "on_error",
    "override",
    "policy",
    "region",
    "result",
];

/// The keys of a step's `compensate` that mean something.
pub const COMPENSATE_KEYS: [&str; 7] =
    ["config", "connection", "description", "inputs", "kind", "label", "policy"];

/// A node as it was drawn.
#[expect(clippy::struct_excessive_bools, reason = "flags of the document, each by itself")]
#[derive(Clone, Debug, PartialEq)]
pub struct RawNode {
    /// Its place in the document's list, for fixes.
    pub index: usize,
    /// Its id; any text yet.
    pub id: NodeId,
    /// The scope that holds it.
    pub parent: Option<NodeId>,
    /// The part of that scope in which it stands: a race's branch, or `body`, `catch`, `finally`.
    pub region: Option<String>,
    /// What the canvas shows; the id where there is none.
    pub label: String,
    /// Its note.
    pub description: String,
    /// `http.request@1`; empty where the document has none that can be read.
    pub kind: String,
    /// Static settings.
    pub config: Map<String, Value>,
    /// Inputs, with expressions.
    pub inputs: Map<String, Value>,
    /// A scope's result.
    pub result: Option<Value>,
    /// A step's policy.
    pub policy: Option<Value>,
    /// What undoes a step (S24).
    pub compensate: Option<Box<RawNode>>,
    /// `in_doubt: compensate`.
    pub undone_in_doubt: bool,
    /// `on_error: continue`.
    pub continue_on_error: bool,
    /// S2.
    pub join: JoinRule,
    /// S14.
    pub disabled: bool,
    /// S36: a person writes what the step does.
    pub overridden: bool,
    /// The name of the credentials that it uses.
    pub connection: Option<String>,
    /// Keys of its `data` that mean nothing, sorted.
    pub unknown: Vec<String>,
    /// Keys of its `data` that mean something, null or not.
    pub given: Vec<&'static str>,
}

impl RawNode {
    /// A node of which nothing but its id and place is known.
    pub fn bare(index: usize, id: NodeId, parent: Option<NodeId>) -> Self {
        Self {
            index,
            parent,
            region: None,
            label: id.to_string(),
            description: String::new(),
            kind: String::new(),
            config: Map::new(),
            inputs: Map::new(),
            result: None,
            policy: None,
            compensate: None,
            undone_in_doubt: false,
            continue_on_error: false,
            join: JoinRule::Any,
            disabled: false,
            overridden: false,
            connection: None,
            unknown: Vec::new(),
            given: Vec::new(),
            id,
        }
    }

    /// Whether its `data` has this key.
    pub fn has(&self, key: &str) -> bool {
        self.given.contains(&key)
    }
}

/// An edge as it was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEdge {
    /// Its place in the document's list, for fixes.
    pub index: usize,
    /// Its id.
    pub id: Option<EdgeId>,
    /// Where it starts.
    pub source: NodeId,
    /// The output handle; `None` is the default one.
    pub handle: Option<HandleId>,
    /// Where it ends.
    pub target: NodeId,
    /// The input handle; `None` is the default one.
    pub target_handle: Option<HandleId>,
}

//! Resolve: every name of the document looked up, once, into a petgraph graph.
//!
//! What does not hold together is reported and left out, so that later stages can still say
//! something about the rest.

mod edges;
mod ids;
mod names;
mod order;
mod parents;
mod renames;

use std::collections::HashSet;

use flowcrate::catalogue::Catalogue;
use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::Value;

use crate::check::kinds::{Handles, Kind};
use crate::diagnostic::{Diagnostic, any_error, quoted};
use crate::graph::{EdgeId, HandleId, NodeId, RawGraph, RawNode};

pub use ids::Ids;

/// A graph whose ids, kinds, parents and handles are known and which has no cycle.
#[derive(Clone, Debug)]
pub struct Graph<'c> {
    /// The workflow's name.
    pub name: String,
    /// What the workflow is for.
    pub description: String,
    /// How many runs there may be at a time (R24), as it was written.
    pub limit: Option<Value>,
    /// The nodes with their edges; an edge's weight is the handle that it leaves by.
    pub nodes: DiGraph<Node<'c>, HandleId>,
    /// Each node by its id.
    pub ids: Ids,
    /// The ids of the document's edges; `None` where it has no list of them.
    pub edge_ids: Option<HashSet<EdgeId>>,
    /// The top-level nodes in topological order; ties break on id. Notes are left out.
    pub top: Vec<NodeIndex>,
    /// Whether everything held together. If not, nothing can be concluded from edges.
    pub whole: bool,
}

/// A node with its names looked up.
#[derive(Clone, Debug)]
pub struct Node<'c> {
    /// As it was drawn.
    pub raw: RawNode,
    /// What it does; `None` where its kind is unknown.
    pub kind: Option<Kind<'c>>,
    /// What undoes it (S24), a step that stands beside the graph.
    pub compensate: Option<Box<Node<'c>>>,
    /// Its output handles.
    pub handles: Handles,
    /// The scope that holds it.
    pub parent: Option<NodeIndex>,
    /// In which of that scope's regions; empty in a scope that has none, and at top level.
    pub region: String,
    /// The nodes that it holds, in topological order; ties break on id. Notes are left out.
    pub children: Vec<NodeIndex>,
}

impl<'c> Node<'c> {
    /// A node that nothing leads to or from yet.
    fn new(mut raw: RawNode, kind: Option<Kind<'c>>, compensate: Option<Box<Self>>) -> Self {
        let handles = kind.map_or_else(Handles::default, |kind| kind.handles(&raw));
        let (region, children) = (String::new(), Vec::new());
        raw.compensate = None;
        Self { raw, kind, compensate, handles, parent: None, region, children }
    }

    /// Its label in quotes, for a message.
    pub fn quoted(&self) -> String {
        quoted(&self.raw.label)
    }
}

impl<'c> Graph<'c> {
    /// The node at an index of this graph.
    pub fn node(&self, index: NodeIndex) -> &Node<'c> {
        &self.nodes[index]
    }

    /// Its id.
    pub fn id(&self, index: NodeIndex) -> &NodeId {
        &self.nodes[index].raw.id
    }

    /// The nodes of a scope (`None`: top level), in topological order.
    pub fn members(&self, scope: Option<NodeIndex>) -> &[NodeIndex] {
        scope.map_or(&self.top, |scope| &self.nodes[scope].children)
    }

    /// The scopes around a node, the nearest first.
    pub fn around(&self, index: NodeIndex) -> impl Iterator<Item = NodeIndex> {
        std::iter::successors(self.nodes[index].parent, |&scope| self.nodes[scope].parent)
    }
}

/// Looks up every name of a document.
pub fn resolve(raw: RawGraph, catalogue: &Catalogue) -> (Graph<'_>, Vec<Diagnostic>) {
    let mut out = Vec::new();
    let RawGraph { name, description, limit, nodes, edges } = raw;
    let (mut graph, parents) =
        names::nodes(nodes, edges.as_deref().unwrap_or_default(), catalogue, &mut out);
    let ids = names::ids(&graph);
    parents::set(&mut graph, &ids, &parents, &mut out);
    let edge_ids = edges.map(|edges| edges::add(&mut graph, &ids, edges, &mut out));
    names::triggers(&graph, &mut out);
    let top = order::sort(&mut graph, &mut out);
    let whole = !any_error(&out);
    (Graph { name, description, limit, nodes: graph, ids, edge_ids, top, whole }, out)
}

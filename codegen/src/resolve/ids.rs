//! Nodes by their ids: found by hash, walked in order.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use crate::graph::NodeId;

/// Each node by its id. Lookups take one step; walks go by id.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    sorted: Vec<(NodeId, NodeIndex)>,
    found: HashMap<NodeId, NodeIndex>,
}

impl Ids {
    /// The node of this id.
    pub fn get(&self, id: &str) -> Option<&NodeIndex> {
        self.found.get(id)
    }

    /// All ids and nodes, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &NodeIndex)> {
        self.sorted.iter().map(|(id, index)| (id, index))
    }

    /// All ids, in order.
    pub fn keys(&self) -> impl Iterator<Item = &NodeId> {
        self.sorted.iter().map(|(id, _)| id)
    }

    /// All nodes, by id.
    pub fn values(&self) -> impl Iterator<Item = &NodeIndex> {
        self.sorted.iter().map(|(_, index)| index)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}

impl FromIterator<(NodeId, NodeIndex)> for Ids {
    fn from_iter<I: IntoIterator<Item = (NodeId, NodeIndex)>>(nodes: I) -> Self {
        let mut sorted: Vec<(NodeId, NodeIndex)> = nodes.into_iter().collect();
        sorted.sort_unstable();
        let found = sorted.iter().cloned().collect();
        Self { sorted, found }
    }
}

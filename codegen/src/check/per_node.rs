//! A map from nodes, as a list: nodes are numbered without gaps.

use petgraph::graph::NodeIndex;

/// What is known of some nodes.
#[derive(Clone, Debug)]
pub(super) struct PerNode<T>(Vec<Option<T>>);

impl<T> PerNode<T> {
    /// Nothing yet, of so many nodes.
    pub(super) fn new(nodes: usize) -> Self {
        Self(std::iter::repeat_with(|| None).take(nodes).collect())
    }

    pub(super) fn get(&self, node: NodeIndex) -> Option<&T> {
        self.0.get(node.index())?.as_ref()
    }

    pub(super) fn insert(&mut self, node: NodeIndex, value: T) {
        if let Some(slot) = self.0.get_mut(node.index()) {
            *slot = Some(value);
        }
    }

    pub(super) fn remove(&mut self, node: NodeIndex) -> Option<T> {
        self.0.get_mut(node.index())?.take()
    }
}

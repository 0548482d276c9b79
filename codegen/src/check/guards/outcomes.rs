//! The ways in which a node can be left (S3, S14, S21).

use petgraph::graph::NodeIndex;

use crate::check::kinds::approval::ANSWERED;
use crate::check::kinds::{ERROR, Kind};
use crate::graph::HandleId;
use crate::resolve::{Graph, Node};

/// A way in which a node that ran, or was disabled, can be left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// By this handle.
    pub(super) handle: HandleId,
    /// With an output, if nodes of its kind have one.
    pub(super) value: bool,
    /// With a failure.
    pub(super) error: bool,
    /// By its own choice: it ran, and did not fail.
    pub(super) chosen: bool,
}

/// Whether the node is a trigger that starts runs. A disabled one starts none.
pub(super) fn starts_runs(node: &Node<'_>) -> bool {
    node.kind.is_some_and(Kind::is_trigger) && !node.raw.disabled
}

/// All ways, in the order of the node's handles. A failure that no handle and no
/// `on_error: continue` takes leaves the scope: nothing behind the node is ever decided, so it is
/// no way of leaving the node.
pub(super) fn of(graph: &Graph<'_>, index: NodeIndex) -> Vec<Outcome> {
    let node = graph.node(index);
    let default = node.handles.default.as_ref();
    let way = |handle: &HandleId, value: bool, error: bool| {
        let chosen = !error && !node.raw.disabled;
        Outcome { handle: handle.clone(), value, error, chosen }
    };
    if node.raw.disabled {
        return default.map(|handle| way(handle, false, false)).into_iter().collect();
    }
    let wired = graph.nodes.edges(index).any(|edge| *edge.weight() == *ERROR);
    let answers = node.kind == Some(Kind::Approval);
    let with_value = |handle: &HandleId| {
        default == Some(handle) || answers && ANSWERED.contains(&handle.as_str())
    };
    let mut ways = Vec::with_capacity(node.handles.names.len());
    for handle in &node.handles.names {
        let error = *handle == *ERROR;
        if wired || !error {
            ways.push(way(handle, with_value(handle), error));
        }
    }
    if node.raw.continue_on_error && !wired && node.handles.has(ERROR) {
        ways.extend(default.map(|handle| way(handle, false, true)));
    }
    ways
}

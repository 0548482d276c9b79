//! `wait_event@1`: leaves by `out` with the payload, or by `timeout` where one is set.

use super::{ERROR, Handles, OUT};
use crate::graph::RawNode;

/// The handle by which the node leaves where no event came in time.
pub(super) const TIMEOUT: &str = "timeout";

/// `timeout` only where one is set.
pub(super) fn handles(node: &RawNode) -> Handles {
    let timeout = node.inputs.get("timeout").filter(|value| !value.is_null()).map(|_| TIMEOUT);
    Handles::new([OUT].into_iter().chain(timeout).chain([ERROR]), Some(OUT))
}

//! `switch@1`: leaves by the first case that holds, else by `default`.

use serde_json::Value;

use super::{ERROR, Handles};
use crate::graph::RawNode;

/// The handle by which a switch leaves where no case holds.
pub(super) const DEFAULT: &str = "default";

/// One per case, then `default` and `error`.
pub(super) fn handles(node: &RawNode) -> Handles {
    let cases = node.config.get("cases").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let names = cases.iter().filter_map(|case| case.get("name")?.as_str());
    Handles::new(names.chain([DEFAULT, ERROR]), Some(DEFAULT))
}

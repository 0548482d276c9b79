//! `return@1`: sets the run's output and ends nothing (S31).

use flowcrate::types::Type;
use serde_json::Value;

use super::Found;
use crate::check::Body;
use crate::check::site::Site;
use crate::expr::Expr;

/// The value as it is; all returns together decide the type that it is widened to.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["value"]);
    Found::silent(value(site, None).map(|value| Body::Return { value }))
}

/// The value as an `expected`. No value is null (S10).
pub(in crate::check) fn value(site: &Site<'_>, expected: Option<&Type>) -> Option<Expr> {
    let value = site.raw_input("value").unwrap_or(&Value::Null);
    site.typed("/inputs/value", value, expected)
}

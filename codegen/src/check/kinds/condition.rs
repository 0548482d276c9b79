//! `condition@1`: leaves by `true` or `false`.

use flowcrate::types::Type;

use super::{ERROR, Found, Handles};
use crate::check::Body;
use crate::check::site::Site;
use crate::expr;

/// No default handle: an edge that says neither `true` nor `false` would be a guess, and so would
/// the way on from a condition that is disabled.
pub(super) fn handles() -> Handles {
    Handles::new(["true", "false", ERROR], None)
}

/// The condition is bool; what it says of presence holds behind its handles.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["condition"]);
    let condition = site.required_input("condition", Some(&Type::Bool));
    let facts = condition.as_ref().map(expr::facts).unwrap_or_default();
    let body = condition.map(|condition| Body::Condition { condition });
    let narrowing = vec![("true".into(), facts.when_true), ("false".into(), facts.when_false)];
    Found { narrowing, ..Found::silent(body) }
}

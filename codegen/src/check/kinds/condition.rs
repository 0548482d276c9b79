//! `condition@1`: leaves by `true` or `false`.

use super::{ERROR, Handles};

/// No default handle: an edge that says neither `true` nor `false` would be a guess, and so would
/// the way on from a condition that is disabled.
pub(super) fn handles() -> Handles {
    Handles::new(["true", "false", ERROR], None)
}

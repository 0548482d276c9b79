//! `note@1`: says something to the reader, and means nothing.

use super::{Found, Handles};

/// None: no edge leads to or from a note.
pub(super) fn handles() -> Handles {
    Handles::new([], None)
}

/// Nothing to check.
pub(super) fn check() -> Found {
    Found::silent(None)
}

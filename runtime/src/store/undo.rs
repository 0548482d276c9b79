//! What undoes what a run has done (R15).

use std::sync::Arc;

use crate::payload::Payload;

/// A registered step that undoes an outcome, with its input: all that it takes to run it, without
/// the function that asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compensation {
    /// The name under which the workflow registers the step.
    pub step: Arc<str>,
    /// Its input.
    pub input: Payload,
}

/// An outcome that can be undone, and has not been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoable {
    /// The entry's path; the compensation's is the same with [`UNDO_SUFFIX`].
    pub path: Arc<str>,
    /// The entry's place in the order; none where nobody knows whether it took effect.
    pub seq: Option<u64>,
    /// What undoes it.
    pub undo: Compensation,
}

/// What the path of a compensation adds to the path of what it undoes.
pub const UNDO_SUFFIX: &str = "!undo";

/// Whether a path is that of a compensation.
pub fn is_undo(path: &str) -> bool {
    path.ends_with(UNDO_SUFFIX)
}

//! The run's answer to whoever waits for it (S32).

use super::store_backend::StoreBackend;
use super::{OpId, Outcome};
use crate::failure::Failure;
use crate::payload::Payload;
use crate::store::{Entry, EntryStatus};

/// Kind of an entry that is an answer; its input is what it says.
pub(crate) const RESPOND: &str = "respond@1";

/// What a run answers.
#[derive(Default)]
pub(super) struct Response {
    /// Whether it has answered.
    given: bool,
    /// An answer that no write holds yet.
    new: Option<Payload>,
}

impl Response {
    pub(super) fn new(given: bool) -> Self {
        Self { given, new: None }
    }

    /// An outcome is about to be surfaced for the first time; a second answer becomes a failure
    /// by that. Not before: what has only arrived may be given up, and would have answered nobody.
    pub(super) fn surfaced(&mut self, entry: &mut Entry) {
        if !is_answer(&entry.kind, entry.status) {
            return;
        }
        if self.given && !sabotage!("answers twice") {
            let failure = Failure::new("responded", "the run has answered already");
            entry.status = EntryStatus::Failed;
            entry.error = Some(failure.at(&*entry.path));
            return;
        }
        self.given = true;
        self.new.clone_from(&entry.input);
    }

    /// What the next write is to hold.
    pub(super) fn take(&mut self) -> Option<Payload> {
        self.new.take()
    }
}

/// Whether an entry of this kind and status answered.
pub(crate) fn is_answer(kind: &str, status: EntryStatus) -> bool {
    kind == RESPOND && status == EntryStatus::Completed
}

impl StoreBackend {
    /// The function answers; whether it is the first to do so shows when that is surfaced.
    pub(super) fn answer(&mut self, op: OpId) {
        self.settle(op, Outcome::Completed(None), self.now);
    }
}

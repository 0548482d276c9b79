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

    /// An outcome is surfaced for the first time.
    pub(super) fn surfaced(&mut self, entry: &Entry) {
        if is_answer(entry) {
            self.given = true;
            self.new.clone_from(&entry.input);
        }
    }

    /// What the next write is to hold.
    pub(super) fn take(&mut self) -> Option<Payload> {
        self.new.take()
    }
}

fn is_answer(entry: &Entry) -> bool {
    &*entry.kind == RESPOND && entry.status == EntryStatus::Completed
}

impl StoreBackend {
    /// The function answers; a second answer is a failure.
    pub(super) fn answer(&mut self, op: OpId) {
        let given =
            self.response.given || self.arrived.iter().any(|arrived| is_answer(arrived.entry()));
        let outcome = if given && !sabotage!("answers twice") {
            let path = self.live.get(&op).map(|live| live.site.path.to_string());
            let failure = Failure::new("responded", "the run has answered already");
            Outcome::Failed(failure.at(path.unwrap_or_default()))
        } else {
            Outcome::Completed(None)
        };
        self.settle(op, outcome, self.now);
    }
}

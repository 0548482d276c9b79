//! Operations without an outcome, and outcomes on their way to the function.

use super::steps::StepRun;
use super::{Site, Target};
use crate::store::{Entry, EntryStatus, EventKey, NewRun};
use crate::values::Timestamp;

/// An issued operation without an outcome.
pub(super) struct Live {
    pub(super) site: Site,
    pub(super) began: Timestamp,
    /// How many outcomes the function had seen when it issued this first.
    pub(super) issued: u64,
    pub(super) activity: Activity,
}

impl Live {
    /// What every entry of this operation says.
    pub(super) fn blank(&self) -> Entry {
        Entry { issued: self.issued, ..blank(&self.site, self.began) }
    }
}

pub(super) enum Activity {
    Step(Box<StepRun>),
    Timer {
        due: Timestamp,
    },
    Event {
        key: EventKey,
        order: u64,
        due: Option<Timestamp>,
    },
    Memo,
    /// Waits for the end of another run, as for an event.
    Call {
        key: EventKey,
        order: u64,
    },
    /// Starts another run when it is surfaced.
    Start(Box<NewRun>),
    Scope {
        seals: String,
    },
}

pub(super) struct Arrived {
    pub(super) target: Target,
    pub(super) entry: Entry,
    pub(super) consumed: Option<u64>,
    pub(super) seals: Option<String>,
    pub(super) starts: Option<Box<NewRun>>,
    /// Whether it is written already.
    pub(super) is_written: bool,
    /// Whether it is not worth a write of its own.
    pub(super) is_lazy: bool,
    /// Whether it stays although its scope is cancelled before it is surfaced.
    pub(super) stays: bool,
}

impl Arrived {
    pub(super) fn new(target: Target, entry: Entry) -> Self {
        let (consumed, seals, starts) = (None, None, None);
        let (is_written, is_lazy, stays) = (false, false, true);
        Self { target, entry, consumed, seals, starts, is_written, is_lazy, stays }
    }
}

pub(super) fn blank(site: &Site, began: Timestamp) -> Entry {
    Entry {
        input: site.input.clone(),
        input_hash: site.hash,
        ..Entry::new(site.path.clone(), site.kind.clone(), EntryStatus::Waiting, began)
    }
}

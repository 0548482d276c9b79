//! Heartbeats of long bodies (S20): signs of life, and details for the next attempt.

use std::sync::Arc;
use std::time::Duration;

use super::live::Activity;
use super::store_backend::StoreBackend;
use crate::clock::later;
use crate::payload::Payload;
use crate::store::{Entry, EntryStatus};
use crate::values::Timestamp;

/// Details go along with the run's next write; if there is none for so long, they get their own.
const PATIENCE: Duration = Duration::from_secs(1);

/// The heartbeats of a run.
#[derive(Default)]
pub(super) struct Beats {
    /// When details that wait for a write get one of their own.
    due: Option<Timestamp>,
    /// When the run was last written.
    written: Timestamp,
}

impl Beats {
    /// When something is to be done.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Whatever waited goes along with a write.
    pub(super) fn written(&mut self, now: Timestamp) {
        self.due = None;
        self.written = now;
    }
}

impl StoreBackend {
    /// A body gave a sign of life. That of an attempt that nobody waits for any more is ignored.
    pub(crate) fn beat(&mut self, path: &Arc<str>, attempt: u32, details: Payload) {
        let Some(&op) = self.running.get(path) else { return };
        let Some(live) = self.live.get_mut(&op) else { return };
        let Activity::Step(step) = &mut live.activity else { return };
        if !step.is_running() || step.attempts + 1 != attempt {
            return;
        }
        step.beat = Some(self.now);
        // Details that the store would not take are as none; the beat itself counts.
        let too_large = details.as_str().len() > self.max_payload;
        if too_large || step.details.as_ref() == Some(&details) {
            return;
        }
        step.details = Some(details.clone());
        let (attempts, forgiven, since) = (step.attempts, step.forgiven, step.since);
        let error = step.error.clone();
        let blank = live.blank();
        let entry = Entry {
            status: EntryStatus::Running,
            attempts,
            forgiven,
            output: Some(details),
            error,
            started_at: since.unwrap_or(blank.started_at),
            ..blank
        };
        self.draft.put_lazily(entry);
        let due = later(self.beats.written, PATIENCE).max(self.now);
        self.beats.due.get_or_insert(due);
    }

    /// Lets details that have waited long enough be written.
    pub(super) fn beats_due(&mut self) {
        if self.beats.due.is_some_and(|due| due <= self.now) {
            self.beats.due = None;
            self.draft.hasten();
        }
    }
}

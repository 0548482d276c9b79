//! What the next write will hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::RunId;
use crate::store::{Entry, NewRun};

/// Changes of a run that no write holds yet.
#[derive(Default)]
pub(super) struct Draft {
    entries: BTreeMap<Arc<str>, Entry>,
    /// Entries that are not worth a write of their own.
    lazy: BTreeMap<Arc<str>, Entry>,
    /// Whether those have waited long enough.
    hasty: bool,
    /// Whether some of those are outcomes that the function has seen.
    has_seen: bool,
    seals: Vec<String>,
    consumed: Vec<u64>,
    starts: Vec<NewRun>,
}

/// The parts of a write.
pub(super) struct Parts {
    pub(super) entries: Vec<Entry>,
    pub(super) seals: Vec<String>,
    pub(super) consumed: Vec<u64>,
    pub(super) starts: Vec<NewRun>,
}

impl Draft {
    pub(super) fn put(&mut self, entry: Entry) {
        self.lazy.remove(&entry.path);
        self.entries.insert(entry.path.clone(), entry);
    }

    pub(super) fn put_lazily(&mut self, entry: Entry) {
        if let Some(before) = self.entries.get_mut(&entry.path) {
            *before = entry;
            return;
        }
        self.lazy.insert(entry.path.clone(), entry);
    }

    /// An outcome that is not worth a write of its own, unless something takes effect after it.
    pub(super) fn put_outcome_lazily(&mut self, entry: Entry) {
        self.has_seen = true;
        self.put_lazily(entry);
    }

    /// Whether there is an outcome that must be durable before anything that follows takes effect.
    pub(super) fn has_seen(&self) -> bool {
        self.has_seen
    }

    pub(super) fn seal(&mut self, prefix: String) {
        self.seals.push(prefix);
    }

    pub(super) fn consume(&mut self, event: u64) {
        self.consumed.push(event);
    }

    pub(super) fn start(&mut self, run: NewRun) {
        self.starts.push(run);
    }

    /// A run that was to be started is not wanted any more.
    pub(super) fn unstart(&mut self, run: RunId) {
        self.starts.retain(|start| start.id != run);
    }

    /// Whether there is anything that has to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && (self.lazy.is_empty() || !self.hasty)
    }

    /// Lets what is not worth a write of its own be written all the same.
    pub(super) fn hasten(&mut self) {
        self.hasty = true;
    }

    pub(super) fn take(&mut self) -> Parts {
        self.hasty = false;
        self.has_seen = false;
        let mut entries = std::mem::take(&mut self.lazy);
        entries.append(&mut self.entries);
        Parts {
            entries: entries.into_values().collect(),
            seals: std::mem::take(&mut self.seals),
            consumed: std::mem::take(&mut self.consumed),
            starts: std::mem::take(&mut self.starts),
        }
    }
}

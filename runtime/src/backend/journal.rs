//! The part of a run's journal that the function has not reached again yet.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::backend::{Mismatch, OpId, Site};
use crate::ids::RunId;
use crate::store::{Entry, EntryStatus};

/// Path of the entry by which a run observes that it is cancelled.
pub(super) const CANCEL_PATH: &str = "!cancel";

/// Recorded entries, waiting to be claimed and surfaced.
#[derive(Default)]
pub(super) struct Journal {
    /// What a fork shares with the run that it is forked from.
    shared: Option<Shared>,
    /// Not claimed yet.
    unclaimed: BTreeMap<Arc<str>, Entry>,
    /// Claimed and settled, not surfaced yet.
    claimed: BTreeMap<Arc<str>, (OpId, Entry)>,
    /// Paths of what is settled, in the order of surfacing.
    order: VecDeque<Arc<str>>,
}

/// The part of a fork's journal that it has from another run.
struct Shared {
    /// The `seq` from which on entries are the fork's own.
    seen: u64,
    /// The fork's id, as inputs tell it.
    id: String,
    /// Whether the function is another one, tried against this journal.
    on_trial: bool,
}

impl Shared {
    /// Whether another input than the recorded one means nothing. An input that tells the run's id
    /// is another one in a fork; for the function that made both nothing else is.
    fn excuses(&self, entry: &Entry, site: &Site) -> bool {
        let tells_id =
            || site.input.as_ref().is_some_and(|input| input.as_str().contains(self.id.as_str()));
        entry.seq.is_some_and(|seq| seq < self.seen) && (!self.on_trial || tells_id())
    }
}

/// What the journal knows of a path.
pub(super) enum Known {
    /// Nothing: it is new.
    New,
    /// It was begun.
    Open(Box<Entry>),
    /// It has its outcome. True if an operation that waits for it is not given up with its scope:
    /// the outcome will be surfaced, or it was dropped later than its scope was cancelled.
    Settled(bool),
}

impl Journal {
    /// Takes the entries that a store loaded: settled ones by `seq`.
    pub(super) fn new(entries: Vec<Entry>, fork: Option<(RunId, u64)>) -> Self {
        let mut entries = entries;
        if sabotage!("replay in the order of paths") {
            entries.sort_by(|one, other| one.path.cmp(&other.path));
        }
        let shared =
            |(id, seen): (RunId, u64)| Shared { seen, id: id.to_string(), on_trial: false };
        let mut journal = Self { shared: fork.map(shared), ..Self::default() };
        for mut entry in entries {
            if &*entry.kind == "item" && entry.status.is_settled() {
                // Its hash tells whether it is the same; there may be many.
                entry.input = None;
            }
            if entry.seq.is_some() {
                journal.order.push_back(entry.path.clone());
            }
            journal.unclaimed.insert(entry.path.clone(), entry);
        }
        journal
    }

    /// The function is not the one that wrote this: each input counts.
    pub(super) fn on_trial(&mut self) {
        if let Some(shared) = &mut self.shared {
            shared.on_trial = true;
        }
    }

    /// Matches an issued operation with what is recorded under its path.
    pub(super) fn claim(&mut self, op: OpId, site: &Site) -> Result<Known, Mismatch> {
        let Some(entry) = self.unclaimed.remove(&site.path) else { return Ok(Known::New) };
        let differs =
            |code, expected, found| Mismatch { code, path: site.path.to_string(), expected, found };
        if entry.kind != site.kind {
            let (expected, found) = (format!("kind {}", entry.kind), format!("kind {}", site.kind));
            return Err(differs("kind_changed", expected, found));
        }
        if let (Some(recorded), Some(hash)) = (entry.input_hash, site.hash)
            && recorded != hash
            && !self.shared.as_ref().is_some_and(|shared| shared.excuses(&entry, site))
        {
            let expected = format!("the recorded input {}", shown(entry.input.as_ref()));
            let found = format!("the input {}", shown(site.input.as_ref()));
            return Err(differs("input_changed", expected, found));
        }
        if sabotage!("recorded outcomes are ignored") {
            self.order.retain(|path| *path != entry.path);
            return Ok(Known::New);
        }
        if !entry.status.is_settled() {
            // A loop's head has its turn, as an outcome has.
            if entry.seq.is_some() {
                self.claimed.insert(site.path.clone(), (op, entry.clone()));
            }
            return Ok(Known::Open(Box::new(entry)));
        }
        let ends = entry.seq.is_some() || entry.error.is_some();
        if entry.seq.is_some() {
            self.claimed.insert(site.path.clone(), (op, entry));
        }
        Ok(Known::Settled(ends))
    }

    /// The next recorded outcome, in order; no operation for the run's own cancellation.
    pub(super) fn next(&mut self) -> Result<Option<(Option<OpId>, Entry)>, Mismatch> {
        let Some(path) = self.order.front() else { return Ok(None) };
        let next = if **path == *CANCEL_PATH {
            self.unclaimed.remove(path).map(|entry| (None, entry))
        } else {
            self.claimed.remove(path).map(|(op, entry)| (Some(op), entry))
        };
        let Some(next) = next else {
            return Err(self.unreached().unwrap_or_else(|| lost(path)));
        };
        self.order.pop_front();
        Ok(Some(next))
    }

    /// Whether recorded outcomes are left that the function has not seen.
    pub(super) fn is_replaying(&self) -> bool {
        !self.order.is_empty()
    }

    /// The function has come as far as it ever came, or to its end: nothing may be left over.
    pub(super) fn check_empty(&self) -> Result<(), Mismatch> {
        let left = self.unreached().or_else(|| self.order.front().map(|path| lost(path)));
        left.map_or(Ok(()), Err)
    }

    /// The first recorded entry, in order, that the function has not claimed.
    fn unreached(&self) -> Option<Mismatch> {
        let in_order = self.order.iter().find_map(|path| self.unclaimed.get(path));
        let entry = in_order.or_else(|| self.unclaimed.values().next())?;
        let status = match entry.status {
            EntryStatus::Completed => "completed",
            EntryStatus::Failed => "failed",
            EntryStatus::Cancelled => "was cancelled",
            EntryStatus::Running | EntryStatus::Waiting | EntryStatus::Retrying => "began",
        };
        Some(Mismatch {
            code: "unreached",
            path: entry.path.to_string(),
            expected: format!("`{}` ({}), which {status} in this run", entry.path, entry.kind),
            found: "a workflow that does not come to it".to_owned(),
        })
    }
}

/// An entry that was claimed and dropped before its turn.
fn lost(path: &str) -> Mismatch {
    Mismatch {
        code: "unreached",
        path: path.to_owned(),
        expected: format!("`{path}` to be awaited until its recorded outcome"),
        found: "a workflow that gives it up earlier".to_owned(),
    }
}

fn shown(input: Option<&crate::Payload>) -> String {
    const MOST: usize = 300;
    let text = input.map_or("null", crate::Payload::as_str);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

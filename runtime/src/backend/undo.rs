//! What a run has done that can be undone (R15).

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::effects::Held;
use super::live::{Activity, Arrived, Live};
use super::stop::is_in_doubt;
use super::store_backend::StoreBackend;
use super::{OpId, Site, Target};
use crate::failure::Failure;
use crate::payload::Payload;
use crate::store::{Compensation, Entry, EntryStatus, Loaded, UNDO_SUFFIX, Undoable, is_undo};

/// Path of the entry that is open while a run whose function is over undoes what it has done. Its
/// input is how the function ended.
pub(crate) const UNWIND_PATH: &str = "!unwind";

/// What can be undone, as far as the function has seen it happen.
#[derive(Default)]
pub(super) struct UndoLog {
    /// By place in the order; what nobody knows of comes last, and so is undone first.
    open: BTreeMap<(u64, Arc<str>), Compensation>,
    /// The place of what is open, by path.
    places: BTreeMap<Arc<str>, u64>,
    /// Sealed entries, which a replay does not come past: each counts from its place on.
    sealed: VecDeque<Undoable>,
}

impl UndoLog {
    /// What a store loaded.
    pub(super) fn new(sealed: Vec<Undoable>, entries: &[Entry]) -> Self {
        let mut log = Self { sealed: sealed.into(), ..Self::default() };
        // What has no place in the order is surfaced nowhere.
        for entry in entries.iter().filter(|entry| entry.seq.is_none()) {
            log.note(entry);
        }
        log
    }

    /// An entry is surfaced.
    pub(super) fn surfaced(&mut self, entry: &Entry) {
        if let Some(seq) = entry.seq {
            self.catch_up(seq);
        }
        self.note(entry);
    }

    /// Everything that was loaded is there.
    pub(super) fn catch_up_with_all(&mut self, entries: &[Entry]) {
        self.catch_up(u64::MAX);
        for entry in entries.iter().filter(|entry| entry.undo.is_some()) {
            self.note(entry);
        }
        for entry in entries {
            self.note_undone(entry);
        }
    }

    fn catch_up(&mut self, seq: u64) {
        let before = |undo: &Undoable| undo.seq.is_none_or(|of| of < seq);
        while self.sealed.front().is_some_and(before) {
            if let Some(Undoable { path, seq, undo }) = self.sealed.pop_front() {
                self.add(path, seq, undo);
            }
        }
    }

    fn note(&mut self, entry: &Entry) {
        if let Some(undo) = entry.undo.clone().filter(|_| entry.status.is_settled()) {
            self.add(entry.path.clone(), entry.seq, undo);
        }
        self.note_undone(entry);
    }

    fn note_undone(&mut self, entry: &Entry) {
        let undone = entry.path.strip_suffix(UNDO_SUFFIX);
        if let Some(path) = undone.filter(|_| entry.status == EntryStatus::Completed)
            && let Some((path, seq)) = self.places.remove_entry(path)
        {
            self.open.remove(&(seq, path));
        }
    }

    fn add(&mut self, path: Arc<str>, seq: Option<u64>, undo: Compensation) {
        let place = seq.unwrap_or(u64::MAX);
        self.places.insert(path.clone(), place);
        self.open.insert((place, path), undo);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.sealed.is_empty()
    }

    /// What is to be undone, latest first.
    fn latest_first(&self) -> Vec<Undoable> {
        let list = self.open.iter().rev();
        let undoable = |((seq, path), undo): (&(u64, Arc<str>), &Compensation)| {
            let seq = Some(*seq).filter(|seq| *seq != u64::MAX);
            Undoable { path: path.clone(), seq, undo: undo.clone() }
        };
        if sabotage!("compensations in the order of steps") {
            return self.open.iter().map(undoable).collect();
        }
        list.map(undoable).collect()
    }
}

/// How the function of a run that undoes what it has done has ended, if it does.
pub(super) fn unwinding(entries: &[Entry]) -> Option<Payload> {
    let marks = |entry: &&Entry| *entry.path == *UNWIND_PATH && !entry.status.is_settled();
    entries.iter().find(marks).and_then(|entry| entry.input.clone())
}

/// Whether a run undoes what it has done, and its function is over.
pub(crate) fn is_unwinding(entries: &[Entry]) -> bool {
    unwinding(entries).is_some()
}

/// Whether there is anything to undo in what a store loaded.
pub(crate) fn can_undo(loaded: &Loaded) -> bool {
    let mut log = UndoLog::new(loaded.undos.clone(), &loaded.entries);
    log.catch_up_with_all(&loaded.entries);
    !log.is_empty()
}

/// What is left of a journal for a run that undoes what it has done: its function is not asked.
pub(super) fn without_function(entries: Vec<Entry>) -> Vec<Entry> {
    let stays = |entry: &Entry| {
        !entry.status.is_settled() && (*entry.path == *UNWIND_PATH || is_undo(&entry.path))
    };
    entries.into_iter().filter(stays).collect()
}

/// What is left of a journal for the function alone: without what undid it once it was over.
#[cfg(feature = "testkit")]
pub(crate) fn without_unwinding(entries: Vec<Entry>) -> Vec<Entry> {
    let unwind = entries.iter().find(|entry| *entry.path == *UNWIND_PATH);
    let Some(since) = unwind.map(|entry| entry.issued) else { return entries };
    let later = |entry: &Entry| {
        *entry.path == *UNWIND_PATH || (is_undo(&entry.path) && entry.issued >= since)
    };
    entries.into_iter().filter(|entry| !later(entry)).collect()
}

/// Keeps with an outcome what undoes it. A step of which that cannot be said has failed: nobody
/// could undo it.
pub(super) fn keep_undo(site: &Site, entry: &mut Entry) {
    let Some(request) = &site.undo else { return };
    match entry.status {
        EntryStatus::Completed => match request.of_output(entry.output.as_ref()) {
            Ok(undo) => entry.undo = Some(undo),
            Err(error) => {
                entry.status = EntryStatus::Failed;
                entry.output = None;
                entry.error = Some(Failure::of(error, entry.attempts, &*entry.path));
            }
        },
        EntryStatus::Cancelled if entry.error.as_ref().is_some_and(is_in_doubt) => {
            match request.of_doubt() {
                None => {}
                Some(Ok(undo)) => entry.undo = Some(undo),
                // It stays in doubt, which is how a cancelled scope ends; whoever looks is told.
                Some(Err(error)) => {
                    let unsaid = format!("; what would undo it cannot be said: {error}");
                    entry.error.iter_mut().for_each(|failure| failure.message.push_str(&unsaid));
                }
            }
        }
        _ => {}
    }
}

impl StoreBackend {
    /// Whether the operation undoes something. What is given up of that is not settled: it is
    /// still to be done, and whoever undoes what is left over goes on with it.
    pub(super) fn give_up_undoing(&mut self, op: OpId) -> bool {
        let undoes = |live: &Live| is_undo(&live.site.path);
        if self.live.get(&op).is_some_and(undoes) {
            if let Some(live) = self.forget(op)
                && matches!(&live.activity, Activity::Step(step) if step.is_in_doubt())
            {
                self.held.push(Held::Stop(live.site.path.clone()));
            }
            return true;
        }
        let lost =
            |arrived: &Arrived| arrived.target == Target::Op(op) && is_undo(&arrived.entry.path);
        let before = self.arrived.len();
        self.arrived.retain(|arrived| !lost(arrived));
        self.arrived.len() < before
    }

    /// How the function of this run has ended, if what is left is to undo what it has done.
    pub(crate) fn unwinding(&self) -> Option<&Payload> {
        self.unwinding.as_ref()
    }

    /// Whether there is anything to undo.
    pub(crate) fn has_undos(&self) -> bool {
        !self.undos.is_empty()
    }

    /// Gives up what the function, which is not asked any more, had begun.
    pub(crate) fn give_up(&mut self, entries: Vec<Entry>, seals: Vec<String>) {
        for entry in entries {
            self.draft.put(entry);
        }
        for prefix in seals {
            self.draft.seal(prefix);
        }
    }

    pub(super) fn list_undos(&self) -> Vec<Undoable> {
        self.undos.latest_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn entry(path: &str, seq: u64, undo: bool) -> Entry {
        let undo = undo.then(|| Compensation { step: "undo".into(), input: Payload::null() });
        let settled = Entry::new(path, "step", EntryStatus::Completed, Timestamp(0));
        Entry { seq: Some(seq), undo, ..settled }
    }

    fn sealed(path: &str, seq: u64) -> Undoable {
        let undo = Compensation { step: "undo".into(), input: Payload::null() };
        Undoable { path: path.into(), seq: Some(seq), undo }
    }

    fn paths(log: &UndoLog) -> Vec<String> {
        log.latest_first().into_iter().map(|undo| undo.path.to_string()).collect()
    }

    #[test]
    fn the_latest_outcome_is_undone_first_and_what_is_undone_is_gone() {
        let mut log = UndoLog::new(Vec::new(), &[]);
        for (path, seq, undo) in [("b", 0, true), ("a", 1, true), ("c", 2, false)] {
            log.surfaced(&entry(path, seq, undo));
        }
        assert_eq!(paths(&log), ["a", "b"]);
        log.surfaced(&entry("a!undo", 3, false));
        assert_eq!(paths(&log), ["b"]);
        let failed = Entry { status: EntryStatus::Failed, ..entry("b!undo", 4, false) };
        log.surfaced(&failed);
        assert_eq!(paths(&log), ["b"]);
    }

    #[test]
    fn sealed_outcomes_count_from_their_place_on() {
        let mut log = UndoLog::new(vec![sealed("each[1]/a", 2), sealed("each[0]/a", 5)], &[]);
        assert!(!log.is_empty());
        assert_eq!(paths(&log), [""; 0]);
        log.surfaced(&entry("b", 3, true));
        assert_eq!(paths(&log), ["b", "each[1]/a"]);
        log.catch_up_with_all(&[entry("b", 3, true), entry("each[1]/a!undo", 6, false)]);
        assert_eq!(paths(&log), ["each[0]/a", "b"]);
    }

    #[test]
    fn what_is_in_doubt_is_undone_first() {
        let unsure = Entry { seq: None, status: EntryStatus::Cancelled, ..entry("z", 0, true) };
        let mut log = UndoLog::new(Vec::new(), &[unsure]);
        log.surfaced(&entry("a", 9, true));
        assert_eq!(paths(&log), ["z", "a"]);
    }
}

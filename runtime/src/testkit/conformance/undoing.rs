//! What can be undone.

use super::probe::{Probe, completed, failure, open_entry, outcome, text, write};
use crate::Payload;
use crate::store::{
    Compensation, End, Entry, EntryStatus, Next, RunState, RunWrite, Store, Undoable, Written,
};

pub(super) fn undoable(path: &str, seq: u64) -> Entry {
    let input = Payload::from_json(format!(r#"{{"of":"{path}"}}"#));
    let undo = Some(Compensation { step: text("refund"), input });
    Entry { undo, ..outcome(path, seq) }
}

fn listed(entry: &Entry) -> Undoable {
    let undo = entry.undo.clone().expect("it can be undone");
    Undoable { path: entry.path.clone(), seq: entry.seq, undo }
}

/// What undoes an outcome is written, read and kept with it.
pub fn an_outcome_keeps_what_undoes_it<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    store.write(RunWrite { entries: vec![open_entry("a"), outcome("b", 1)], ..write(run) });
    store.write(RunWrite { entries: vec![undoable("a", 2)], ..write(run) });
    let loaded = store.load(run).expect("it is there");
    assert_eq!(loaded.entries, [outcome("b", 1), undoable("a", 2)]);
    assert_eq!(loaded.undos, []);
    assert_eq!(store.journal(run), Some(loaded.entries));
}

/// Sealed outcomes that can be undone are loaded by their place in the order, each until what
/// undid it is settled and sealed.
pub fn sealed_outcomes_can_be_undone<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let (one, two, other) = (undoable("each[1]/a", 1), undoable("each[0]/a", 2), undoable("b", 3));
    let entries = vec![one.clone(), two.clone(), other, outcome("each[0]/c", 4)];
    store.write(RunWrite { entries, seals: vec!["each[".into()], ..write(run) });
    let undos = || store.load(run).expect("it is there").undos;
    assert_eq!(undos(), [listed(&one), listed(&two)]);
    // An attempt, and an outcome that is not sealed: a replay still has to come past it.
    store.write(RunWrite { entries: vec![open_entry("each[0]/a!undo")], ..write(run) });
    assert_eq!(undos(), [listed(&one), listed(&two)]);
    store.write(RunWrite { entries: vec![outcome("each[0]/a!undo", 5)], ..write(run) });
    assert_eq!(undos(), [listed(&one), listed(&two)]);
    store.write(RunWrite { seals: vec!["each[0]/".into()], ..write(run) });
    assert_eq!(undos(), [listed(&one)]);
}

/// An end that yields to a cancel is none where one was requested: all else is written.
pub fn an_end_may_yield_to_a_cancel<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let (run, other) = (store.owned(worker), store.owned(worker));
    store.cancel(run);
    let end = End { may_undo: true, ..completed() };
    let entries = vec![outcome("a", 1)];
    let end = RunWrite { entries, next: Next::End(end), ..write(run) };
    assert_eq!(store.write(end.clone()), Written::Done(RunState::Running));
    assert_eq!(store.journal_paths(run), ["a"]);
    let row = store.row(run);
    assert_eq!((row.owner, row.output, row.ended_at), (Some(worker), None, None));
    assert_eq!(store.write(RunWrite { run: other, ..end }), Written::Done(RunState::Completed));
    store.write(RunWrite { next: Next::End(completed()), ..write(run) });
    assert_eq!(store.row(run).state, RunState::Cancelled);
}

/// An end that might have yielded cancels what the run had begun to undo and given up, sealed or
/// not, and nothing else.
pub fn an_end_gives_up_what_was_being_undone<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let entries =
        vec![undoable("each[0]/a", 1), open_entry("each[0]/a!undo"), open_entry("b!undo")];
    store.write(RunWrite { entries, seals: vec!["each[".into()], ..write(run) });
    let end = End { may_undo: true, ..completed() };
    let entries = vec![undoable("b", 2)];
    store.write(RunWrite { entries, next: Next::End(end), ..write(run) });
    let journal = store.journal(run).expect("it is there");
    let given_up: Vec<_> = journal.iter().filter(|entry| entry.seq.is_none()).collect();
    let cancelled = |entry: &&Entry| entry.status == EntryStatus::Cancelled;
    assert_eq!(given_up.len(), 2);
    assert!(given_up.iter().all(cancelled), "{given_up:?}");
    assert!(given_up.iter().all(|entry| entry.ended_at == completed().at.into()), "{given_up:?}");
}

/// A run that paused over a compensation is not taken for the cancel that it is about: only a
/// resume, or a cancel that comes later, tries again.
pub fn a_compensation_that_pauses_its_run_waits<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.cancel(run);
    let stuck = || Next::Park(failure().at("a!undo"));
    store.write(RunWrite { next: stuck(), ..write(run) });
    assert_eq!(store.claim_at(worker, 0).runs, []);
    store.resume(run);
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 2)]);
    let run = store.owned(worker);
    store.write(RunWrite { next: stuck(), ..write(run) });
    store.cancel(run);
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 2)]);
    // On it goes, and nothing ails it any more.
    store.write(RunWrite { epoch: 2, next: Next::Keep(RunState::Running), ..write(run) });
    assert_eq!((store.row(run).state, store.row(run).failure), (RunState::Running, None));
}

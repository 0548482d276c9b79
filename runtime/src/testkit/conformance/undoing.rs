//! What can be undone.

use super::probe::{Probe, open_entry, outcome, text, write};
use crate::Payload;
use crate::store::{Compensation, Entry, RunWrite, Store, Undoable};

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

//! Work in the application's own tables, and the outcome that comes with it: of stores that offer
//! [`Promise::Transactions`].

use std::time::Duration;

use super::probe::{Probe, open_entry, outcome, write};
use crate::profile::Promise;
use crate::store::{
    AnyWork, EntryStatus, RunState, RunWrite, Store, Transact, Transacted, Transaction, Work,
};
use crate::{Json, Payload, RunId};

fn ask(run: RunId, path: &str, seq: u64, work: AnyWork) -> Transact {
    Transact {
        run,
        epoch: 1,
        entry: crate::store::Entry { seq: Some(seq), attempts: 1, ..open_entry(path) },
        work,
        limit: Duration::from_secs(10),
        undo: None,
    }
}

fn transact<S: Store>(store: &Probe<S>, asked: Transact) -> Transacted {
    let answer = store.try_submit(|reply| Transaction::Transact(Box::new(asked), reply));
    answer.expect("no error")
}

/// Work that is written for another store fails, and writes nothing.
pub fn work_for_another_store_is_refused<S: Store>(store: &Probe<S>) {
    if !store.store().profile().has(Promise::Transactions) {
        return;
    }
    let run = store.owned(store.worker());
    let work = Work::<Json>::new("no store at all", ()).erased;
    match transact(store, ask(run, "step", 0, work)) {
        Transacted::Failed(error) => assert_eq!(error.code, "wrong_store"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.load(run).expect("it is there").entries, []);
}

/// Work is kept with its outcome, or neither is: for a store that offers transactions, called by
/// its own tests. `work` puts a row into a table and succeeds, or fails after that; its output is
/// JSON. `rows` says how many there are.
pub fn work_is_kept_with_its_outcome<S: Store>(
    store: &Probe<S>,
    work: impl Fn(bool) -> Work<Json>,
    rows: impl Fn() -> usize,
) {
    let run = store.owned(store.worker());
    let done = transact(store, ask(run, "one", 0, work(true).erased));
    let Transacted::Done(entry) = done else { panic!("{done:?}") };
    assert_eq!((entry.status, entry.seq), (EntryStatus::Completed, Some(0)));
    assert!(entry.ended_at.is_some_and(|at| at >= entry.started_at));
    let loaded = store.load(run).expect("it is there");
    assert_eq!((loaded.entries, rows()), (vec![*entry], 1));
    assert_eq!(loaded.row.state, RunState::Running);

    // What fails leaves nothing.
    let failed = transact(store, ask(run, "two", 1, work(false).erased));
    assert!(matches!(failed, Transacted::Failed(_)), "{failed:?}");
    // A settled outcome stays.
    let again = transact(store, ask(run, "one", 1, work(true).erased));
    assert!(matches!(again, Transacted::Conflict(path) if &*path == "one"));
    // Nor does another epoch write, or a run that is not there.
    for asked in [
        Transact { epoch: 2, ..ask(run, "two", 1, work(true).erased) },
        ask(RunId::new(), "two", 1, work(true).erased),
    ] {
        assert_eq!(transact(store, asked), Transacted::Fenced);
    }
    assert_eq!(rows(), 1);
    assert_eq!(store.load(run).expect("it is there").entries.len(), 1);

    // What is written otherwise goes on beside it.
    store.write(RunWrite { entries: vec![outcome("three", 1)], ..write(run) });
    let done = transact(store, ask(run, "four", 2, work(true).erased));
    assert!(matches!(done, Transacted::Done(_)), "{done:?}");
    assert_eq!((store.load(run).expect("it is there").entries.len(), rows()), (3, 2));
}

/// The output that work gave is what a replay reads.
pub fn outputs_of_work_are_recorded<S: Store>(store: &Probe<S>, work: Work<Json>, output: &Json) {
    let run = store.owned(store.worker());
    drop(transact(store, ask(run, "one", 0, work.erased)));
    let loaded = store.load(run).expect("it is there");
    assert_eq!(loaded.entries[0].output, Some(Payload::from(output)));
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::StepError;
    use crate::driver::simulation::sabotage::{OF_WORK, with};
    use crate::store::MemoryStore;

    fn works() {
        let store = MemoryStore::new();
        let work = |succeeds: bool| {
            MemoryStore::work(move |rows| {
                let number = rows.len();
                rows.insert(number.to_string(), Json::Null);
                if succeeds { Ok(Json::Null) } else { Err(StepError::fatal("no", "no")) }
            })
        };
        work_is_kept_with_its_outcome(&Probe::new(store.clone()), work, || store.rows().len());
    }

    #[test]
    fn each_defect_of_work_is_noticed() {
        let fails = || catch_unwind(AssertUnwindSafe(works)).is_err();
        assert!(!fails());
        for defect in OF_WORK {
            assert!(with(defect, fails), "nobody notices: {defect}");
        }
    }
}

//! Taking away runs that have ended.

use super::probe::{Probe, completed, failure, ids, new_run, outcome, shipped, write};
use crate::store::{
    Ask, CALL, Delivered, End, Entry, EntryStatus, Forked, NewFork, NewRun, Next, Parent, Purge,
    Requested, RunFilter, RunState, RunWrite, Started, Store, StretchOf, Written, child_id,
};
use crate::{Payload, RunId, Timestamp};

/// Later than all that ends here.
const LATER: Timestamp = Timestamp(10_000);

impl<S: Store> Probe<S> {
    /// Purges until nothing is left to look at; how many runs went.
    pub fn purge_all(&self, purge: Purge) -> u64 {
        let mut purge = purge;
        let mut runs = 0;
        loop {
            let purged = self.purge(purge.clone());
            runs += purged.runs;
            if purged.next.is_none() {
                return runs;
            }
            purge.after = purged.next;
        }
    }

    /// Whether nothing is left of a run, whichever way one looks.
    fn is_gone(&self, run: RunId) -> bool {
        let stream = StretchOf { run, stream: "log".to_owned(), from: 0, limit: 0 };
        let gone = [
            self.run(run).is_none(),
            self.load(run).is_none(),
            self.journal(run).is_none(),
            self.inbox(run, 0).is_none(),
            self.progress(stream).is_none(),
            self.event(shipped(run)) == Delivered::UnknownRun,
            self.ask(run, Ask::Cancel) == Requested::UnknownRun,
            !ids(&self.runs(RunFilter::default())).contains(&run),
        ];
        assert!(gone.iter().all(|part| *part == gone[0]), "half of {run} is gone: {gone:?}");
        gone[0]
    }

    fn end(&self, run: RunId, epoch: u64) {
        let next = Next::End(completed());
        let ended = self.write(RunWrite { epoch, next, ..write(run) });
        assert_eq!(ended, Written::Done(RunState::Completed));
    }
}

/// A run that has a bit of everything, and has ended at 9,000.
fn rich<S: Store>(store: &Probe<S>, key: &str) -> RunId {
    let owner = Some(store.worker());
    let tags = [("customer".to_owned(), "7".to_owned())].into();
    let run = NewRun { owner, key: Some(key.to_owned()), tags, ..new_run() };
    assert_eq!(store.start(run.clone()), Started::New);
    let run = run.id;
    store.event(shipped(run));
    store.append(super::progress::append(run, "1"));
    let large = Payload::from_json(format!("\"{}\"", "x".repeat(100_000)));
    let entries = vec![
        outcome("a[0]/b", 1),
        Entry { output: Some(large.clone()), ..outcome("c", 2) },
        Entry { output: Some(large), ..outcome("d", 3) },
    ];
    let seals = vec!["a[0]/".to_owned()];
    store.write(RunWrite { entries, seals, consumed: vec![1], ..write(run) });
    store.end(run, 1);
    run
}

/// All of it goes, and its key is free again.
pub fn a_purge_takes_all_that_is_a_runs<S: Store>(store: &Probe<S>) {
    let (one, two) = (rich(store, "k1"), rich(store, "k2"));
    let left = Purge { states: vec![RunState::Failed], ..Purge::before(LATER) };
    assert_eq!(store.purge_all(left), 0);
    assert_eq!(store.purge_all(Purge { limit: 1, ..Purge::before(LATER) }), 2);
    for (run, key) in [(one, "k1"), (two, "k2")] {
        assert!(store.is_gone(run));
        let by_key = RunFilter { key: Some(key.to_owned()), ..RunFilter::default() };
        assert_eq!(store.runs(by_key), []);
        let by_state = RunFilter { states: vec![RunState::Completed], ..RunFilter::default() };
        assert_eq!(store.runs(by_state), []);
        assert_eq!(store.runs(RunFilter::default().tag("customer", "7")), []);
    }
    let again = NewRun { key: Some("k1".to_owned()), ..new_run() };
    assert_eq!(store.start(again.clone()), Started::New);
    // The new one has nothing of the old one.
    let loaded = store.load(again.id).expect("it is there");
    assert_eq!((loaded.entries, loaded.inbox), (vec![], vec![]));
    assert_eq!(store.journal(again.id), Some(vec![]));
    assert_eq!(store.purge_all(Purge::before(LATER)), 0);
}

/// What has not ended stays, however old it is.
pub fn a_purge_leaves_what_has_not_ended<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let pending = new_run();
    store.start(pending.clone());
    let (running, waiting, paused) =
        (store.owned(worker), store.owned(worker), store.owned(worker));
    let suspend = Next::Suspend { inbox_seq: 0, wake_at: None };
    store.write(RunWrite { next: suspend, ..write(waiting) });
    store.write(RunWrite { next: Next::Pause(failure()), ..write(paused) });
    let all = RunState::OPEN.to_vec();
    assert_eq!(store.purge_all(Purge { states: all, ..Purge::before(Timestamp(i64::MAX)) }), 0);
    assert_eq!(store.purge_all(Purge::before(Timestamp(i64::MAX))), 0);
    for run in [pending.id, running, waiting, paused] {
        assert!(!store.is_gone(run));
    }
}

/// What ended at the instant, or after it, stays.
pub fn a_purge_leaves_what_ended_later<S: Store>(store: &Probe<S>) {
    let run = rich(store, "k");
    assert_eq!(store.purge_all(Purge::before(Timestamp(9_000))), 0);
    assert_eq!(store.journal_paths(run), ["a[0]/b", "c", "d"]);
    assert_eq!(store.purge_all(Purge::before(Timestamp(9_001))), 1);
    assert!(store.is_gone(run));
}

/// A key that is younger than it has to be keeps its run.
pub fn a_purge_keeps_young_keys<S: Store>(store: &Probe<S>) {
    let keyed = rich(store, "k");
    let bare = store.owned(store.worker());
    store.end(bare, 1);
    let young = Purge { keys_before: Timestamp(1_000), ..Purge::before(LATER) };
    assert_eq!(store.purge_all(young.clone()), 1);
    assert!(store.is_gone(bare) && !store.is_gone(keyed));
    let again = NewRun { key: Some("k".to_owned()), ..new_run() };
    assert!(matches!(store.start(again), Started::Existing { id, .. } if id == keyed));
    assert_eq!(store.purge_all(Purge { keys_before: Timestamp(1_001), ..young }), 1);
}

/// A run that waits for another one, or is waited for, stays until both have ended.
pub fn a_purge_leaves_the_family_of_what_is_open<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let (ending, waiting) = (store.owned(worker), store.owned(worker));
    let call = |run, path: &str, awaited| {
        let parent = Some(Parent { run, path: path.to_owned(), awaited });
        let child = NewRun { id: child_id(run, path), parent, ..new_run() };
        let entries = vec![Entry::new(path, CALL, EntryStatus::Waiting, Timestamp(1_500))];
        let begun = RunWrite { entries, children: vec![child.clone()], ..write(run) };
        assert_eq!(store.write(begun), Written::Done(RunState::Running));
        child.id
    };
    let (open, over) = (call(ending, "pay", true), call(waiting, "pay", true));
    let detached = call(waiting, "mail", false);
    assert_eq!(store.claim_at(worker, 0).runs.len(), 3);
    for run in [over, detached] {
        store.end(run, 1);
    }
    // Its child was driven, and has a cancel to see.
    let call = Entry::new("pay", CALL, EntryStatus::Cancelled, Timestamp(1_500));
    let given_up = Entry { ended_at: Some(Timestamp(4_000)), ..call };
    let next = Next::End(completed());
    store.write(RunWrite { entries: vec![given_up], next, ..write(ending) });
    assert!(!store.row(open).state.is_final());
    assert_eq!(store.purge_all(Purge::before(LATER)), 1);
    assert!(store.is_gone(detached) && !store.is_gone(over) && !store.is_gone(ending));
    assert_eq!(store.load(waiting).expect("it is there").inbox.len(), 1);
    let ended = RunWrite { next: Next::End(completed()), ..write(open) };
    assert_eq!(store.write(ended), Written::Done(RunState::Cancelled));
    assert_eq!(store.purge_all(Purge::before(LATER)), 2);
    assert!(store.is_gone(open) && store.is_gone(ending) && !store.is_gone(over));
    store.end(waiting, 1);
    assert_eq!(store.purge_all(Purge::before(LATER)), 2);
}

/// Only of the workflow, only in the states, none of those that are left out.
pub fn a_purge_keeps_to_what_it_is_asked<S: Store>(store: &Probe<S>) {
    let owner = Some(store.worker());
    let start = |workflow: &str, state| {
        let run = NewRun { owner, workflow: workflow.into(), ..new_run() };
        store.start(run.clone());
        let (output, failure) = match state {
            RunState::Failed => (None, Some(failure())),
            _ => (completed().output, None),
        };
        let next = Next::End(End { state, output, failure, ..completed() });
        assert_eq!(store.write(RunWrite { next, ..write(run.id) }), Written::Done(state));
        run.id
    };
    let done = start("orders", RunState::Completed);
    let failed = start("orders", RunState::Failed);
    let returned = start("returns", RunState::Failed);
    let audit = start("audit", RunState::Failed);
    let all = Purge::before(LATER);
    let orders = Purge { workflow: Some("orders".to_owned()), ..all.clone() };
    let states = vec![RunState::Failed, RunState::Running];
    assert_eq!(store.purge_all(Purge { states, ..orders.clone() }), 1);
    assert!(store.is_gone(failed) && !store.is_gone(done));
    let kept = Purge { except: vec!["audit".to_owned(), "orders".to_owned()], ..all };
    assert_eq!(store.purge_all(kept), 1);
    assert!(store.is_gone(returned) && !store.is_gone(audit));
    assert_eq!(store.purge_all(orders), 1);
    assert!(store.is_gone(done) && !store.is_gone(audit));
}

/// A transaction looks at so many runs at most, and the next one goes on behind them.
pub fn a_purge_goes_on_where_it_stopped<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let runs: Vec<RunId> = (0..20).map(|_| store.owned(worker)).collect();
    for run in &runs {
        store.end(*run, 1);
    }
    let mut purge = Purge { limit: 3, ..Purge::before(LATER) };
    let mut gone = 0;
    for _ in 0..100 {
        let purged = store.purge(purge.clone());
        assert!(purged.runs <= 3, "{purged:?}");
        gone += purged.runs;
        purge.after = purged.next;
        if purged.next.is_none() {
            break;
        }
    }
    assert_eq!((gone, purge.after), (20, None));
    assert!(runs.iter().all(|run| store.is_gone(*run)));
}

/// A run of many rows is gone at once, and what is left of it is nobody else's.
pub fn a_large_run_is_gone_at_once<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    for first in (0..5_000).step_by(1_000) {
        let entries = (first..first + 1_000).map(|n| outcome(&format!("i[{n}]"), n)).collect();
        store.write(RunWrite { entries, ..write(run) });
    }
    store.end(run, 1);
    let mut purged = store.purge(Purge::before(LATER));
    assert_eq!(purged.runs, 1);
    assert!(store.is_gone(run));
    let next = new_run();
    assert_eq!(store.start(next.clone()), Started::New);
    assert_eq!(store.journal(next.id), Some(vec![]));
    for _ in 0..100 {
        let Some(after) = purged.next else { break };
        purged = store.purge(Purge { after: Some(after), ..Purge::before(LATER) });
        assert_eq!(purged.runs, 0);
    }
    assert_eq!(purged.next, None);
    assert_eq!(store.journal(next.id), Some(vec![]));
}

/// What shares a run's beginning keeps it.
pub fn a_fork_outlives_its_origin<S: Store>(store: &Probe<S>) {
    let run = rich(store, "k");
    let id = RunId::new();
    let fork = NewFork { id, run, path: "d".into(), input: None, at: Timestamp(9_500) };
    assert_eq!(store.fork(fork.clone()), Forked::Done);
    let (row, journal) = (store.row(id), store.journal(id));
    assert_eq!(store.purge_all(Purge::before(LATER)), 1);
    assert!(store.is_gone(run));
    assert_eq!((store.row(id), store.journal(id)), (row, journal));
    assert_eq!(store.runs(RunFilter::default().tag("customer", "7")).len(), 1);
    let late = NewFork { id: RunId::new(), ..fork };
    assert_eq!(store.fork(late), Forked::UnknownRun);
}

/// Who drives a run that was terminated is told, though nothing is left of it.
pub fn the_owner_of_a_purged_run_is_told<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    assert_eq!(store.ask(run, Ask::Terminate), Requested::Accepted);
    assert_eq!(store.purge_all(Purge::before(LATER)), 1);
    assert_eq!(store.claim_at(worker, 0).nudged, [run]);
    assert_eq!(store.inbox(run, 0), None);
    let late = RunWrite { entries: vec![outcome("a", 1)], ..write(run) };
    assert_eq!(store.write(late), Written::Fenced);
    assert!(store.is_gone(run));
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::driver::simulation::sabotage::{OF_PURGES, with};
    use crate::store::MemoryStore;

    type Case = fn(&Probe<MemoryStore>);

    #[test]
    fn each_defect_of_purges_is_noticed() {
        let cases: &[Case] = &[
            a_purge_takes_all_that_is_a_runs,
            a_purge_leaves_what_ended_later,
            a_purge_keeps_young_keys,
            a_purge_leaves_the_family_of_what_is_open,
        ];
        let fails = |case: &Case| {
            let store = Probe::new(MemoryStore::new());
            catch_unwind(AssertUnwindSafe(|| case(&store))).is_err()
        };
        assert!(!cases.iter().any(fails));
        for defect in OF_PURGES {
            assert!(with(defect, || cases.iter().any(fails)), "nobody notices: {defect}");
        }
    }
}

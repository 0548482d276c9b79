//! Claims: which runs a worker gets, and when.

use super::probe::{Probe, claim, new_run, outcome, text, write};
use crate::store::{
    Claim, Entry, EntryStatus, NewRun, Next, RunState, RunWrite, Started, Store, Written,
};
use crate::{RunId, Timestamp, WorkerId};

/// A ready run is claimed by one claim, which raises its epoch.
pub fn a_claim_takes_what_is_ready_once<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = new_run();
    store.start(run.clone());
    let claimed = store.claim_at(worker, 0);
    assert_eq!(claimed.runs, [(run.id, 1)]);
    assert_eq!((claimed.nudged, claimed.more, claimed.superseded), (vec![], false, false));
    let row = store.row(run.id);
    assert_eq!((row.owner, row.ready, row.epoch, row.takeovers), (Some(worker), false, 1, 0));
    assert_eq!(store.claim_at(worker, i64::MAX).runs, []);
}

/// A worker gets runs of the definitions that it names, and no others.
pub fn a_claim_asks_by_definition<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let first = new_run();
    let second = NewRun { id: RunId::new(), revision: text("r2"), ..first.clone() };
    let other = NewRun { id: RunId::new(), workflow: text("returns"), ..first.clone() };
    let louder = NewRun { id: RunId::new(), events: vec![], ..first.clone() };
    for run in [&first, &second, &other, &louder] {
        assert_eq!(store.start(run.clone()), Started::New);
    }
    let mut claimed: Vec<RunId> =
        store.claim_at(worker, 0).runs.iter().map(|(id, _)| *id).collect();
    claimed.sort_unstable();
    assert_eq!(claimed, [first.id, louder.id]);
    let none = Claim { definitions: vec![], ..claim(worker, 0) };
    assert_eq!(store.claim(none).runs, []);
    let rest = vec![(text("orders"), text("r2")), (text("returns"), text("r1"))];
    let claimed = store.claim(Claim { definitions: rest, ..claim(worker, 0) });
    assert_eq!(claimed.runs.len(), 2);
}

/// A claim takes no more than it asks for, and says that there is more.
pub fn a_claim_keeps_to_its_limit<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    for _ in 0..5 {
        store.start(new_run());
    }
    let mut all = Vec::new();
    for (count, more) in [(2, true), (2, true), (1, false)] {
        let claimed = store.claim(Claim { limit: 2, ..claim(worker, 0) });
        assert_eq!((claimed.runs.len(), claimed.more), (count, more));
        all.extend(claimed.runs);
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 5);
}

/// Suspends a run that the worker owns.
pub(super) fn suspend(run: RunId, wake_at: Option<i64>) -> RunWrite {
    let next = Next::Suspend { inbox_seq: 0, wake_at: wake_at.map(Timestamp) };
    RunWrite { next, ..write(run) }
}

/// A run that waits for a time is claimed from that time on, not before.
pub fn a_claim_takes_what_is_due<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.write(suspend(run, Some(500)));
    assert_eq!(store.claim_at(worker, 499).runs, []);
    assert_eq!(store.claim_at(worker, 500).runs, [(run, 2)]);
    let row = store.row(run);
    assert_eq!((row.wake_at, row.owner, row.epoch), (None, Some(worker), 2));
    assert_eq!(store.claim_at(worker, 500).runs, []);
}

/// A claim tells when the next run of its definitions is due.
pub fn a_claim_tells_the_next_wake<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    assert_eq!(store.claim_at(worker, 0).next_wake, None);
    for at in [None, Some(700), Some(600), Some(800)] {
        store.write(suspend(store.owned(worker), at));
    }
    assert_eq!(store.claim_at(worker, 0).next_wake, Some(Timestamp(600)));
    let claimed = store.claim_at(worker, 600);
    assert_eq!((claimed.runs.len(), claimed.next_wake), (1, Some(Timestamp(700))));
    let none = Claim { definitions: vec![(text("orders"), text("r2"))], ..claim(worker, 0) };
    assert_eq!(store.claim(none).next_wake, None);
}

/// Whoever opened the store last claims; the one before learns that it is superseded.
pub fn only_the_latest_worker_claims<S: Store>(store: &Probe<S>) {
    let first = store.worker();
    let second = store.worker();
    store.start(new_run());
    let refused = store.claim_at(first, i64::MAX);
    assert!(refused.superseded);
    assert_eq!((refused.runs, refused.nudged), (vec![], vec![]));
    assert!(store.claim_at(WorkerId::new(), 0).superseded);
    let claimed = store.claim_at(second, 0);
    assert_eq!((claimed.runs.len(), claimed.superseded), (1, false));
}

/// The runs of a worker that is gone are claimed by the next one, and its writes are fenced.
pub fn a_new_worker_takes_over<S: Store>(store: &Probe<S>) {
    let first = store.worker();
    let run = store.owned(first);
    let second = store.worker();
    assert_eq!(store.claim_at(second, 0).runs, [(run, 2)]);
    let row = store.row(run);
    assert_eq!((row.owner, row.epoch, row.takeovers), (Some(second), 2, 1));
    assert_eq!(store.write(write(run)), Written::Fenced);
    let third = store.worker();
    assert_eq!(store.claim_at(third, 0).runs, [(run, 3)]);
    assert_eq!(store.row(run).takeovers, 2);
}

/// A write with an entry shows that the run gets on.
pub fn takeovers_end_with_an_entry<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let worker = store.worker();
    store.claim_at(worker, 0);
    let idle = RunWrite { epoch: 2, ..write(run) };
    assert_eq!(store.write(idle.clone()), Written::Done(RunState::Running));
    assert_eq!(store.row(run).takeovers, 1);
    // A sign of life is no progress.
    let beat = Entry::new("a", "step", EntryStatus::Running, Timestamp(1));
    store.write(RunWrite { entries: vec![beat], ..idle.clone() });
    assert_eq!(store.row(run).takeovers, 1);
    store.write(RunWrite { entries: vec![outcome("a", 1)], ..idle });
    assert_eq!(store.row(run).takeovers, 0);
}

/// A run that was started for a worker that is gone already is taken over as well.
pub fn a_stale_owner_is_taken_over<S: Store>(store: &Probe<S>) {
    let first = store.worker();
    let second = store.worker();
    let run = store.owned(first);
    assert_eq!(store.claim_at(second, 0).runs, [(run, 2)]);
}

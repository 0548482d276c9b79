//! Many workers on one store: leases, takeovers, and who gets what.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::claiming::suspend;
use super::probe::{Probe, claim, completed, new_run, open_entry, outcome, shipped, write};
use crate::store::{
    Appended, Ask, CALL, Claim, Declare, Delivered, Entry, EntryStatus, Limit, NewRun, Next,
    Parent, RunState, RunWrite, Started, Store, Written, child_id,
};
use crate::{RunId, Timestamp, WorkerId};

/// Two workers claim one after the other: neither takes what the other has, neither is superseded.
pub fn workers_claim_beside_each_other<S: Store>(store: &Probe<S>) {
    let (first, second) = (store.another(), store.another());
    let run = new_run();
    store.start(run.clone());
    let claimed = store.claim_at(first, 0);
    assert_eq!((claimed.runs, claimed.superseded), (vec![(run.id, 1)], false));
    let claimed = store.claim_at(second, i64::MAX);
    assert_eq!((claimed.runs, claimed.superseded), (vec![], false));
    let owned = store.owned(second);
    assert_eq!(store.claim_at(first, i64::MAX).runs, []);
    assert_eq!(store.write(write(run.id)), Written::Done(RunState::Running));
    assert_eq!(store.write(write(owned)), Written::Done(RunState::Running));
    assert_eq!((store.row(run.id).owner, store.row(owned).owner), (Some(first), Some(second)));
}

/// What a worker leaves behind is taken over, and counts as that; what the others own is not.
pub fn a_worker_that_left_is_taken_over<S: Store>(store: &Probe<S>) {
    let (first, second, third) = (store.another(), store.another(), store.another());
    let (gone, stays) = (store.owned(first), store.owned(second));
    store.leave(first);
    assert_eq!(store.claim_at(third, 0).runs, [(gone, 2)]);
    let row = store.row(gone);
    assert_eq!((row.owner, row.takeovers), (Some(third), 1));
    assert_eq!(store.row(stays).owner, Some(second));
    assert_eq!(store.write(write(gone)), Written::Fenced);
}

/// A worker that has no lease has one once it claims.
pub fn a_claim_gives_a_lease<S: Store>(store: &Probe<S>) {
    let (first, second) = (WorkerId::new(), store.another());
    let run = new_run();
    store.start(run.clone());
    assert_eq!(store.claim_at(first, 0).runs, [(run.id, 1)]);
    assert_eq!(store.claim_at(second, 0).runs, []);
    store.leave(first);
    assert_eq!(store.claim_at(second, 0).runs, [(run.id, 2)]);
}

/// Many workers claim at once: each run goes to one of them, and none is left.
pub fn each_run_goes_to_one_of_many<S: Store>(store: &Probe<S>) {
    const RUNS: usize = 120;
    let workers: Vec<WorkerId> = (0..4).map(|_| store.another()).collect();
    for number in 0..RUNS {
        // Some are ready, some are due, some are left behind.
        match number % 3 {
            0 => drop(store.start(new_run())),
            1 => {
                let run = store.owned(workers[0]);
                store.write(suspend(run, Some(5)));
            }
            _ => drop(store.owned(WorkerId::new())),
        }
    }
    let (claimed, all) = mpsc::channel();
    thread::scope(|scope| {
        for worker in &workers {
            let claimed = claimed.clone();
            scope.spawn(move || {
                // What another one is about to take is passed over: it may be asked for again.
                let mut idle = 0;
                while idle < 3 {
                    let asked = Claim { limit: 7, ..claim(*worker, 10) };
                    let runs = store.claim(asked).runs;
                    idle = if runs.is_empty() { idle + 1 } else { 0 };
                    for (run, epoch) in runs {
                        assert_eq!(store.row(run).owner, Some(*worker));
                        claimed.send((run, epoch)).expect("the test listens");
                    }
                }
            });
        }
    });
    drop(claimed);
    let mut all: Vec<RunId> = all.iter().map(|(run, _)| run).collect();
    all.sort_unstable();
    let claims = all.len();
    all.dedup();
    assert_eq!((claims, all.len()), (RUNS, RUNS), "each run is claimed once");
}

/// Many claim from one line: no more runs are owned than there are slots, each is taken once, and
/// none is left behind.
pub fn many_take_from_one_line<S: Store>(store: &Probe<S>) {
    const RUNS: usize = 40;
    const SLOTS: u32 = 3;
    let limit = Limit::new("orders").concurrency(SLOTS);
    store.declare(Declare { workflows: vec![("orders".into(), Some(limit))] });
    let workers: Vec<WorkerId> = (0..4).map(|_| store.another()).collect();
    for _ in 0..RUNS {
        assert_eq!(store.start(new_run()), Started::InLine);
    }
    let (owned, ended) = (AtomicU32::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for worker in &workers {
            let (owned, ended) = (&owned, &ended);
            scope.spawn(move || {
                let mut now = 10;
                while ended.load(Ordering::SeqCst) < RUNS {
                    // What another one holds is looked at again a little later.
                    now += 10;
                    for (run, epoch) in store.claim_at(*worker, now).runs {
                        let before = owned.fetch_add(1, Ordering::SeqCst);
                        assert!(before < SLOTS, "{before} have slots already");
                        assert_eq!((epoch, store.row(run).owner), (1, Some(*worker)));
                        owned.fetch_sub(1, Ordering::SeqCst);
                        store.write(RunWrite { next: Next::End(completed()), ..write(run) });
                        ended.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
}

/// Many start the same keys at once, in another order each: every key has one run.
pub fn one_key_has_one_run_whoever_starts_it<S: Store>(store: &Probe<S>) {
    const KEYS: usize = 12;
    let mut answers: Vec<Vec<(usize, Started, RunId)>> = Vec::new();
    thread::scope(|scope| {
        let start = |shift: usize| {
            let starts = (0..KEYS).map(|number| {
                let key = (number * (2 * shift + 1) + shift) % KEYS;
                let run = NewRun { key: Some(key.to_string()), ..new_run() };
                let id = run.id;
                (key, store.start(run), id)
            });
            starts.collect::<Vec<_>>()
        };
        // Steps of 1, 5, 7 and 11 reach every key.
        let threads: Vec<_> =
            [0, 2, 3, 5].into_iter().map(|shift| scope.spawn(move || start(shift))).collect();
        answers.extend(threads.into_iter().map(|thread| thread.join().expect("no panic")));
    });
    for key in 0..KEYS {
        let of_key = answers.iter().flatten().filter(|(of, ..)| *of == key);
        let (new, existing): (Vec<_>, Vec<_>) =
            of_key.partition(|(_, started, _)| *started == Started::New);
        assert_eq!((new.len(), existing.len()), (1, 3), "key {key}");
        for (_, started, _) in existing {
            let Started::Existing { id, .. } = started else { continue };
            assert_eq!(*id, new[0].2, "key {key}");
        }
    }
}

/// After a takeover nothing of the former owner is written, whatever it tries.
pub fn a_zombie_writes_nothing<S: Store>(store: &Probe<S>) {
    let (zombie, heir) = (store.another(), store.another());
    let run = store.owned(zombie);
    store.event(shipped(run));
    store.write(RunWrite { entries: vec![open_entry("a")], ..write(run) });
    store.leave(zombie);
    assert_eq!(store.claim_at(heir, 0).runs, [(run, 2)]);
    let before = (store.load(run), store.journal(run));
    let late = [
        RunWrite { entries: vec![outcome("a", 1)], ..write(run) },
        RunWrite { next: Next::Suspend { inbox_seq: 1, wake_at: None }, ..write(run) },
        RunWrite { next: Next::Release, ..write(run) },
        RunWrite { next: Next::End(completed()), ..write(run) },
        RunWrite { consumed: vec![1], seals: vec!["a".into()], ..write(run) },
    ];
    for late in late {
        assert_eq!(store.write(late), Written::Fenced);
    }
    assert_eq!(store.append(super::progress::append(run, "1")), Appended::Fenced);
    // Not even once it lives again.
    store.renew(zombie);
    assert_eq!(store.write(write(run)), Written::Fenced);
    assert_eq!((store.load(run), store.journal(run)), before);
    let next = RunWrite { epoch: 2, entries: vec![outcome("a", 1)], ..write(run) };
    assert_eq!(store.write(next), Written::Done(RunState::Running));
}

/// A write that starts a child.
fn calls(run: RunId, epoch: u64) -> RunWrite {
    let id = child_id(run, "call");
    let parent = Some(Parent { run, path: "call".into(), awaited: true });
    let entry = Entry::new("call", CALL, EntryStatus::Waiting, Timestamp(1_500));
    let children = vec![NewRun { id, parent, ..new_run() }];
    RunWrite { epoch, entries: vec![entry], children, ..write(run) }
}

/// A write that is refused starts nothing.
pub fn a_fenced_write_starts_no_child<S: Store>(store: &Probe<S>) {
    let (zombie, heir) = (store.another(), store.another());
    let run = store.owned(zombie);
    let beside = store.owned(heir);
    store.leave(zombie);
    store.claim_at(heir, 0);
    assert_eq!(store.write(calls(run, 1)), Written::Fenced);
    assert_eq!(store.run(child_id(run, "call")), None);
    let settled = Entry { kind: CALL.into(), ..outcome("call", 1) };
    store.write(RunWrite { epoch: 2, entries: vec![settled], ..write(run) });
    assert_eq!(store.write(calls(run, 2)), Written::Conflict("call".into()));
    assert_eq!(store.run(child_id(run, "call")), None);
    assert_eq!(store.write(calls(beside, 1)), Written::Done(RunState::Running));
    assert!(store.row(child_id(beside, "call")).ready);
}

/// Mail for a run is told to its owner, and to nobody else.
pub fn mail_nudges_the_owner_alone<S: Store>(store: &Probe<S>) {
    let (first, second) = (store.another(), store.another());
    let run = store.owned(first);
    assert_eq!(store.event(shipped(run)), Delivered::Accepted);
    let claimed = store.claim_at(second, i64::MAX);
    assert_eq!((claimed.runs, claimed.nudged), (vec![], vec![]));
    assert_eq!(store.claim_at(first, 0).nudged, [run]);
    assert_eq!(store.claim_at(first, 0).nudged, []);
}

/// The worker under which a run was terminated learns of it, the others do not.
pub fn a_terminate_is_told_to_the_owner_alone<S: Store>(store: &Probe<S>) {
    let (first, second) = (store.another(), store.another());
    let run = store.owned(first);
    store.ask(run, Ask::Terminate);
    assert_eq!(store.claim_at(second, 0).nudged, []);
    assert_eq!(store.claim_at(first, 0).nudged, [run]);
    assert_eq!(store.claim_at(first, 0).nudged, []);
}

/// When the next run is due is told to whoever asks; one of them gets it.
pub fn each_worker_is_told_the_next_wake<S: Store>(store: &Probe<S>) {
    let (first, second) = (store.another(), store.another());
    let run = store.owned(first);
    store.write(suspend(run, Some(700)));
    for worker in [first, second] {
        assert_eq!(store.claim_at(worker, 0).next_wake, Some(Timestamp(700)));
    }
    assert_eq!(store.claim_at(second, 700).runs, [(run, 2)]);
    assert_eq!(store.claim_at(first, 700).runs, []);
}

/// Callers end and callees end at once, under workers of their own: nobody waits for ever, and
/// each end is told.
pub fn families_of_many_workers_end<S: Store>(store: &Probe<S>) {
    const FAMILIES: usize = 24;
    let (parents, children) = (store.another(), store.another());
    let families: Vec<(RunId, RunId)> = (0..FAMILIES)
        .map(|_| {
            let run = store.owned(parents);
            store.write(calls(run, 1));
            (run, child_id(run, "call"))
        })
        .collect();
    assert_eq!(store.claim_at(children, 0).runs.len(), FAMILIES);
    let end = |run| {
        let next = Next::End(completed());
        let written = store.write(RunWrite { next, ..write(run) });
        assert!(matches!(written, Written::Done(_)), "{written:?}");
    };
    thread::scope(|scope| {
        scope.spawn(|| families.iter().for_each(|(parent, _)| end(*parent)));
        scope.spawn(|| families.iter().rev().for_each(|(_, child)| end(*child)));
    });
    for (parent, child) in families {
        let (parent, row) = (store.load(parent).expect("it is there"), store.row(child));
        assert!(parent.row.state.is_final() && row.state.is_final());
        // Whichever came first: the child's end as mail, or the parent's as a cancel.
        assert_ne!(parent.inbox.is_empty(), row.stop.is_none(), "{parent:?} {row:?}");
    }
}

/// How long a lease of the store lasts.
fn lease<S: Store>(store: &Probe<S>) -> Duration {
    store.store().lease().expect("a store of many workers has leases")
}

/// A worker that says nothing for the time of its lease loses its runs.
pub fn a_lease_runs_out<S: Store>(store: &Probe<S>) {
    let (first, second) = (store.another(), store.another());
    let run = store.owned(first);
    thread::sleep(lease(store) * 3 / 2);
    assert_eq!(store.claim_at(second, 0).runs, [(run, 2)]);
    assert_eq!(store.write(write(run)), Written::Fenced);
    assert_eq!(store.row(run).takeovers, 1);
}

/// One that says so in time keeps them.
pub fn a_renewed_lease_does_not_run_out<S: Store>(store: &Probe<S>) {
    let (first, second) = (store.another(), store.another());
    let run = store.owned(first);
    for _ in 0..12 {
        thread::sleep(lease(store) / 8);
        store.renew(first);
    }
    assert_eq!(store.claim_at(second, 0).runs, []);
    assert_eq!(store.write(write(run)), Written::Done(RunState::Running));
}

/// One that says so too late has lost what was taken, and nothing else.
pub fn a_late_renewal_keeps_what_nobody_took<S: Store>(store: &Probe<S>) {
    let (first, second) = (store.another(), store.another());
    let (taken, left) = (store.owned(first), store.owned(first));
    thread::sleep(lease(store) * 3 / 2);
    let claimed = store.claim(Claim { limit: 1, ..claim(second, 0) });
    assert!(claimed.more);
    let (taken, left) = if claimed.runs[0].0 == taken { (taken, left) } else { (left, taken) };
    store.renew(first);
    assert_eq!(store.claim_at(second, 0).runs, []);
    assert_eq!(store.write(write(taken)), Written::Fenced);
    assert_eq!(store.write(write(left)), Written::Done(RunState::Running));
}

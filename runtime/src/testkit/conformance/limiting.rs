//! Limits: slots, lines and rates.

use std::time::Duration;

use super::claiming::suspend;
use super::probe::{Probe, claim, completed, failure, new_run, outcome, shipped, text, write};
use crate::store::{
    AGEING, Ask, CALL, Claim, Declare, Delivered, End, Entry, EntryStatus, Forked, Hold, Limit,
    NewFork, NewRun, Next, Parent, Requested, RunState, RunWrite, Started, Store, Written,
    child_id,
};
use crate::{RunId, Timestamp, WorkerId};

/// The workflow `orders` is under this limit.
fn limit<S: Store>(store: &Probe<S>, limit: Limit) {
    store.declare(Declare { workflows: vec![(text("orders"), Some(limit))] });
}

fn slots(count: u32) -> Limit {
    Limit::new("orders").concurrency(count)
}

fn while_active(count: u32) -> Limit {
    slots(count).hold(Hold::WhileActive)
}

/// A run of `orders` that came at this instant, with its priority.
fn came(at: i64, priority: i32) -> NewRun {
    NewRun { at: Timestamp(at), priority, ..new_run() }
}

/// Starts runs, each in line; their ids.
fn start<S: Store>(store: &Probe<S>, runs: impl IntoIterator<Item = NewRun>) -> Vec<RunId> {
    let start = |run: NewRun| {
        let id = run.id;
        assert_eq!(store.start(run), Started::InLine);
        id
    };
    runs.into_iter().map(start).collect()
}

fn keyed(key: &str) -> NewRun {
    NewRun { limit_key: Some(key.to_owned()), ..new_run() }
}

/// The runs that a claim takes at an instant, in its order.
fn claimed<S: Store>(store: &Probe<S>, worker: WorkerId, now: i64) -> Vec<RunId> {
    store.claim_at(worker, now).runs.into_iter().map(|(run, _)| run).collect()
}

/// What the owner writes of its run.
fn next<S: Store>(store: &Probe<S>, run: RunId, next: Next) {
    let epoch = store.row(run).epoch;
    let written = store.write(RunWrite { epoch, next, ..write(run) });
    assert!(matches!(written, Written::Done(_)), "{written:?}");
}

fn end<S: Store>(store: &Probe<S>, run: RunId) {
    next(store, run, Next::End(completed()));
}

/// Whose slot a run has.
fn slot<S: Store>(store: &Probe<S>, run: RunId) -> Option<RunId> {
    store.row(run).limited.and_then(|limited| limited.slot)
}

/// No more runs are claimed than there are slots; whoever ends makes room for the next.
pub fn a_limit_holds_back_the_rest<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(2));
    let runs = start(store, (0..4).map(|_| new_run()));
    assert_eq!(claimed(store, worker, 0), runs[..2]);
    assert_eq!(claimed(store, worker, i64::MAX), []);
    let (held, waits) = (store.row(runs[0]), store.row(runs[2]));
    assert_eq!((held.epoch, held.owner, held.ready), (1, Some(worker), false));
    assert_eq!((waits.state, waits.epoch, waits.ready), (RunState::Pending, 0, true));
    let limited = waits.limited.expect("it is under a limit");
    assert_eq!((&*limited.limit, &*limited.key, limited.slot), ("orders", "", None));
    end(store, runs[1]);
    assert_eq!(claimed(store, worker, 0), [runs[2]]);
    assert_eq!(claimed(store, worker, 0), []);
}

/// A run under a limit is in line whoever starts it, and one whose workflow has none is not.
pub fn a_start_under_a_limit_has_no_owner<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let run = NewRun { owner: Some(worker), limit_key: Some("k".to_owned()), ..new_run() };
    assert_eq!(store.start(run.clone()), Started::InLine);
    let row = store.row(run.id);
    assert_eq!((row.state, row.owner, row.ready, row.epoch), (RunState::Pending, None, true, 0));
    assert_eq!(row.limited.map(|limited| limited.key), Some(text("k")));
    let other = NewRun { workflow: text("returns"), owner: Some(worker), ..new_run() };
    assert_eq!(store.start(other.clone()), Started::New);
    assert_eq!(store.row(other.id).limited, None);
    assert_eq!(store.claim_at(worker, 0).runs, [(run.id, 1)]);
}

/// Each key has slots of its own; no key is one, too.
pub fn each_key_has_its_own_slots<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let runs = start(store, [keyed("a"), keyed("b"), keyed("a"), new_run(), new_run()]);
    let mut first = claimed(store, worker, 0);
    first.sort_unstable();
    let mut wanted = vec![runs[0], runs[1], runs[3]];
    wanted.sort_unstable();
    assert_eq!(first, wanted);
    end(store, runs[0]);
    assert_eq!(claimed(store, worker, 0), [runs[2]]);
}

/// Workflows that name one limit share it; its numbers are those that were declared last.
pub fn workflows_share_a_limit_by_name<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let of = |count| Some(Limit::new("both").concurrency(count));
    let declare = |count| {
        let workflows = vec![(text("orders"), of(count)), (text("returns"), of(count))];
        store.declare(Declare { workflows });
    };
    declare(1);
    let other = NewRun { workflow: text("returns"), ..new_run() };
    let runs = start(store, [new_run(), other, new_run()]);
    let ask = || {
        let definitions = vec![(text("orders"), text("r1")), (text("returns"), text("r1"))];
        let claimed = store.claim(Claim { definitions, ..claim(worker, 0) });
        claimed.runs.into_iter().map(|(run, _)| run).collect::<Vec<_>>()
    };
    assert_eq!(ask(), [runs[0]]);
    assert_eq!(ask(), []);
    declare(2);
    assert_eq!(ask(), [runs[1]]);
    // Fewer than have one: nobody loses it, and nobody gets one.
    declare(1);
    end(store, runs[0]);
    assert_eq!(ask(), []);
    end(store, runs[1]);
    assert_eq!(ask(), [runs[2]]);
}

/// A workflow whose limit is taken away starts runs that are under none; those that are in line
/// stay there.
pub fn a_limit_is_taken_away<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let runs = start(store, [new_run(), new_run()]);
    store.declare(Declare { workflows: vec![(text("orders"), None)] });
    let free = new_run();
    assert_eq!(store.start(free.clone()), Started::New);
    assert_eq!(claimed(store, worker, 0), [runs[0], free.id]);
    end(store, runs[0]);
    assert_eq!(claimed(store, worker, 0), [runs[1]]);
}

/// Within a priority, and with each claim: who came first goes first. A higher priority passes
/// those that came before it, but for no longer than a step of ageing each.
pub fn a_line_is_in_order<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let step = i64::try_from(AGEING.as_millis()).expect("it is short");
    let runs = [
        came(10, 0),
        came(10, 0),
        came(5, 0),
        came(20, 1),
        came(step + 6, 1),
        came(30, -1),
        came(step * 2 + 9, 2),
    ];
    let runs = start(store, runs);
    let mut order = Vec::new();
    while let [run] = claimed(store, worker, i64::MAX)[..] {
        order.push(run);
        end(store, run);
    }
    let wanted = [3, 2, 4, 6, 0, 1, 5].map(|at: usize| runs[at]);
    assert_eq!(order, wanted);
}

/// A claim takes no more from a line than it asks for, and says that there is more.
pub fn a_line_keeps_to_the_claims_limit<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(5));
    let runs = start(store, (0..6).map(|_| new_run()));
    for (taken, more) in [(0..2, true), (2..4, true), (4..5, false)] {
        let claimed = store.claim(Claim { limit: 2, ..claim(worker, 0) });
        let taken: Vec<_> = runs[taken].iter().map(|run| (*run, 1)).collect();
        assert_eq!((claimed.runs, claimed.more), (taken, more));
    }
}

/// Whoever comes next is the first of those that a worker can drive.
pub fn a_line_does_not_wait_for_other_revisions<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let newer = NewRun { revision: text("r2"), ..new_run() };
    let runs = start(store, [newer, new_run()]);
    assert_eq!(claimed(store, worker, 0), [runs[1]]);
    end(store, runs[1]);
    let definitions = vec![(text("orders"), text("r2"))];
    let claimed = store.claim(Claim { definitions, ..claim(worker, 0) });
    assert_eq!(claimed.runs, [(runs[0], 1)]);
}

/// A run keeps its slot while it waits, is released, paused, taken over.
pub fn a_slot_stays_with_its_run<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let runs = start(store, [new_run(), new_run()]);
    assert_eq!(claimed(store, worker, 0), [runs[0]]);
    store.write(suspend(runs[0], Some(500)));
    assert_eq!(claimed(store, worker, 499), []);
    assert_eq!(claimed(store, worker, 500), [runs[0]]);
    next(store, runs[0], Next::Release);
    assert_eq!(claimed(store, worker, 500), [runs[0]]);
    next(store, runs[0], Next::Pause(failure()));
    assert_eq!(claimed(store, worker, 500), []);
    assert_eq!(store.resume(runs[0]), Requested::Accepted);
    assert_eq!(claimed(store, worker, 500), [runs[0]]);
    let heir = store.worker();
    assert_eq!(claimed(store, heir, 500), [runs[0]]);
    assert_eq!(slot(store, runs[0]), Some(runs[0]));
    end(store, runs[0]);
    assert_eq!(claimed(store, heir, 500), [runs[1]]);
}

/// Where slots are held while runs are active, a run that waits or is paused gives its own back,
/// and lines up again when it is to go on: behind those who came before its latest turn.
pub fn a_run_that_waits_gives_its_slot_back<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, while_active(1));
    let runs = start(store, [new_run(), new_run(), came(90_000, 0)]);
    assert_eq!(claimed(store, worker, 50_000), [runs[0]]);
    assert_eq!(slot(store, runs[0]), Some(runs[0]));
    store.write(suspend(runs[0], Some(60_000)));
    assert_eq!(slot(store, runs[0]), None);
    assert_eq!(claimed(store, worker, 59_000), [runs[1]]);
    // It is due, and waits for its slot. So does one that has mail.
    assert_eq!(claimed(store, worker, 60_000), []);
    let row = store.row(runs[0]);
    assert_eq!((row.ready, row.wake_at, row.owner), (true, None, None));
    store.write(suspend(runs[1], None));
    assert_eq!(store.event(shipped(runs[1])), Delivered::Accepted);
    assert_eq!(claimed(store, worker, 60_000), [runs[0]]);
    next(store, runs[0], Next::Pause(failure()));
    assert_eq!(claimed(store, worker, 60_000), [runs[1]]);
    store.resume(runs[0]);
    end(store, runs[1]);
    assert_eq!(claimed(store, worker, 60_000), [runs[0]]);
    end(store, runs[0]);
    assert_eq!(claimed(store, worker, 60_000), [runs[2]]);
}

/// Whatever ends a run frees its slot; what ends one that stands in line leaves the line in order.
pub fn every_end_frees_the_slot<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let runs = start(store, (0..7).map(|_| new_run()));
    let take = |at: usize| assert_eq!(claimed(store, worker, 0), [runs[at]]);
    take(0);
    end(store, runs[0]);
    take(1);
    let failed = End { state: RunState::Failed, failure: Some(failure()), ..completed() };
    next(store, runs[1], Next::End(failed));
    take(2);
    store.cancel(runs[2]);
    assert_eq!(store.claim_at(worker, 0).runs, []);
    end(store, runs[2]);
    take(3);
    assert_eq!(store.ask(runs[3], Ask::Terminate), Requested::Accepted);
    // One that nobody drove, and one that somebody would not have drive.
    assert_eq!(store.cancel(runs[4]), Requested::Accepted);
    assert_eq!(store.ask(runs[5], Ask::Terminate), Requested::Accepted);
    take(6);
    for run in &runs[..6] {
        assert_eq!(slot(store, *run), None);
    }
}

/// A run that is paused in line leaves it, and has its place again when it goes on.
pub fn a_pause_leaves_the_line<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let runs = start(store, (0..3).map(|_| new_run()));
    assert_eq!(store.ask(runs[0], Ask::Pause), Requested::Accepted);
    store.event(shipped(runs[0]));
    assert_eq!(claimed(store, worker, 0), [runs[1]]);
    assert_eq!(store.resume(runs[0]), Requested::Accepted);
    end(store, runs[1]);
    assert_eq!(claimed(store, worker, 0), [runs[0]]);
}

/// A run of `orders` that another one calls, by this key.
fn call<S: Store>(
    store: &Probe<S>,
    parent: RunId,
    path: &str,
    new: NewRun,
    awaited: bool,
) -> RunId {
    let id = child_id(parent, path);
    let status = EntryStatus::Waiting;
    let parent_of = Some(Parent { run: parent, path: path.to_owned(), awaited });
    let begun = RunWrite {
        epoch: store.row(parent).epoch,
        entries: vec![Entry::new(path, CALL, status, Timestamp(1_500))],
        children: vec![NewRun { id, parent: parent_of, ..new }],
        ..write(parent)
    };
    assert_eq!(store.write(begun), Written::Done(RunState::Running));
    id
}

/// An awaited child under its caller's key shares its caller's slot, which is free once the last
/// of them has ended. One of another key, or that nobody waits for, needs its own.
pub fn a_child_shares_its_callers_slot<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let runs = start(store, [keyed("a"), keyed("a")]);
    let parent = runs[0];
    assert_eq!(claimed(store, worker, 0), [parent]);
    let shares = call(store, parent, "shares", new_run(), true);
    let detached = call(store, parent, "detached", keyed("a"), false);
    let other = call(store, parent, "other", keyed("b"), true);
    assert_eq!((slot(store, shares), slot(store, other)), (Some(parent), None));
    let mut taken = claimed(store, worker, 0);
    taken.sort_unstable();
    let mut wanted = vec![shares, other];
    wanted.sort_unstable();
    assert_eq!(taken, wanted);
    let grandchild = call(store, shares, "deeper", keyed("a"), true);
    assert_eq!(slot(store, grandchild), Some(parent));
    assert_eq!(claimed(store, worker, 0), [grandchild]);
    // They clean up for their caller, which is over: the slot is theirs until then.
    end(store, parent);
    assert_eq!(claimed(store, worker, 0), []);
    end(store, shares);
    assert_eq!(claimed(store, worker, 0), []);
    end(store, grandchild);
    assert_eq!(claimed(store, worker, 0), [runs[1]]);
    end(store, runs[1]);
    assert_eq!(claimed(store, worker, 0), [detached]);
}

/// However many share a slot, it is one.
pub fn a_shared_slot_counts_once<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(2));
    let runs = start(store, (0..3).map(|_| new_run()));
    assert_eq!(claimed(store, worker, 0), runs[..2]);
    end(store, runs[1]);
    for path in ["one", "two", "three"] {
        let child = call(store, runs[0], path, new_run(), true);
        assert_eq!(slot(store, child), Some(runs[0]));
    }
    let mut taken = claimed(store, worker, 0);
    assert_eq!(taken.len(), 4);
    taken.retain(|run| *run == runs[2]);
    assert_eq!(taken, [runs[2]]);
}

/// A caller that gives its slot back while it waits has none to share.
pub fn a_child_of_an_active_slot_needs_its_own<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, while_active(1));
    let parent = start(store, [new_run()])[0];
    assert_eq!(claimed(store, worker, 0), [parent]);
    let child = call(store, parent, "child", new_run(), true);
    assert_eq!(claimed(store, worker, 0), []);
    store.write(suspend(parent, None));
    assert_eq!(claimed(store, worker, 0), [child]);
    end(store, child);
    assert_eq!(claimed(store, worker, 0), [parent]);
}

/// A fork stands in its origin's line, behind those who came before it.
pub fn a_fork_lines_up<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, slots(1));
    let runs = start(store, [keyed("a"), keyed("a")]);
    assert_eq!(claimed(store, worker, 0), [runs[0]]);
    store.write(RunWrite { entries: vec![outcome("a", 0)], ..write(runs[0]) });
    let (id, at) = (RunId::new(), Timestamp(4_000));
    let fork = NewFork { id, run: runs[0], path: text("a"), input: None, at };
    assert_eq!(store.fork(fork), Forked::Done);
    let limited = store.row(id).limited.expect("it is under a limit");
    assert_eq!((&*limited.key, limited.slot), ("a", None));
    for run in [runs[0], runs[1]] {
        assert_eq!(slot(store, run), Some(run));
        end(store, run);
        claimed(store, worker, 0);
    }
    assert_eq!(slot(store, id), Some(id));
}

/// In no period begin more runs than the rate says; a claim tells when the next one may.
pub fn a_rate_spaces_starts<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, Limit::new("orders").rate(2, Duration::from_secs(1)));
    let runs = start(store, (0..5).map(|_| new_run()));
    let take = |now, taken: std::ops::Range<usize>, next: Option<i64>| {
        let claimed = store.claim_at(worker, now);
        let taken: Vec<_> = runs[taken].iter().map(|run| (*run, 1)).collect();
        assert_eq!((claimed.runs, claimed.next_wake), (taken, next.map(Timestamp)), "at {now}");
        assert!(!claimed.more);
    };
    take(100, 0..2, Some(1_100));
    take(1_099, 2..2, Some(1_100));
    take(1_100, 2..4, Some(2_100));
    // How many run does not matter.
    end(store, runs[0]);
    take(1_500, 4..4, Some(2_100));
    take(2_400, 4..5, None);
}

/// A rate counts runs once, and each key by itself: one that waited comes back when it has a slot.
pub fn a_rate_counts_beginnings<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    limit(store, while_active(1).rate(1, Duration::from_mins(1)));
    let runs = start(store, [keyed("a"), keyed("a"), keyed("b")]);
    let mut first = claimed(store, worker, 0);
    first.sort_unstable();
    let mut wanted = vec![runs[0], runs[2]];
    wanted.sort_unstable();
    assert_eq!(first, wanted);
    store.write(suspend(runs[0], Some(500)));
    assert_eq!(claimed(store, worker, 499), []);
    assert_eq!(claimed(store, worker, 500), [runs[0]]);
    end(store, runs[0]);
    assert_eq!(claimed(store, worker, 59_999), []);
    assert_eq!(claimed(store, worker, 60_000), [runs[1]]);
}

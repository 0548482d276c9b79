//! Runs that runs start, and runs that are over before anybody has driven them.

use super::probe::{Probe, completed, new_run, outcome, shipped, write};
use crate::store::{
    Ask, CALL, ChildEnd, Delivered, End, Entry, EntryStatus, NewFork, NewRun, Next, Parent,
    Request, Requested, RunState, RunWrite, Store, Written, child_end_key, child_id,
};
use crate::{RunId, Timestamp};

/// A call at `pay`, as it stands in the journal of its caller.
fn call(status: EntryStatus) -> Entry {
    let ended_at = status.is_settled().then_some(Timestamp(4_000));
    Entry { ended_at, ..Entry::new("pay", CALL, status, Timestamp(1_500)) }
}

/// A parent that waits for a child which nobody drives; both.
fn family<S: Store>(store: &Probe<S>) -> (RunId, RunId) {
    let parent = store.owned(store.worker());
    let child = child_id(parent, "pay");
    let calls = Parent { run: parent, path: "pay".to_owned(), awaited: true };
    let begun = RunWrite {
        entries: vec![call(EntryStatus::Waiting)],
        children: vec![NewRun { id: child, parent: Some(calls), ..new_run() }],
        ..write(parent)
    };
    assert_eq!(store.write(begun), Written::Done(RunState::Running));
    assert_eq!(store.row(child).state, RunState::Pending);
    (parent, child)
}

/// The run is cancelled, for this reason, at this instant, and nobody is ever given it.
fn over<S: Store>(store: &Probe<S>, run: RunId, reason: &str, at: i64) {
    let row = store.row(run);
    assert_eq!((row.state, row.owner, row.ready), (RunState::Cancelled, None, false));
    assert_eq!((row.ended_at, row.wake_at), (Some(Timestamp(at)), None));
    assert_eq!((row.output, row.failure), (None, None));
    assert_eq!(row.stop.and_then(|stop| stop.reason).as_deref(), Some(reason));
    assert_eq!(store.journal(run), Some(vec![]));
    let claimed = store.claim_at(store.worker(), i64::MAX);
    assert!(claimed.runs.iter().all(|(id, _)| *id != run));
}

/// A run that nobody has driven has nothing to clean up: the cancel is its end.
pub fn a_cancel_ends_a_run_that_nobody_drove<S: Store>(store: &Probe<S>) {
    let (pending, paused) = (new_run(), new_run());
    for run in [&pending, &paused] {
        store.start(run.clone());
        store.event(shipped(run.id));
    }
    assert_eq!(store.ask(paused.id, Ask::Pause), Requested::Accepted);
    for run in [pending.id, paused.id] {
        let reason = Some("no more".to_owned());
        let cancel = Request { reason, ..Request::new(run, Ask::Cancel, Timestamp(5_000)) };
        assert_eq!(store.request(cancel), Requested::Accepted);
        over(store, run, "no more", 5_000);
        assert_eq!(store.ask(run, Ask::Cancel), Requested::Finished);
        assert_eq!(store.event(shipped(run)), Delivered::Finished);
        // What nobody took stays to be seen.
        assert_eq!(store.load(run).expect("it is there").inbox.len(), 1);
    }
}

/// A call that is given up ends its child in the same transaction, if nobody has driven it.
pub fn a_call_that_is_given_up_ends_an_idle_child<S: Store>(store: &Probe<S>) {
    let (parent, child) = family(store);
    let given_up = RunWrite { entries: vec![call(EntryStatus::Cancelled)], ..write(parent) };
    assert_eq!(store.write(given_up), Written::Done(RunState::Running));
    over(store, child, "its caller gave it up", 4_000);
    // Nobody waits for it any more, so nobody is told.
    assert_eq!(store.load(parent).expect("it is there").inbox, []);
}

/// The end of a run, of whatever sort, ends its children that nobody has driven.
pub fn an_end_ends_idle_children<S: Store>(store: &Probe<S>) {
    for terminate in [false, true] {
        let (parent, child) = family(store);
        if terminate {
            let terminate = Request::new(parent, Ask::Terminate, Timestamp(9_000));
            assert_eq!(store.request(terminate), Requested::Accepted);
        } else {
            let end = End { state: RunState::Failed, output: None, ..completed() };
            let end = RunWrite { next: Next::End(end), ..write(parent) };
            assert_eq!(store.write(end), Written::Done(RunState::Failed));
        }
        over(store, child, "its caller has ended", 9_000);
    }
}

/// A child that somebody has driven may have something to clean up: it is asked to.
pub fn a_child_that_was_driven_is_asked_to_cancel<S: Store>(store: &Probe<S>) {
    let (parent, child) = family(store);
    let worker = store.row(parent).owner.expect("it is driven");
    let claimed = store.claim_at(worker, 0);
    assert_eq!(claimed.runs, [(child, 1)]);
    let given_up = RunWrite { entries: vec![call(EntryStatus::Cancelled)], ..write(parent) };
    store.write(given_up);
    let row = store.row(child);
    assert_eq!((row.state.is_final(), row.ready, row.ended_at), (false, true, None));
    assert!(row.is_cancel_requested());
    assert_eq!(store.claim_at(worker, 0).nudged, [child]);
    // Released, it is nobody's, and still has to see the cancel.
    store.write(RunWrite { next: Next::Release, ..write(child) });
    assert_eq!(store.claim_at(worker, 0).runs, [(child, 2)]);
}

/// Whoever waits for a child is told of a cancel that ends it before anybody drove it.
pub fn a_caller_is_told_of_an_idle_childs_end<S: Store>(store: &Probe<S>) {
    let (parent, child) = family(store);
    let reason = Some("no more".to_owned());
    store.request(Request { reason, ..Request::new(child, Ask::Cancel, Timestamp(5_000)) });
    let loaded = store.load(parent).expect("it is there");
    let [mail] = loaded.inbox.as_slice() else { panic!("one mail: {:?}", loaded.inbox) };
    assert_eq!((&mail.event, mail.at), (&child_end_key("pay"), Timestamp(5_000)));
    let end = ChildEnd::Cancelled(Some("no more".to_owned()));
    assert_eq!(ChildEnd::decode(&mail.payload), end);
    assert!(loaded.row.ready);
    over(store, child, "no more", 5_000);
}

/// A fork has what the other run did to undo, though nobody has driven it yet.
pub fn a_fork_that_is_cancelled_is_driven_to_its_end<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    let later = Entry { issued: 1, ..outcome("b", 1) };
    store.write(RunWrite { entries: vec![outcome("a", 0), later], ..write(run) });
    store.write(RunWrite { next: Next::End(completed()), ..write(run) });
    let id = RunId::new();
    let fork = NewFork { id, run, path: "b".into(), input: None, at: Timestamp(9_500) };
    store.fork(fork);
    assert_eq!(store.journal_paths(id), ["a"]);
    assert_eq!(store.ask(id, Ask::Cancel), Requested::Accepted);
    assert_eq!(store.row(id).state, RunState::Pending);
    assert_eq!(store.claim_at(worker, 0).runs, [(id, 1)]);
}

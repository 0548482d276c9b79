//! Mail of a run: events, cancels, resumes.

use super::claiming::suspend;
use super::probe::{Probe, completed, failure, new_run, outcome, shipped, write};
use crate::store::{
    Delivered, EventKey, NewEvent, NewRun, Next, Requested, RunState, RunWrite, Store,
};
use crate::{Payload, RunId};

/// Events lie in the inbox in the order in which they were acknowledged.
pub fn an_event_is_queued_in_order<S: Store>(store: &Probe<S>) {
    let run = new_run();
    store.start(run.clone());
    for n in 1..=3 {
        let event = EventKey { name: "shipped".into(), key: (n == 2).then(|| "k".into()) };
        let payload = Payload::from_json(n.to_string());
        let new = NewEvent { event: event.clone(), payload: payload.clone(), ..shipped(run.id) };
        let at = new.at;
        assert_eq!(store.event(new), Delivered::Accepted);
        let inbox = store.load(run.id).expect("it is there").inbox;
        let last = inbox.last().expect("it was accepted");
        assert_eq!((last.seq, &last.event, &last.payload, last.at), (n, &event, &payload, at));
        assert_eq!(inbox.len() as u64, n);
    }
    assert_eq!(store.row(run.id).inbox_seq, 3);
}

/// An event that nobody can take is refused, and says why.
pub fn an_event_is_refused_with_its_reason<S: Store>(store: &Probe<S>) {
    assert_eq!(store.event(shipped(RunId::new())), Delivered::UnknownRun);
    let run = store.owned(store.worker());
    let event = EventKey { name: "returned".into(), key: None };
    assert_eq!(store.event(NewEvent { event, ..shipped(run) }), Delivered::Undeclared);
    store.write(RunWrite { next: Next::End(completed()), ..write(run) });
    assert_eq!(store.event(shipped(run)), Delivered::Finished);
    assert_eq!(store.row(run).inbox_seq, 0);
    assert_eq!(store.load(run).expect("it is there").inbox, []);
}

/// An event that is sent again under its id is acknowledged and dropped, also after its end.
pub fn an_event_id_counts_once<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    let event = NewEvent { event_id: Some("e1".into()), ..shipped(run) };
    assert_eq!(store.event(event.clone()), Delivered::Accepted);
    assert_eq!(store.event(event.clone()), Delivered::Duplicate);
    assert_eq!(store.event(shipped(run)), Delivered::Accepted);
    let consume = RunWrite { consumed: vec![1], entries: vec![outcome("wait", 1)], ..write(run) };
    store.write(consume);
    assert_eq!(store.event(event.clone()), Delivered::Duplicate);
    assert_eq!(store.row(run).inbox_seq, 2);
    // The id is the run's own.
    let other = store.owned(worker);
    assert_eq!(store.event(NewEvent { run: other, ..event.clone() }), Delivered::Accepted);
    store.write(RunWrite { next: Next::End(completed()), ..write(run) });
    assert_eq!(store.event(event), Delivered::Duplicate);
}

/// Mail makes a waiting run ready: the next claim takes it.
pub fn an_event_wakes_a_waiting_run<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.write(suspend(run, Some(i64::MAX)));
    assert_eq!(store.claim_at(worker, 0).runs, []);
    store.event(shipped(run));
    assert!(store.row(run).ready);
    let claimed = store.claim_at(worker, 0);
    assert_eq!((claimed.runs, claimed.next_wake), (vec![(run, 2)], None));
}

/// Mail of a run that the worker drives already comes as a nudge, once.
pub fn an_event_nudges_its_owner<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.event(shipped(run));
    let claimed = store.claim_at(worker, 0);
    assert_eq!((claimed.runs, claimed.nudged), (vec![], vec![run]));
    assert_eq!((store.row(run).ready, store.row(run).epoch), (false, 1));
    assert_eq!(store.claim_at(worker, 0).nudged, []);
    store.cancel(run);
    assert_eq!(store.claim_at(worker, 0).nudged, [run]);
}

/// Consumed events are not loaded again; what nobody consumed stays, past the end.
pub fn a_consumed_event_is_gone<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    for _ in 0..3 {
        store.event(shipped(run));
    }
    let consume = RunWrite { consumed: vec![2], entries: vec![outcome("wait", 1)], ..write(run) };
    store.write(consume);
    let left = |run| -> Vec<u64> {
        let loaded = store.load(run).expect("it is there");
        loaded.inbox.iter().map(|event| event.seq).collect()
    };
    assert_eq!(left(run), [1, 3]);
    store.write(RunWrite { next: Next::End(completed()), ..write(run) });
    assert_eq!(left(run), [1, 3]);
}

/// An owner reads the mail that came after what it knows.
pub fn mail_is_read_from_a_position<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    for _ in 0..3 {
        store.event(shipped(run));
    }
    store.cancel(run);
    let inbox = store.inbox(run, 1).expect("it is there");
    assert_eq!((inbox.inbox_seq, inbox.stop.is_some()), (4, true));
    assert_eq!(inbox.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(store.inbox(run, 4).expect("it is there").events, []);
    assert_eq!(store.inbox(RunId::new(), 0), None);
}

/// A cancel is mail of its own; asked again it changes nothing.
pub fn a_cancel_is_asked_once<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    store.write(suspend(run, None));
    assert_eq!(store.cancel(run), Requested::Accepted);
    let row = store.row(run);
    assert_eq!((row.is_cancel_requested(), row.inbox_seq, row.ready), (true, 1, true));
    assert_eq!(row.state, RunState::Waiting);
    assert_eq!(store.cancel(run), Requested::Unchanged);
    assert_eq!(store.row(run).inbox_seq, 1);
    assert_eq!(store.cancel(RunId::new()), Requested::UnknownRun);
    let ended = store.owned(store.worker());
    store.write(RunWrite { next: Next::End(completed()), ..write(ended) });
    assert_eq!(store.cancel(ended), Requested::Finished);
    assert!(store.row(ended).stop.is_none());
}

/// A resume lets a paused run go on, and is nothing for any other.
pub fn a_resume_is_for_paused_runs<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    assert_eq!(store.resume(run), Requested::Unchanged);
    store.write(RunWrite { next: Next::Pause(failure()), ..write(run) });
    assert_eq!(store.resume(run), Requested::Accepted);
    let row = store.row(run);
    assert_eq!((row.state, row.ready, row.failure), (RunState::Pending, true, None));
    assert_eq!((row.inbox_seq, row.takeovers, row.owner), (1, 0, None));
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 2)]);
    assert_eq!(store.resume(RunId::new()), Requested::UnknownRun);
    let ended = NewRun { owner: Some(worker), ..new_run() };
    store.start(ended.clone());
    store.write(RunWrite { next: Next::End(completed()), ..write(ended.id) });
    assert_eq!(store.resume(ended.id), Requested::Finished);
}

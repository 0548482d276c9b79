//! Starts, start keys and schedules.

use super::probe::{Probe, new_run, text};
use crate::store::{Fire, Fired, Firing, NewRun, RunState, Started, Store};
use crate::{Payload, RunId, Timestamp, WorkerId};

/// Every field of a start is read back as it was given.
pub fn a_start_reads_back<S: Store>(store: &Probe<S>) {
    let new = NewRun { key: Some("k".into()), ..new_run() };
    assert_eq!(store.start(new.clone()), Started::New);
    let (row, entries) = store.run(new.id).expect("the run is there");
    assert_eq!(entries, []);
    assert_eq!((row.id, row.workflow, row.revision), (new.id, new.workflow, new.revision));
    assert_eq!((row.key, row.seed, row.events), (new.key, new.seed, new.events));
    assert_eq!((row.input, row.input_hash), (new.input, new.input_hash));
    assert_eq!((row.started_at, row.ended_at), (new.at, None));
    assert_eq!((row.output, row.failure, row.wake_at), (None, None, None));
    assert_eq!((row.state, row.epoch, row.owner, row.ready), (RunState::Pending, 0, None, true));
    assert_eq!((row.inbox_seq, &row.stop, row.takeovers), (0, &None, 0));
}

/// A run that its starter drives is its own from the first moment.
pub fn an_owned_start_is_running<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let row = store.row(store.owned(worker));
    assert_eq!((row.state, row.epoch), (RunState::Running, 1));
    assert_eq!((row.owner, row.ready), (Some(worker), false));
    assert_eq!(store.claim_at(worker, i64::MAX).runs, []);
}

/// The second start with a key gives the first one's run, and writes nothing.
pub fn a_key_has_one_run<S: Store>(store: &Probe<S>) {
    let first = NewRun { key: Some("k".into()), ..new_run() };
    assert_eq!(store.start(first.clone()), Started::New);
    let other = Payload::from_json("7");
    let second =
        NewRun { id: RunId::new(), input_hash: other.hash(), input: other, ..first.clone() };
    let existing = Started::Existing { id: first.id, input_hash: first.input_hash };
    assert_eq!(store.start(second.clone()), existing);
    assert_eq!(store.run(second.id), None);
    assert_eq!(store.start(NewRun { id: RunId::new(), key: None, ..second }), Started::New);
}

/// A key is kept across the revisions of its workflow.
pub fn a_key_holds_across_revisions<S: Store>(store: &Probe<S>) {
    let first = NewRun { key: Some("k".into()), ..new_run() };
    assert_eq!(store.start(first.clone()), Started::New);
    let next = NewRun { id: RunId::new(), revision: text("r2"), ..first.clone() };
    let existing = Started::Existing { id: first.id, input_hash: first.input_hash };
    assert_eq!(store.start(next), existing);
}

/// Another workflow may use the same key.
pub fn a_key_belongs_to_its_workflow<S: Store>(store: &Probe<S>) {
    let first = NewRun { key: Some("k".into()), ..new_run() };
    let other = NewRun { id: RunId::new(), workflow: text("returns"), ..first.clone() };
    assert_eq!(store.start(first), Started::New);
    assert_eq!(store.start(other), Started::New);
}

fn firing(at: i64) -> Firing {
    Firing { rule: "hourly".into(), at: Some(Timestamp(at)) }
}

fn tell(expected: Option<i64>, next: i64) -> Fire {
    let (schedule, expected) = ("orders/nightly".to_owned(), expected.map(firing));
    Fire { schedule, expected, next: firing(next), start: None }
}

/// Of two that saw the same next firing, one advances the schedule.
pub fn a_schedule_advances_by_compare_and_set<S: Store>(store: &Probe<S>) {
    assert_eq!(store.next_fire("orders/nightly"), None);
    assert_eq!(store.fire(tell(Some(5), 6)), Fired::Moved(None));
    assert_eq!(store.fire(tell(None, 10)), Fired::Done(None));
    assert_eq!(store.fire(tell(None, 11)), Fired::Moved(Some(firing(10))));
    assert_eq!(store.fire(tell(Some(10), 20)), Fired::Done(None));
    assert_eq!(store.fire(tell(Some(10), 20)), Fired::Moved(Some(firing(20))));
    assert_eq!(store.next_fire("orders/nightly"), Some(firing(20)));
    assert_eq!(store.next_fire("orders/hourly"), None);
}

/// The rule is part of what is compared; a schedule may come to its end, and be told anew.
pub fn a_schedule_changes_its_rule<S: Store>(store: &Probe<S>) {
    store.fire(tell(None, 10));
    let daily = Firing { rule: "daily".into(), at: Some(Timestamp(10)) };
    let stale = Fire { expected: Some(daily.clone()), ..tell(None, 20) };
    assert_eq!(store.fire(stale), Fired::Moved(Some(firing(10))));
    let edit = Fire { next: daily.clone(), ..tell(Some(10), 0) };
    assert_eq!(store.fire(edit), Fired::Done(None));
    let over = Firing { rule: "daily".into(), at: None };
    let end = Fire { expected: Some(daily), next: over.clone(), ..tell(None, 0) };
    assert_eq!(store.fire(end), Fired::Done(None));
    assert_eq!(store.next_fire("orders/nightly"), Some(over.clone()));
    assert_eq!(store.fire(tell(None, 30)), Fired::Moved(Some(over.clone())));
    assert_eq!(store.fire(Fire { expected: Some(over), ..tell(None, 30) }), Fired::Done(None));
}

/// A firing and its run are written together, or neither is.
pub fn a_firing_starts_its_run<S: Store>(store: &Probe<S>) {
    store.fire(tell(None, 10));
    let run = NewRun { key: Some("schedule/10".into()), ..new_run() };
    let fire = Fire { start: Some(run.clone()), ..tell(Some(10), 20) };
    assert_eq!(store.fire(fire.clone()), Fired::Done(Some(Started::New)));
    assert!(store.row(run.id).ready);
    let late = NewRun { id: RunId::new(), key: None, ..run };
    let late = Fire { start: Some(late), ..fire };
    assert_eq!(store.fire(late.clone()), Fired::Moved(Some(firing(20))));
    assert_eq!(store.run(late.start.expect("as given").id), None);
}

/// A firing whose run was started before advances the schedule all the same.
pub fn a_firing_whose_key_is_taken_advances<S: Store>(store: &Probe<S>) {
    let run = NewRun { key: Some("schedule/10".into()), ..new_run() };
    store.start(run.clone());
    let again = NewRun { id: RunId::new(), owner: Some(WorkerId::new()), ..run.clone() };
    let fire = Fire { start: Some(again), ..tell(None, 20) };
    let existing = Started::Existing { id: run.id, input_hash: run.input_hash };
    assert_eq!(store.fire(fire), Fired::Done(Some(existing)));
    assert_eq!(store.next_fire("orders/nightly"), Some(firing(20)));
}

//! What someone asks of a run: cancel, terminate, pause, resume, adopt.

use super::claiming::suspend;
use super::probe::{Probe, claim, completed, failure, open_entry, outcome, shipped, write};
use crate::store::{
    Ask, Claim, EntryStatus, Next, Request, Requested, RunState, RunWrite, Stop, StopKind, Store,
    Written,
};
use crate::{RunId, Timestamp};

fn because(run: RunId, ask: Ask) -> Request {
    let reason = Some("because".to_owned());
    Request { reason, ..Request::new(run, ask, Timestamp(5_000)) }
}

/// A cancel is kept with its reason, also beyond the end that it leads to.
pub fn a_cancel_keeps_its_reason<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    assert_eq!(store.request(because(run, Ask::Cancel)), Requested::Accepted);
    let stop = Some(Stop { kind: StopKind::Cancel, reason: Some("because".to_owned()) });
    assert_eq!(store.inbox(run, 0).expect("it is there").stop, stop);
    store.write(RunWrite { next: Next::End(completed()), ..write(run) });
    let row = store.row(run);
    assert_eq!((row.state, row.stop), (RunState::Cancelled, stop));
}

/// A terminated run is over at once: nothing is open, its owner is fenced and told.
pub fn a_terminate_ends_at_once<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.write(RunWrite { entries: vec![outcome("a", 1), open_entry("b")], ..write(run) });
    assert_eq!(store.request(because(run, Ask::Terminate)), Requested::Accepted);
    let row = store.row(run);
    assert_eq!((row.state, row.epoch, row.owner), (RunState::Cancelled, 2, None));
    let failure = row.failure.expect("it says why");
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("terminated", "because"));
    assert_eq!(row.ended_at, Some(Timestamp(5_000)));
    let journal = store.journal(run).expect("it is there");
    let statuses: Vec<EntryStatus> = journal.iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [EntryStatus::Completed, EntryStatus::Cancelled]);
    assert_eq!(journal[1].ended_at, Some(Timestamp(5_000)));
    assert_eq!(store.write(write(run)), Written::Fenced);
    assert_eq!(store.write(RunWrite { epoch: 2, ..write(run) }), Written::Fenced);
    // The worker that drove it is told once.
    assert_eq!(store.claim_at(worker, 0).nudged, [run]);
    assert_eq!(store.claim_at(worker, i64::MAX).nudged, []);
    for ask in [Ask::Cancel, Ask::Terminate, Ask::Pause, Ask::Resume] {
        assert_eq!(store.ask(run, ask), Requested::Finished);
    }
}

/// A run that waits as a row, or stands still, is terminated as well, and never claimed again.
pub fn a_terminate_ends_what_is_a_row<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let (waiting, paused) = (store.owned(worker), store.owned(worker));
    store.write(suspend(waiting, Some(500)));
    store.write(RunWrite { next: Next::Pause(failure()), ..write(paused) });
    for run in [waiting, paused] {
        assert_eq!(store.ask(run, Ask::Terminate), Requested::Accepted);
        assert_eq!(store.row(run).state, RunState::Cancelled);
    }
    let claimed = store.claim_at(worker, i64::MAX);
    assert_eq!((claimed.runs, claimed.nudged, claimed.next_wake), (vec![], vec![], None));
}

/// A run that nobody drives stands still at once; it is not due until someone resumes it.
pub fn a_pause_holds_what_is_a_row<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.write(suspend(run, Some(500)));
    assert_eq!(store.request(because(run, Ask::Pause)), Requested::Accepted);
    let row = store.row(run);
    assert_eq!((row.state, row.stop, row.wake_at), (RunState::Paused, None, None));
    let failure = row.failure.expect("it says why");
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("paused", "because"));
    assert_eq!(store.ask(run, Ask::Pause), Requested::Unchanged);
    store.event(shipped(run));
    let claimed = store.claim_at(worker, i64::MAX);
    assert_eq!((claimed.runs, claimed.next_wake), (vec![], None));
    assert_eq!(store.resume(run), Requested::Accepted);
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 2)]);
    assert_eq!(store.row(run).failure, None);
}

/// A run that is driven is asked to stand still; its owner comes to it.
pub fn a_pause_is_asked_of_an_owner<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    assert_eq!(store.request(because(run, Ask::Pause)), Requested::Accepted);
    assert_eq!(store.ask(run, Ask::Pause), Requested::Unchanged);
    let stop = Some(Stop { kind: StopKind::Pause, reason: Some("because".to_owned()) });
    assert_eq!(store.inbox(run, 0).expect("it is there").stop, stop);
    assert_eq!(store.claim_at(worker, 0).nudged, [run]);
    assert_eq!(store.write(suspend(run, None)), Written::NewMail);
    store.write(RunWrite { next: Next::Pause(failure()), ..write(run) });
    let row = store.row(run);
    assert_eq!((row.state, row.stop, row.ready), (RunState::Paused, None, false));
}

/// A pause that has not come about is withdrawn by a resume, and gives way to a cancel.
pub fn a_pause_is_withdrawn<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.ask(run, Ask::Pause);
    assert_eq!(store.resume(run), Requested::Accepted);
    assert_eq!((store.row(run).stop, store.row(run).inbox_seq), (None, 2));
    assert_eq!(store.resume(run), Requested::Unchanged);
    store.ask(run, Ask::Pause);
    assert_eq!(store.cancel(run), Requested::Accepted);
    assert!(store.row(run).is_cancel_requested());
    assert_eq!(store.ask(run, Ask::Pause), Requested::Unchanged);
    assert_eq!(store.resume(run), Requested::Unchanged);
    assert!(store.row(run).is_cancel_requested());
}

/// A cancel lets a run go on that someone paused, so that its function sees it.
pub fn a_cancel_ends_a_pause<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.write(suspend(run, None));
    store.ask(run, Ask::Pause);
    assert_eq!(store.cancel(run), Requested::Accepted);
    let row = store.row(run);
    assert_eq!((row.state, row.failure, row.ready), (RunState::Pending, None, true));
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 2)]);
}

/// A wanted revision wakes the run and stays in its row; even a run that stands still is taken.
pub fn a_wanted_revision_wakes<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let (waiting, paused) = (store.owned(worker), store.owned(worker));
    store.write(suspend(waiting, None));
    store.write(RunWrite { next: Next::Pause(failure()), ..write(paused) });
    let want = || Ask::Adopt("r2".into());
    for run in [waiting, paused] {
        assert_eq!(store.ask(run, want()), Requested::Accepted);
        assert_eq!(store.ask(run, want()), Requested::Unchanged);
        assert_eq!(store.row(run).wanted_revision.as_deref(), Some("r2"));
    }
    assert_eq!(store.ask(waiting, Ask::Adopt("r1".into())), Requested::Unchanged);
    let mut runs = store.claim(Claim { ..claim(worker, 0) }).runs;
    runs.sort_unstable();
    assert_eq!(runs, [(waiting, 2), (paused, 2)]);
}

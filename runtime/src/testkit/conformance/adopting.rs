//! Runs that go on in another revision, or cannot.

use super::probe::{Probe, claim, failure, new_run, outcome, shipped, text, write};
use crate::store::{
    Adoption, Adopts, Ask, Claim, Claimed, Delivered, EntryStatus, EventKey, Forked, NewEvent,
    NewFork, NewRun, Next, Refusal, Requested, RevisionChange, RunState, RunWrite, Started, Store,
    Written,
};
use crate::{RunId, Timestamp, WorkerId};

fn adoption() -> Adoption {
    Adoption {
        to: text("r2"),
        fingerprint: Some(text("second")),
        events: vec!["returned".to_owned()],
        at: Timestamp(3_000),
    }
}

fn refusal() -> Refusal {
    Refusal { revision: "r2".to_owned(), failure: failure() }
}

/// A worker of `r2`, which adopts the runs of `r1`.
fn newer<S: Store>(store: &Probe<S>, worker: WorkerId) -> Claimed {
    let adopts = Adopts { workflow: text("orders"), from: text("r1"), to: text("r2") };
    let definitions = vec![(text("orders"), text("r2"))];
    store.claim(Claim { definitions, adopts: vec![adopts], ..claim(worker, i64::MAX) })
}

/// An adopted run is of the other revision: in its row, its history, its events and its claims. It
/// stays with its owner.
pub fn an_adoption_changes_the_revision<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.ask(run, Ask::Adopt("r2".into()));
    store.write(RunWrite { entries: vec![outcome("a", 1)], ..write(run) });
    let adopted = store.write(RunWrite { next: Next::Adopt(adoption()), ..write(run) });
    assert_eq!(adopted, Written::Done(RunState::Running));
    let row = store.row(run);
    assert_eq!((&*row.revision, row.fingerprint.as_deref()), ("r2", Some("second")));
    let change = RevisionChange { from: "r1".into(), to: "r2".into(), at: Timestamp(3_000) };
    assert_eq!((row.revisions, row.wanted_revision, row.refusal), (vec![change], None, None));
    assert_eq!((row.owner, row.epoch), (Some(worker), 1));
    assert_eq!(store.journal_paths(run), ["a"]);
    // Its events are those of the new revision.
    assert_eq!(store.event(shipped(run)), Delivered::Undeclared);
    let event = EventKey { name: "returned".to_owned(), key: None };
    let returned = NewEvent { event, ..shipped(run) };
    assert_eq!(store.event(returned), Delivered::Accepted);
    store.write(RunWrite { next: Next::Release, ..write(run) });
    assert_eq!(store.claim_at(worker, 0).runs, []);
    assert_eq!(newer(store, worker).runs, [(run, 2)]);
}

/// A paused run that is adopted stays paused, and nobody's.
pub fn an_adoption_leaves_a_pause<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.write(RunWrite { next: Next::Pause(failure()), ..write(run) });
    store.ask(run, Ask::Adopt("r2".into()));
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 2)]);
    let adopt = RunWrite { epoch: 2, next: Next::Adopt(adoption()), ..write(run) };
    assert_eq!(store.write(adopt), Written::Done(RunState::Paused));
    let row = store.row(run);
    assert_eq!((row.state, row.owner, &*row.revision), (RunState::Paused, None, "r2"));
    assert_eq!(row.failure, Some(failure()));
    assert_eq!(newer(store, worker).runs, []);
    assert_eq!(store.resume(run), Requested::Accepted);
    assert_eq!(newer(store, worker).runs, [(run, 3)]);
}

/// A claim takes the runs of a revision that it adopts, unless they have refused it.
pub fn a_claim_adopts<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let (first, second) = (new_run(), new_run());
    let own = NewRun { id: RunId::new(), revision: text("r2"), ..new_run() };
    let other = NewRun { workflow: text("returns"), ..new_run() };
    for run in [&first, &second, &own, &other] {
        assert_eq!(store.start(run.clone()), Started::New);
    }
    let mut claimed = newer(store, worker).runs;
    let mut expected = vec![(first.id, 1), (second.id, 1), (own.id, 1)];
    claimed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(claimed, expected);
    // Whether a run is due, or has mail, is asked of them as of others.
    let due = Next::Suspend { inbox_seq: 0, wake_at: Some(Timestamp(500)) };
    store.write(RunWrite { next: due, ..write(first.id) });
    let waits = Next::Suspend { inbox_seq: 0, wake_at: None };
    store.write(RunWrite { next: waits, ..write(second.id) });
    assert_eq!(newer(store, worker).runs, [(first.id, 2)]);
    store.event(shipped(second.id));
    assert_eq!(newer(store, worker).runs, [(second.id, 2)]);
}

/// A run that another revision does not fit is nobody's, ready for a worker that has its own, and
/// not offered to that revision again, until someone asks for one.
pub fn a_refusal_holds_until_someone_asks<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = new_run();
    store.start(run.clone());
    let run = run.id;
    assert_eq!(newer(store, worker).runs, [(run, 1)]);
    let refused = store.write(RunWrite { next: Next::Refuse(refusal()), ..write(run) });
    assert!(matches!(refused, Written::Done(_)), "{refused:?}");
    let row = store.row(run);
    assert_eq!((row.owner, row.ready, &*row.revision), (None, true, "r1"));
    assert_eq!(row.refusal, Some(refusal()));
    assert_eq!(newer(store, worker).runs, []);
    store.event(shipped(run));
    assert_eq!(newer(store, worker).runs, [], "mail is for its own revision");
    assert_eq!(store.ask(run, Ask::Adopt("r2".into())), Requested::Accepted);
    assert_eq!(store.row(run).refusal, None);
    assert_eq!(newer(store, worker).runs, [(run, 2)]);
    // Its own revision is not kept from it by that.
    store.write(RunWrite { epoch: 2, next: Next::Refuse(refusal()), ..write(run) });
    assert_eq!(store.claim_at(worker, 0).runs, [(run, 3)]);
}

/// A paused run that refuses stays paused: nobody claims it for that.
pub fn a_refusal_leaves_a_pause<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.write(RunWrite { next: Next::Pause(failure()), ..write(run) });
    store.ask(run, Ask::Adopt("r2".into()));
    store.claim_at(worker, 0);
    let refuse = RunWrite { epoch: 2, next: Next::Refuse(refusal()), ..write(run) };
    assert_eq!(store.write(refuse), Written::Done(RunState::Paused));
    let row = store.row(run);
    assert_eq!((row.state, row.ready, row.wanted_revision), (RunState::Paused, false, None));
    assert_eq!(store.claim_at(worker, i64::MAX).runs, []);
    assert_eq!(newer(store, worker).runs, []);
}

/// The fingerprint that a run was started with stays with it, and with its forks, whatever later
/// runs of the same revision are started with.
pub fn a_fingerprint_stays<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let with = |mark: Option<&str>| NewRun { fingerprint: mark.map(text), ..new_run() };
    let marks = [None, Some("one"), Some("two"), Some("one"), None];
    let runs = marks.map(|mark| (mark, with(mark)));
    for (_, run) in &runs {
        store.start(run.clone());
    }
    for (mark, run) in &runs {
        assert_eq!(store.row(run.id).fingerprint.as_deref(), *mark);
        assert_eq!(store.load(run.id).expect("it is there").row.fingerprint.as_deref(), *mark);
    }
    // They are claimed by their revision alone.
    assert_eq!(store.claim_at(worker, 0).runs.len(), marks.len());
    let run = runs[1].1.id;
    store.write(RunWrite { entries: vec![outcome("a", 0)], ..write(run) });
    let fork = NewFork { id: RunId::new(), run, path: text("a"), input: None, at: Timestamp(1) };
    assert_eq!(store.fork(fork.clone()), Forked::Done);
    assert_eq!(store.row(fork.id).fingerprint.as_deref(), Some("one"));
}

/// A fork past the run's answer has given it; one before that has not.
pub fn a_fork_keeps_the_answer<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let settled = |path, seq| crate::store::Entry { issued: seq, ..outcome(path, seq) };
    let answer = crate::store::Entry { kind: text("respond@1"), ..settled("reply", 1) };
    let response = Some(crate::Payload::from_json("7"));
    let entries = vec![settled("a", 0), answer, settled("b", 2)];
    assert!(entries.iter().all(|entry| entry.status == EntryStatus::Completed));
    store.write(RunWrite { entries, response: response.clone(), ..write(run) });
    for (path, expected) in [("b", response), ("reply", None), ("a", None)] {
        let fork =
            NewFork { id: RunId::new(), run, path: text(path), input: None, at: Timestamp(1) };
        assert_eq!(store.fork(fork.clone()), Forked::Done);
        assert_eq!(store.row(fork.id).response, expected, "{path}");
    }
}

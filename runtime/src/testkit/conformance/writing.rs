//! What the owner of a run writes.

use super::claiming::suspend;
use super::probe::{
    Pending, Probe, completed, failure, new_run, open_entry, outcome, shipped, text, write,
};
use crate::store::{
    End, EntryStatus, EventKey, NewRun, Next, RunState, RunWrite, Started, Store, Transaction,
    Waiting, Written,
};
use crate::{Payload, RunId, Timestamp};

/// A write of an old epoch has no effect.
pub fn an_old_epoch_is_fenced<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let stale = RunWrite { epoch: 0, entries: vec![outcome("a", 1)], ..write(run) };
    assert_eq!(store.write(stale.clone()), Written::Fenced);
    assert_eq!(store.write(RunWrite { epoch: 2, ..stale }), Written::Fenced);
    assert_eq!(store.journal_paths(run), [""; 0]);
}

/// A run without an owner takes no writes, whatever the epoch; one that is not there neither.
pub fn an_unowned_run_is_fenced<S: Store>(store: &Probe<S>) {
    let run = new_run();
    store.start(run.clone());
    assert_eq!(store.write(RunWrite { epoch: 0, ..write(run.id) }), Written::Fenced);
    assert_eq!(store.write(write(RunId::new())), Written::Fenced);
    let run = store.owned(store.worker());
    store.write(suspend(run, None));
    assert_eq!(store.write(write(run)), Written::Fenced);
}

/// An ended run takes no writes.
pub fn an_ended_run_is_fenced<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    store.write(RunWrite { next: Next::End(completed()), ..write(run) });
    let late = RunWrite { entries: vec![outcome("a", 1)], ..write(run) };
    assert_eq!(store.write(late), Written::Fenced);
    assert_eq!(store.journal_paths(run), [""; 0]);
}

/// The row of a path that is still open is replaced, field by field.
pub fn an_open_entry_is_replaced<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let event = EventKey { name: "shipped".into(), key: Some("42".into()) };
    let waiting = Waiting { due: Some(Timestamp(77)), event: Some(event), order: 3 };
    let mut open = open_entry("charge");
    open.waiting = Some(waiting);
    open.error = Some(failure());
    open.input = Some(Payload::from_json(r#"{"a":1}"#));
    open.input_hash = open.input.as_ref().map(Payload::hash);
    open.forgiven = 2;
    store.write(RunWrite { entries: vec![open.clone()], ..write(run) });
    assert_eq!(store.run(run).expect("it is there").1, [open.clone()]);
    for waiting in [Some(Waiting { due: None, event: None, order: 0 }), None] {
        open.waiting = waiting;
        store.write(RunWrite { entries: vec![open.clone()], ..write(run) });
        assert_eq!(store.journal(run), Some(vec![open.clone()]));
    }
    let settled = outcome("charge", 1);
    store.write(RunWrite { entries: vec![settled.clone()], ..write(run) });
    assert_eq!(store.journal(run), Some(vec![settled]));
    assert_eq!(store.run(run).expect("it is there").1, []);
}

/// An open entry with a place in the order, a loop's head, is loaded in it, and replaces itself.
pub fn a_head_has_its_place_in_the_order<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let head = |seq| {
        let mut head = open_entry("poll");
        head.seq = Some(seq);
        head.output = Some(Payload::from_json(format!(r#"{{"iteration":{seq},"state":1}}"#)));
        head.ended_at = Some(Timestamp(5));
        head
    };
    let entries = vec![outcome("a", 1), head(2), outcome("b", 3), outcome("poll[0]/a", 0)];
    store.write(RunWrite { entries, seals: vec!["poll[0]/".into()], ..write(run) });
    assert_eq!(store.loaded_paths(run), ["a", "poll", "b"]);
    store.write(RunWrite { entries: vec![head(4)], ..write(run) });
    let loaded = store.load(run).expect("it is there").entries;
    assert_eq!(loaded, [outcome("a", 1), outcome("b", 3), head(4)]);
    store.write(RunWrite { entries: vec![outcome("poll", 5)], ..write(run) });
    assert_eq!(store.loaded_paths(run), ["a", "b", "poll"]);
}

/// One outcome per path: a second one is refused, and the first stays.
pub fn a_settled_entry_stays<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    for status in [EntryStatus::Completed, EntryStatus::Failed, EntryStatus::Cancelled] {
        let mut first = outcome(status.as_str(), 1);
        first.status = status;
        store.write(RunWrite { entries: vec![first.clone()], ..write(run) });
        let second = RunWrite { entries: vec![outcome(status.as_str(), 2)], ..write(run) };
        assert_eq!(store.write(second), Written::Conflict(first.path.clone()));
        let journal = store.journal(run).expect("it is there");
        assert!(journal.contains(&first), "{status:?}");
    }
}

/// A refused write leaves nothing behind: no entry, seal, consumption or end.
pub fn a_conflict_leaves_no_trace<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    store.event(shipped(run));
    let entries = vec![outcome("a", 1), open_entry("b")];
    store.write(RunWrite { entries, ..write(run) });
    let before = (store.load(run), store.journal(run));
    let bad = RunWrite {
        entries: vec![outcome("c", 3), outcome("b", 2), outcome("a", 4)],
        seals: vec!["b".into()],
        consumed: vec![1],
        next: Next::End(completed()),
        ..write(run)
    };
    assert_eq!(store.write(bad), Written::Conflict(text("a")));
    assert_eq!((store.load(run), store.journal(run)), before);
    let good = RunWrite { entries: vec![outcome("b", 2)], ..write(run) };
    assert_eq!(store.write(good), Written::Done(RunState::Running));
}

/// What is refused among many leaves the others as they are, also where they share a commit.
pub fn a_refusal_spares_its_neighbours<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let runs: Vec<RunId> = (0..20).map(|_| store.owned(worker)).collect();
    let first = vec![outcome("a", 1)];
    store.write(RunWrite { entries: first.clone(), ..write(runs[7]) });
    let answers: Vec<Pending<Written>> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| {
            let epoch = if at == 3 { 9 } else { 1 };
            let entries = vec![outcome("b", 2), outcome("a", 1)];
            let (reply, answer) = Pending::new();
            let write = Box::new(RunWrite { epoch, entries, ..write(*run) });
            store.store().submit(Transaction::Write(write, reply));
            answer
        })
        .collect();
    for (at, (answer, run)) in answers.into_iter().zip(&runs).enumerate() {
        let (expected, paths) = match at {
            3 => (Written::Fenced, vec![]),
            7 => (Written::Conflict(text("a")), vec!["a"]),
            _ => (Written::Done(RunState::Running), vec!["a", "b"]),
        };
        assert_eq!(answer.wait(), expected, "{at}");
        assert_eq!(store.journal_paths(*run), paths, "{at}");
    }
}

/// A suspended run has no owner and waits.
pub fn a_suspend_gives_up_the_run<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    assert_eq!(store.write(suspend(run, Some(5))), Written::Done(RunState::Waiting));
    let row = store.row(run);
    assert_eq!((row.state, row.owner, row.ready), (RunState::Waiting, None, false));
    assert_eq!((row.wake_at, row.epoch), (Some(Timestamp(5)), 1));
}

/// A suspend that has not seen the newest mail is refused with all that it holds.
pub fn a_suspend_sees_new_mail<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    store.event(shipped(run));
    let blind = RunWrite { entries: vec![outcome("a", 1)], ..suspend(run, None) };
    assert_eq!(store.write(blind.clone()), Written::NewMail);
    assert_eq!(store.journal_paths(run), [""; 0]);
    assert_eq!(store.write(suspend(run, None)), Written::NewMail);
    assert_eq!(store.row(run).owner, Some(worker));
    let next = Next::Suspend { inbox_seq: 1, wake_at: None };
    assert_eq!(store.write(RunWrite { next, ..blind }), Written::Done(RunState::Waiting));
    let row = store.row(run);
    assert_eq!((row.owner, row.ready, store.journal_paths(run).len()), (None, false, 1));
}

/// A run whose owner leaves in order is claimed by the next, which is no takeover.
pub fn a_release_is_taken_at_once<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let released = store.write(RunWrite { next: Next::Release, ..write(run) });
    assert_eq!(released, Written::Done(RunState::Running));
    let row = store.row(run);
    assert_eq!((row.owner, row.ready, row.state), (None, true, RunState::Running));
    assert_eq!(store.claim_at(store.worker(), 0).runs, [(run, 2)]);
    assert_eq!(store.row(run).takeovers, 0);
}

/// A paused run is claimed by nobody, mail or not, and tells why it is paused.
pub fn a_pause_stands_still<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    let paused = store.write(RunWrite { next: Next::Pause(failure()), ..write(run) });
    assert_eq!(paused, Written::Done(RunState::Paused));
    store.event(shipped(run));
    assert_eq!(store.claim_at(worker, i64::MAX).runs, []);
    let row = store.row(run);
    assert_eq!((row.state, row.owner, row.failure), (RunState::Paused, None, Some(failure())));
}

/// A paused run that is to be cancelled is claimed, whichever came first.
pub fn a_cancel_reaches_a_paused_run<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let (before, after) = (store.owned(worker), store.owned(worker));
    store.cancel(before);
    store.write(RunWrite { next: Next::Pause(failure()), ..write(before) });
    store.write(RunWrite { next: Next::Pause(failure()), ..write(after) });
    assert_eq!(store.claim_at(worker, 0).runs, [(before, 2)]);
    store.cancel(after);
    assert_eq!(store.claim_at(worker, 0).runs, [(after, 2)]);
}

/// An ended run keeps its output, has no owner, and is never claimed again.
pub fn an_end_is_final<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    let entries = vec![outcome("a", 1)];
    let end = RunWrite { entries, next: Next::End(completed()), ..write(run) };
    assert_eq!(store.write(end), Written::Done(RunState::Completed));
    let row = store.row(run);
    assert_eq!((row.state, row.output), (RunState::Completed, completed().output));
    assert_eq!((row.owner, row.ready, row.wake_at), (None, false, None));
    assert_eq!(row.ended_at, Some(completed().at));
    assert_eq!(store.claim_at(store.worker(), i64::MAX).runs, []);
    let failed = store.owned(worker);
    let failing =
        End { state: RunState::Failed, output: None, failure: Some(failure()), ..completed() };
    store.write(RunWrite { next: Next::End(failing), ..write(failed) });
    let row = store.row(failed);
    assert_eq!((row.state, row.output, row.failure), (RunState::Failed, None, Some(failure())));
}

/// A cancel that was acknowledged before the end makes the end a cancelled one.
pub fn a_cancel_wins_over_an_end<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    store.cancel(run);
    let end = RunWrite { next: Next::End(completed()), ..write(run) };
    assert_eq!(store.write(end), Written::Done(RunState::Cancelled));
    let row = store.row(run);
    assert_eq!((row.state, row.output, row.failure), (RunState::Cancelled, None, None));
}

/// A run that stays with its owner shows whether it works or waits.
pub fn keeping_shows_the_state<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let run = store.owned(worker);
    for state in [RunState::Waiting, RunState::Waiting, RunState::Running, RunState::Running] {
        let keep = RunWrite { next: Next::Keep(state), ..write(run) };
        assert_eq!(store.write(keep), Written::Done(state));
        let row = store.row(run);
        assert_eq!((row.state, row.owner), (state, Some(worker)));
    }
}

/// Sealed entries stay in the journal and are not loaded.
pub fn seals_hide_from_replay<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let inner = vec![outcome("each[0]/a", 1), open_entry("each[0]/b")];
    store.write(RunWrite { entries: inner, ..write(run) });
    let seal = RunWrite {
        entries: vec![outcome("each[0]/c", 2), outcome("each[0]", 3)],
        seals: vec!["each[0]/".into()],
        ..write(run)
    };
    assert_eq!(store.write(seal), Written::Done(RunState::Running));
    assert_eq!(store.loaded_paths(run), ["each[0]"]);
    assert_eq!(store.journal_paths(run), ["each[0]/a", "each[0]/c", "each[0]", "each[0]/b"]);
    assert_eq!(store.run(run).expect("it is there").1, []);
}

/// A path keeps its outcome when it is sealed, for this owner and the next.
pub fn a_sealed_outcome_stays<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let entries = vec![outcome("each[0]/a", 1), open_entry("each[0]/b")];
    store.write(RunWrite { entries, seals: vec!["each[0]/".into()], ..write(run) });
    let second = RunWrite { entries: vec![outcome("each[0]/a", 9)], ..write(run) };
    assert_eq!(store.write(second.clone()), Written::Conflict(text("each[0]/a")));
    store.claim_at(store.worker(), 0);
    let second = RunWrite { epoch: 2, ..second };
    assert_eq!(store.write(second.clone()), Written::Conflict(text("each[0]/a")));
    // What was open when it was sealed has no outcome to keep.
    let open = RunWrite { entries: vec![outcome("each[0]/b", 9)], ..second };
    assert_eq!(store.write(open), Written::Done(RunState::Running));
    assert_eq!(store.journal_paths(run), ["each[0]/a", "each[0]/b"]);
}

/// A seal covers exactly the paths that begin with its prefix.
pub fn seals_keep_to_their_prefix<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let all = ["each[1]", "each[1]/a", "each[1]/b/c", "each[10]/a", "each[1]0", "f\u{10ffff}x"];
    let entries = all.iter().zip(1..).map(|(path, seq)| outcome(path, seq)).collect();
    store.write(RunWrite { entries, ..write(run) });
    store.write(RunWrite { seals: vec!["each[1]/".into()], ..write(run) });
    assert_eq!(store.loaded_paths(run), ["each[1]", "each[10]/a", "each[1]0", "f\u{10ffff}x"]);
    store.write(RunWrite { seals: vec!["f\u{10ffff}".into()], ..write(run) });
    assert_eq!(store.loaded_paths(run), ["each[1]", "each[10]/a", "each[1]0"]);
    store.write(RunWrite { seals: vec![String::new()], ..write(run) });
    assert_eq!(store.loaded_paths(run), [""; 0]);
    assert_eq!(store.journal_paths(run), all);
}

/// Transactions that one caller submits without waiting are applied in their order.
pub fn one_callers_order_holds<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let mut answers = Vec::new();
    for _ in 0..50 {
        let run = NewRun { owner: Some(worker), ..new_run() };
        let id = run.id;
        let (reply, started) = Pending::new();
        store.store().submit(Transaction::Start(Box::new(run), reply));
        let mut written = Vec::new();
        for seq in 1..=4 {
            let (reply, answer) = Pending::new();
            let mut open = open_entry("a");
            open.attempts = seq;
            let step = RunWrite { entries: vec![open], ..write(id) };
            store.store().submit(Transaction::Write(Box::new(step), reply));
            written.push(answer);
        }
        answers.push((id, started, written));
    }
    for (id, started, written) in answers {
        assert_eq!(started.wait(), Started::New);
        for answer in written {
            assert_eq!(answer.wait(), Written::Done(RunState::Running));
        }
        let journal = store.journal(id).expect("it is there");
        assert_eq!((journal.len(), journal[0].attempts), (1, 4));
    }
}

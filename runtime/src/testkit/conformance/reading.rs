//! What is read back.

use std::collections::BTreeMap;

use super::probe::{Pending, Probe, completed, ids, new_run, open_entry, outcome, text, write};
use crate::store::{
    EntryStatus, NewRun, Next, RunCursor, RunFilter, RunRow, RunState, RunWrite, Started, Store,
    Transaction, Written,
};
use crate::{Payload, RunId, Timestamp};

/// Settled entries come by `seq`, then those without, by when they began.
pub fn entries_come_by_seq<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    let mut late = open_entry("b");
    late.started_at = Timestamp(9);
    let mut early = open_entry("c");
    early.started_at = Timestamp(8);
    let entries = vec![late, outcome("d", 10), outcome("e", 9), early, outcome("a", 11)];
    store.write(RunWrite { entries, ..write(run) });
    assert_eq!(store.loaded_paths(run), ["e", "d", "a", "c", "b"]);
    assert_eq!(store.journal_paths(run), ["e", "d", "a", "c", "b"]);
}

/// A run that is not there is none, not an error.
pub fn unknown_runs_are_none<S: Store>(store: &Probe<S>) {
    let id = RunId::new();
    assert_eq!((store.load(id), store.inbox(id, 0)), (None, None));
    assert_eq!((store.run(id), store.journal(id)), (None, None));
    assert_eq!(store.runs(RunFilter::default()), []);
}

/// Lists go from the run that was started last, a page at a time, whatever the order in which
/// the starts came; ids decide where two have one instant. A place outlives its run's changes.
pub fn runs_are_listed_newest_first<S: Store>(store: &Probe<S>) {
    let at = |at| NewRun { at: Timestamp(at), ..new_run() };
    let runs = [at(10), at(20), at(20), at(20), at(30)];
    for at in [2, 0, 4, 3, 1] {
        store.start(runs[at].clone());
    }
    let newest: Vec<RunId> = runs.iter().rev().map(|run| run.id).collect();
    assert_eq!(ids(&store.runs(RunFilter::default())), newest);
    let page = RunFilter { limit: 2, ..RunFilter::default() };
    let first = store.runs(page.clone());
    assert_eq!(ids(&first), newest[..2]);
    let after =
        |rows: &[RunRow]| RunFilter { cursor: rows.last().map(RunCursor::of), ..page.clone() };
    // What comes meanwhile, and what becomes of the last run, changes nothing about the place.
    store.start(at(40));
    store.cancel(newest[1]);
    let second = store.runs(after(&first));
    assert_eq!(ids(&second), newest[2..4]);
    let third = store.runs(after(&second));
    assert_eq!(ids(&third), newest[4..]);
    assert_eq!(store.runs(after(&third)), []);
}

/// A list keeps to its instants: from the first on, and before the second.
pub fn runs_are_listed_by_instant<S: Store>(store: &Probe<S>) {
    let runs: Vec<NewRun> =
        (0..5).map(|at| NewRun { at: Timestamp(at * 10), ..new_run() }).collect();
    for run in &runs {
        store.start(run.clone());
    }
    let list = |from: Option<i64>, before: Option<i64>| {
        let (started_from, started_before) = (from.map(Timestamp), before.map(Timestamp));
        ids(&store.runs(RunFilter { started_from, started_before, ..RunFilter::default() }))
    };
    assert_eq!(list(Some(20), None), [runs[4].id, runs[3].id, runs[2].id]);
    assert_eq!(list(None, Some(20)), [runs[1].id, runs[0].id]);
    assert_eq!(list(Some(10), Some(31)), [runs[3].id, runs[2].id, runs[1].id]);
    assert_eq!(list(Some(11), Some(20)), []);
}

/// A list keeps to its workflow, states and key.
pub fn runs_are_filtered<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let keyed = NewRun { key: Some("k".into()), ..new_run() };
    let other = NewRun { workflow: text("returns"), key: Some("k".into()), ..new_run() };
    store.start(keyed.clone());
    store.start(other.clone());
    let running = store.owned(worker);
    let ended = store.owned(worker);
    store.write(RunWrite { next: Next::End(completed()), ..write(ended) });
    let list = |filter| ids(&store.runs(filter));
    let all = RunFilter::default();
    let orders = RunFilter { workflow: Some("orders".into()), ..all.clone() };
    assert_eq!(list(orders.clone()), [ended, running, keyed.id]);
    let states = vec![RunState::Running, RunState::Completed];
    assert_eq!(list(RunFilter { states, ..all.clone() }), [ended, running]);
    let states = vec![RunState::Pending];
    assert_eq!(list(RunFilter { states, ..orders.clone() }), [keyed.id]);
    assert_eq!(list(RunFilter { key: Some("k".into()), ..all.clone() }), [other.id, keyed.id]);
    assert_eq!(list(RunFilter { key: Some("k".into()), ..orders }), [keyed.id]);
    assert_eq!(list(RunFilter { key: Some("l".into()), ..all.clone() }), []);
    assert_eq!(list(RunFilter { workflow: Some("none".into()), ..all }), []);
}

/// Tags come back with their run, and find it.
pub fn runs_are_found_by_their_tags<S: Store>(store: &Probe<S>) {
    let tags = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let both = NewRun { tags: tags(&[("customer", "7"), ("region", "eu")]), ..new_run() };
    let one = NewRun { tags: tags(&[("customer", "7")]), ..new_run() };
    let other = NewRun { tags: tags(&[("customer", "8"), ("region", "7")]), ..new_run() };
    for run in [&both, &one, &other, &new_run()] {
        store.start(run.clone());
    }
    assert_eq!(store.row(both.id).tags, both.tags);
    let list = |pairs: &[(&str, &str)]| {
        ids(&store.runs(RunFilter { tags: tags(pairs), ..RunFilter::default() }))
    };
    assert_eq!(list(&[("customer", "7")]), [one.id, both.id]);
    assert_eq!(list(&[("customer", "7"), ("region", "eu")]), [both.id]);
    assert_eq!(list(&[("customer", "8"), ("region", "eu")]), []);
    assert_eq!(list(&[("region", "8")]), []);
}

/// What a run publishes takes the place of what it published before; a write without leaves it.
pub fn what_is_published_is_replaced<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    assert_eq!(store.row(run).published, None);
    for (published, seen) in [(Some("1"), "1"), (Some("[2]"), "[2]"), (None, "[2]")] {
        let published = published.map(Payload::from_json);
        store.write(RunWrite { published, ..write(run) });
        assert_eq!(store.row(run).published, Some(Payload::from_json(seen)));
    }
    let published = Some(Payload::from_json("3"));
    store.write(RunWrite { published, epoch: 2, ..write(run) });
    assert_eq!(store.row(run).published, Some(Payload::from_json("[2]")));
}

/// A run answers once: whoever waited has the answer already.
pub fn a_response_stays<S: Store>(store: &Probe<S>) {
    let run = store.owned(store.worker());
    assert_eq!(store.row(run).response, None);
    for response in ["1", "2"] {
        let response = Some(Payload::from_json(response));
        store.write(RunWrite { response, ..write(run) });
        assert_eq!(store.row(run).response, Some(Payload::from_json("1")));
    }
}

/// Payloads come back to the byte: any script, any size, any number.
pub fn payloads_survive_to_the_byte<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let big = format!("\"{}\"", "\u{e9}".repeat(1 << 20));
    let awkward = r#"{"":null,"a":[1e400,-0,0.1],"\u0000":"\ud83d\ude00 'quoted' \"--; DROP"}"#;
    for json in [big.as_str(), awkward, "null", "[]", "0"] {
        let input = Payload::from_json(json);
        let run = NewRun { input: input.clone(), owner: Some(worker), ..new_run() };
        store.start(run.clone());
        let mut entry = outcome("a", 1);
        entry.output = Some(input.clone());
        entry.input = Some(input.clone());
        entry.kind = text("any kind");
        store.write(RunWrite { entries: vec![entry.clone()], ..write(run.id) });
        let loaded = store.load(run.id).expect("it is there");
        assert!(loaded.row.input == input && loaded.entries == [entry], "{json:.60}");
    }
}

/// Hundreds of runs at once keep to themselves.
pub fn many_runs_at_once<S: Store>(store: &Probe<S>) {
    let worker = store.worker();
    let runs: Vec<NewRun> = (0..300).map(|_| NewRun { owner: Some(worker), ..new_run() }).collect();
    let mut starts = Vec::new();
    let mut writes = Vec::new();
    for run in &runs {
        let (reply, answer) = Pending::new();
        store.store().submit(Transaction::Start(Box::new(run.clone()), reply));
        starts.push(answer);
    }
    for seq in 1..=3 {
        for run in &runs {
            let mut entry = outcome(&format!("step{seq}"), seq);
            entry.output = Some(Payload::from_json(format!("\"{}/{seq}\"", run.id)));
            let next = match seq {
                3 => Next::End(completed()),
                _ => Next::Keep(RunState::Running),
            };
            let (reply, answer) = Pending::new();
            let step = RunWrite { entries: vec![entry], next, ..write(run.id) };
            store.store().submit(Transaction::Write(Box::new(step), reply));
            writes.push((seq, answer));
        }
    }
    assert!(starts.into_iter().all(|answer| answer.wait() == Started::New));
    for (seq, answer) in writes {
        let state = if seq == 3 { RunState::Completed } else { RunState::Running };
        assert_eq!(answer.wait(), Written::Done(state));
    }
    for run in &runs {
        let journal = store.journal(run.id).expect("it is there");
        assert_eq!(journal.len(), 3);
        for (entry, seq) in journal.iter().zip(1..) {
            assert_eq!((entry.seq, entry.status), (Some(seq), EntryStatus::Completed));
            let output = entry.output.as_ref().map(Payload::as_str);
            assert_eq!(output, Some(format!("\"{}/{seq}\"", run.id).as_str()));
        }
    }
}

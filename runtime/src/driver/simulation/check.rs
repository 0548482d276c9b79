//! The invariants of `PROTOCOL.md`, by their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::channel;

use serde_json::Value;

use super::adoptions;
use super::census::Census;
use super::execute::{BodyStart, Notes};
use super::streams::stream;
use super::walk::{Verdict, walk};
use super::world::SimRun;
use crate::store::{
    Entry, EntryStatus, InboxEvent, Loaded, Progressed, Query, Reply, RunState, Store, UNDO_SUFFIX,
};
use crate::{RunId, Timestamp};

/// What was true after the operation before.
#[derive(Default)]
pub(super) struct Checker {
    journals: BTreeMap<RunId, BTreeMap<String, Entry>>,
    epochs: BTreeMap<RunId, u64>,
    published: BTreeMap<RunId, Timestamp>,
    streams: BTreeMap<RunId, Vec<Progressed>>,
    /// Whose each idempotency key is.
    keys: BTreeMap<String, (RunId, String)>,
}

impl Checker {
    /// Compares what is of these runs with what was.
    pub(super) fn check<'r>(
        &mut self,
        store: &dyn Store,
        (runs, census): (impl Iterator<Item = &'r mut SimRun>, &mut Census),
        notes: &Notes,
        zombies: bool,
    ) -> Result<(), String> {
        let starts = std::mem::take(&mut *notes.starts.lock().unwrap());
        for run in runs {
            let Some(loaded) = load(store, run.id) else { continue };
            let journal = journal(store, run.id);
            let before = self.journals.get(&run.id).cloned().unwrap_or_default();
            let epoch = self.epochs.insert(run.id, loaded.row.epoch).unwrap_or_default();
            holds(loaded.row.epoch >= epoch, "I5", "the epoch fell")?;
            if let Some(published) = &loaded.row.published {
                // The plans publish what time it is.
                let latest = published.decode().map_err(|error| error.to_string())?;
                let before = self.published.insert(run.id, latest);
                holds(before <= Some(latest), "I30", "it said again what is past")?;
            }
            outcomes_stay(&before, &journal)?;
            order_grows(&before, &journal)?;
            holds(loaded.row.seed == run.seed, "I3", "the seed is another one")?;
            attempts_grow(&before, &journal)?;
            is_woken(&loaded)?;
            is_over_unless_it_began(&loaded, &journal)?;
            if !loaded.row.state.is_final() {
                is_sealed(&loaded, &journal)?;
            }
            timers_are_not_early(&before, &journal)?;
            heads_go_forward(&before, &journal, &loaded)?;
            if let Some((parent, path, awaited)) = &run.parent {
                family_holds(store, &loaded, *parent, path, *awaited)?;
            }
            let change = (self.journals.get(&run.id), &journal);
            if let Some(change) = adoptions::check(run, &loaded, change)? {
                census.note(change);
            }
            walk(run, &journal).map_err(|why| format!("I3 is broken: {why}"))?;
            answers_once(&loaded, &journal)?;
            events_are_consumed_once(run, &loaded, &journal)?;
            if loaded.row.state.is_final() {
                let open = journal.values().find(|entry| !entry.status.is_settled());
                holds(loaded.row.owner.is_none() && open.is_none(), "I13", &format!("{open:?}"))?;
            }
            if loaded.row.state == RunState::Paused {
                let code = loaded.row.failure.map(|failure| failure.code);
                let known = matches!(code.as_deref(), Some("crash_loop" | "paused"));
                // Who cancels it need not have its revision.
                let stranger = code.as_deref() == Some("not_registered") && run.cancelled;
                holds(known || stranger, "I3", &format!("{code:?}"))?;
            }
            let items = stream(store, run.id);
            let told = self.streams.get(&run.id).map(Vec::as_slice).unwrap_or_default();
            notes.told.check(run.id, told, &items)?;
            self.streams.insert(run.id, items);
            for start in starts.iter().filter(|start| start.run == run.id) {
                let Some(key) = start.key.clone() else { continue };
                let step = (start.run, start.path.clone());
                let owner = self.keys.entry(key).or_insert_with(|| step.clone());
                holds(*owner == step, "I37", &format!("{owner:?} has the key of {start:?}"))?;
            }
            for start in starts.iter().filter(|start| start.run == run.id) {
                may_start(run, start, &before, zombies)?;
            }
            self.journals.insert(run.id, journal);
        }
        Ok(())
    }
}

/// The run ended as its plan must, given what its leaves came to.
pub(super) fn check_end(store: &dyn Store, run: &SimRun) -> Result<(), String> {
    let Some(loaded) = load(store, run.id) else {
        return holds(run.parent.is_some(), "I1", "the run is lost");
    };
    let row = loaded.row;
    if row.failure.as_ref().is_some_and(|failure| failure.code == "terminated") {
        return holds(run.terminated, "I14", "terminated by nobody");
    }
    let found = walk(run, &journal(store, run.id))?;
    let owes = row.state != RunState::Completed && !found.owes.is_empty();
    holds(!owes, "I18", &format!("{:?} are not undone", found.owes))?;
    if row.state == RunState::Cancelled && run.parent.is_some() {
        return Ok(());
    }
    if row.state == RunState::Cancelled {
        return holds(run.cancelled, "I14", "cancelled by nobody");
    }
    holds(!run.cancelled, "I14", "the cancel was acknowledged, and forgotten")?;
    let output = row.output.map(|output| output.to_value());
    let failure = row.failure.map(|failure| failure.code);
    let verdict = found.verdict;
    let fits = match &verdict {
        Verdict::Done { value, .. } => output.as_ref() == Some(value),
        Verdict::Failed { code, .. } => failure.as_ref() == Some(code),
        Verdict::Open | Verdict::Cancelled => false,
    };
    let found =
        format!("{:?}: {output:?} ({failure:?}), but its plan came to {verdict:?}", row.state);
    holds(fits, "I3", &found)
}

pub(super) fn holds(holds: bool, invariant: &str, why: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{invariant} is broken: {why}")) }
}

/// A child is there from its parent's entry on. A call comes to what its child came to; one that
/// has ended otherwise has its child ended, or asked to cancel.
fn family_holds(
    store: &dyn Store,
    child: &Loaded,
    parent: RunId,
    path: &str,
    awaited: bool,
) -> Result<(), String> {
    let row = &child.row;
    let callers = journal(store, parent);
    let entry = callers.get(path).ok_or(format!("R18 is broken: nobody has called {path}"))?;
    if !awaited || !entry.status.is_settled() {
        return Ok(());
    }
    let code = entry.error.as_ref().map(|failure| failure.code.as_str());
    let fits = match entry.status {
        EntryStatus::Completed => row.state == RunState::Completed && row.output == entry.output,
        EntryStatus::Failed => match row.state {
            RunState::Failed => row.failure.as_ref().map(|failure| failure.code.as_str()) == code,
            RunState::Cancelled => matches!(code, Some("child_cancelled" | "child_terminated")),
            _ => false,
        },
        _ => row.state.is_final() || row.is_cancel_requested(),
    };
    holds(fits, "R18", &format!("{entry:?}, but its child is {row:?}"))
}

/// I1
fn outcomes_stay(
    before: &BTreeMap<String, Entry>,
    now: &BTreeMap<String, Entry>,
) -> Result<(), String> {
    let mut settled = before.iter().filter(|(_, entry)| entry.status.is_settled());
    let changed = settled.find(|(path, entry)| now.get(*path) != Some(entry));
    holds(changed.is_none(), "I1", &format!("{changed:?}"))
}

/// I2
fn order_grows(
    before: &BTreeMap<String, Entry>,
    now: &BTreeMap<String, Entry>,
) -> Result<(), String> {
    let seqs = |journal: &BTreeMap<String, Entry>| -> Vec<u64> {
        journal.values().filter_map(|entry| entry.seq).collect()
    };
    let (old, all) = (seqs(before), seqs(now));
    let unique: BTreeSet<u64> = all.iter().copied().collect();
    holds(unique.len() == all.len(), "I2", "two outcomes have one place")?;
    let last = old.iter().max();
    let early =
        unique.iter().find(|seq| !old.contains(seq) && last.is_some_and(|last| *seq < last));
    holds(early.is_none(), "I2", &format!("{early:?} came late"))
}

/// I7
fn attempts_grow(
    before: &BTreeMap<String, Entry>,
    now: &BTreeMap<String, Entry>,
) -> Result<(), String> {
    let fewer = before.iter().find(|(path, entry)| {
        now.get(*path).is_none_or(|now| now.attempts < entry.attempts)
            && entry.status != EntryStatus::Running
    });
    holds(fewer.is_none(), "I7", &format!("{fewer:?}"))
}

/// I8
fn is_woken(loaded: &Loaded) -> Result<(), String> {
    let row = &loaded.row;
    if row.owner.is_some() || row.ready || row.state.is_final() || row.state == RunState::Paused {
        return Ok(());
    }
    let due = loaded.entries.iter().filter_map(|entry| entry.waiting.as_ref()?.due).min();
    holds(due.is_none_or(|due| row.wake_at == Some(due)), "I8", "nobody wakes it")?;
    holds(!loaded.entries.iter().all(|entry| entry.status.is_settled()), "I8", "waits for nothing")
}

/// I39
fn is_over_unless_it_began(
    loaded: &Loaded,
    journal: &BTreeMap<String, Entry>,
) -> Result<(), String> {
    let row = &loaded.row;
    let began = row.epoch > 0 || !journal.is_empty();
    let waits = row.is_cancel_requested() && !row.state.is_final();
    holds(began || !waits, "I39", "nobody has driven it, and it waits to be cancelled")
}

/// I12
fn is_sealed(loaded: &Loaded, journal: &BTreeMap<String, Entry>) -> Result<(), String> {
    for scope in journal.values().filter(|entry| entry.status.is_settled()) {
        let prefix = match &*scope.kind {
            "for_each@1" | "while@1" => format!("{}[", scope.path),
            "item" | "race@1" | "try@1" | "timeout@1" => format!("{}/", scope.path),
            _ => continue,
        };
        // What undoes something comes after the scope that did it.
        let inside =
            |entry: &&Entry| entry.path.starts_with(&prefix) && !entry.path.ends_with(UNDO_SUFFIX);
        let open = loaded.entries.iter().find(inside);
        holds(open.is_none(), "I12", &format!("{open:?} is within {}", scope.path))?;
    }
    Ok(())
}

/// I17
fn heads_go_forward(
    before: &BTreeMap<String, Entry>,
    now: &BTreeMap<String, Entry>,
    loaded: &Loaded,
) -> Result<(), String> {
    for (path, entry) in now.iter().filter(|(_, entry)| is_open_loop(entry)) {
        let head = iteration(entry);
        let was = before.get(path).map(iteration).unwrap_or_default();
        holds(head >= was, "I17", &format!("`{path}` was at {was} and is at {head}"))?;
        let passed = loaded.entries.iter().find(|entry| {
            (0..head).any(|passed| entry.path.starts_with(&format!("{path}[{passed}]/")))
        });
        holds(passed.is_none(), "I17", &format!("{passed:?} is behind the head of `{path}`"))?;
    }
    Ok(())
}

fn is_open_loop(entry: &Entry) -> bool {
    &*entry.kind == "while@1" && entry.status == EntryStatus::Running
}

/// The iteration that an open loop is in.
fn iteration(entry: &Entry) -> u64 {
    let head = entry.output.as_ref().map(crate::Payload::to_value).unwrap_or_default();
    head.get("iteration").and_then(serde_json::Value::as_u64).unwrap_or_default()
}

/// I10
fn events_are_consumed_once(
    run: &SimRun,
    loaded: &Loaded,
    journal: &BTreeMap<String, Entry>,
) -> Result<(), String> {
    let got = |entry: &&Entry| {
        matches!(&*entry.kind, "wait_event@1" | "approval@1") && entry.output.is_some()
    };
    // How a child has ended is told by mail, too.
    let sent = |event: &&InboxEvent| !event.event.name.starts_with('!');
    let (left, got) =
        (loaded.inbox.iter().filter(sent).count(), journal.values().filter(got).count());
    let accepted = run.accepted;
    holds(
        left + got == accepted,
        "I10",
        &format!("{accepted} came, {got} were got, {left} are left"),
    )
}

/// I29
fn answers_once(loaded: &Loaded, journal: &BTreeMap<String, Entry>) -> Result<(), String> {
    let answers = journal.values().filter(|entry| &*entry.kind == "respond@1");
    let mut seen: Vec<&Entry> = answers.filter(|entry| entry.seq.is_some()).collect();
    seen.sort_by_key(|entry| entry.seq);
    // The plans answer with where they do so.
    let first = seen.first().map(|entry| Value::from(&*entry.path));
    let told = loaded.row.response.as_ref().map(crate::Payload::to_value);
    holds(told == first, "I29", &format!("it has answered {told:?}, not {first:?}"))?;
    let (first, others) = seen.split_at(seen.len().min(1));
    let wrong = first.iter().find(|entry| entry.status != EntryStatus::Completed);
    let again = others.iter().find(|entry| entry.status != EntryStatus::Failed);
    holds(wrong.or(again).is_none(), "I29", &format!("{wrong:?} {again:?}"))
}

/// I16
fn timers_are_not_early(
    before: &BTreeMap<String, Entry>,
    now: &BTreeMap<String, Entry>,
) -> Result<(), String> {
    for (path, entry) in now.iter().filter(|(_, entry)| entry.status == EntryStatus::Completed) {
        let due = before.get(path).and_then(|entry| entry.waiting.as_ref()?.due);
        let early = due.is_some_and(|due| entry.ended_at < Some(due));
        let waited = match &*entry.kind {
            "wait@1" => true,
            // Nobody has decided.
            "approval@1" => entry.output.is_none(),
            _ => false,
        };
        holds(!early || !waited, "I16", path)?;
    }
    Ok(())
}

/// I4 and I6: `journal` is what was durable when the body started.
fn may_start(
    run: &SimRun,
    start: &BodyStart,
    journal: &BTreeMap<String, Entry>,
    zombies: bool,
) -> Result<(), String> {
    let own = journal.get(&start.path);
    // A zombie, or a body that was given up a moment ago, may not know.
    let told_to_stop =
        |entry: &Entry| entry.status == EntryStatus::Running && entry.waiting.is_some();
    let given_up =
        own.is_some_and(|entry| entry.status == EntryStatus::Cancelled || told_to_stop(entry));
    if zombies || start.stopped || given_up {
        return Ok(());
    }
    let settled = own.is_some_and(|entry| entry.status.is_settled());
    holds(!settled, "I6", &format!("{start:?} is done already"))?;
    // A memo's work is done as soon as the function comes to it, before all else is durable.
    let Some(attempt) = start.attempt else { return Ok(()) };
    let made = own.map_or(0, |entry| entry.attempts);
    holds(attempt == made + 1, "I7", &format!("{start:?} after {made}"))?;
    let told = start.told.unwrap_or(0);
    // One that took too long may not have begun to move.
    let spoke = own
        .is_some_and(|entry| entry.error.as_ref().is_some_and(|failure| failure.code != "timeout"));
    holds(
        told >= made || !spoke,
        "I7",
        &format!("{start:?} does not know what attempt {made} said"),
    )?;
    let enabled = walk(run, journal)?.enabled;
    holds(enabled.contains(&start.path), "I4", &format!("{start:?}, where {enabled:?} may run"))
}

/// What a store holds of a run.
pub(super) fn load(store: &dyn Store, run: RunId) -> Option<Loaded> {
    asked(store, |reply| Query::Load(run, reply))
}

/// A run's whole journal, by path.
pub(super) fn journal(store: &dyn Store, run: RunId) -> BTreeMap<String, Entry> {
    let entries = asked(store, |reply| Query::Journal(run, reply)).unwrap_or_default();
    entries.into_iter().map(|entry| (entry.path.to_string(), entry)).collect()
}

/// What a store that answers at once says to a question.
pub(super) fn asked<T: Send + 'static>(
    store: &dyn Store,
    question: impl FnOnce(Reply<T>) -> Query,
) -> T {
    let (sender, answer) = channel();
    store.query(question(Reply::new(move |told| sender.send(told).unwrap())));
    answer.recv().unwrap().unwrap()
}

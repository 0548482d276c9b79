//! Runs that share the beginning of others.

use super::{Run, Stored, Tables};
use crate::ids::RunId;
use crate::payload::{InputHash, Payload};
use crate::store::fork::{Asked, Mark, Prefix, Taken, prefix};
use crate::store::{Entry, Forked, ForkedFrom, Limited, NewFork, NewRun, RunRow};

impl Tables {
    pub(in crate::store) fn fork(&mut self, fork: NewFork) -> Forked {
        let Some(run) = self.runs.get(&fork.run) else { return Forked::UnknownRun };
        let marks: Vec<Mark> = run.entries.values().map(mark).collect();
        let asked = Asked {
            path: &fork.path,
            edits: fork.input.is_some(),
            has_ended: run.row.state.is_final(),
            edited: run.row.forked_from.as_ref().and_then(ForkedFrom::edited),
        };
        let Prefix { entries, answered, seen } = match prefix(&marks, asked) {
            Ok(prefix) => prefix,
            Err(failure) => return Forked::Refused(failure),
        };
        let entries: Vec<Stored> = entries.iter().filter_map(|taken| copy(run, taken)).collect();
        let forgets = sabotage!("a fork forgets its answer");
        let response = run.row.response.clone().filter(|_| answered && !forgets);
        let id = fork.id;
        let limited = run.row.limited.clone().map(|limited| Limited { slot: None, ..limited });
        let row = RunRow { limited, ..RunRow::first(new_run(run, &fork)) };
        let origin = origin(run, fork, seen);
        self.add(row);
        if let Some(run) = self.runs.get_mut(&id) {
            run.row.forked_from = Some(origin);
            run.row.response = response;
            let entries = entries.into_iter().map(|stored| (stored.entry.path.clone(), stored));
            run.entries.extend(entries);
        }
        Forked::Done
    }
}

fn mark(stored: &Stored) -> Mark {
    let Entry { path, kind, status, seq, issued, attempts, undo, .. } = &stored.entry;
    Mark {
        path: path.to_string(),
        kind: kind.to_string(),
        status: *status,
        seq: *seq,
        issued: *issued,
        attempts: *attempts,
        sealed: stored.sealed,
        can_be_undone: undo.is_some(),
    }
}

fn copy(run: &Run, taken: &Taken) -> Option<Stored> {
    let stored = run.entries.get(taken.path.as_str())?;
    let input_hash = stored.entry.input_hash.filter(|_| taken.hashed);
    let entry = Entry { input_hash, ..stored.entry.clone() };
    Some(Stored { entry, sealed: taken.sealed })
}

fn new_run(run: &Run, fork: &NewFork) -> NewRun {
    let row = &run.row;
    let (input, hash): (Payload, InputHash) = (row.input.clone(), row.input_hash);
    let id: RunId = fork.id;
    NewRun {
        id,
        seed: row.seed,
        fingerprint: row
            .fingerprint
            .clone()
            .filter(|_| !sabotage!("a fork forgets its fingerprint")),
        events: row.events.clone(),
        priority: row.priority,
        tags: row.tags.clone(),
        ..NewRun::new(row.workflow.clone(), row.revision.clone(), input, hash, fork.at)
    }
}

fn origin(run: &Run, fork: NewFork, seen: u64) -> ForkedFrom {
    let began = run.row.forked_from.as_ref().map_or(run.row.started_at, |from| from.started_at);
    ForkedFrom { run: fork.run, path: fork.path, input: fork.input, started_at: began, seen }
}

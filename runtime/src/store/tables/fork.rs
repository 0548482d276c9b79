//! Runs that share the beginning of others.

use super::{Run, Stored, Tables};
use crate::ids::RunId;
use crate::payload::{InputHash, Payload};
use crate::store::fork::{Mark, Prefix, Taken, prefix};
use crate::store::{Entry, Forked, ForkedFrom, NewFork, NewRun};

impl Tables {
    pub(in crate::store) fn fork(&mut self, fork: NewFork) -> Forked {
        let Some(run) = self.runs.get(&fork.run) else { return Forked::UnknownRun };
        let marks: Vec<Mark> = run.entries.values().map(mark).collect();
        let (edits, ended) = (fork.input.is_some(), run.row.state.is_final());
        let Prefix { entries, answered } = match prefix(&marks, &fork.path, edits, ended) {
            Ok(prefix) => prefix,
            Err(failure) => return Forked::Refused(failure),
        };
        let entries: Vec<Stored> = entries.iter().filter_map(|taken| copy(run, taken)).collect();
        let response = run.row.response.clone().filter(|_| answered);
        let new = new_run(run, &fork);
        let origin = origin(run, fork);
        let id = new.id;
        self.start(new);
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
    // An input may have been made with the run's id, which is another one now.
    let entry = Entry { input_hash: None, ..stored.entry.clone() };
    Some(Stored { entry, sealed: taken.sealed })
}

fn new_run(run: &Run, fork: &NewFork) -> NewRun {
    let row = &run.row;
    let (input, hash): (Payload, InputHash) = (row.input.clone(), row.input_hash);
    let id: RunId = fork.id;
    NewRun {
        id,
        seed: row.seed,
        fingerprint: row.fingerprint.clone(),
        events: row.events.clone(),
        tags: row.tags.clone(),
        ..NewRun::new(row.workflow.clone(), row.revision.clone(), input, hash, fork.at)
    }
}

fn origin(run: &Run, fork: NewFork) -> ForkedFrom {
    let began = run.row.forked_from.as_ref().map_or(run.row.started_at, |from| from.started_at);
    ForkedFrom { run: fork.run, path: fork.path, input: fork.input, started_at: began }
}

//! What a fork takes along of a run, and where there can be none: by the words of `PROTOCOL.md`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::check::{holds, journal, load};
use super::walk::Journal;
use super::world::SimRun;
use crate::store::{Entry, EntryStatus, Forked, NewFork, RunState, Store};
use crate::{Failure, Payload, RunId};

/// A run as it stands, to be compared with what becomes of it.
pub(super) struct Before {
    row: crate::store::Loaded,
    journal: Journal,
}

impl Before {
    pub(super) fn of(store: &dyn Store, run: RunId) -> Option<Self> {
        Some(Self { row: load(store, run)?, journal: journal(store, run) })
    }

    /// The paths that it has, and one that it has not.
    pub(super) fn paths(&self) -> Vec<String> {
        self.journal.keys().cloned().chain(["nowhere".to_owned()]).collect()
    }

    /// What the fork of a run goes on with: the journal that it takes along.
    fn expected(&self, path: &str, edits: bool) -> Result<Journal, &'static str> {
        let place = self.journal.get(path).ok_or("no_entry")?;
        if path.contains('!') {
            return Err("not_forkable");
        }
        if edits && &*place.kind != "step" {
            return Err("not_a_step");
        }
        let seen = |entry: &Entry| entry.seq.is_some_and(|seq| seq < place.issued);
        let over = |entry: &Entry| entry.status.is_settled();
        let around = self.journal.values().filter(|scope| is_inside(path, &scope.path));
        // One that was given up has no outcome: the fork begins it anew.
        if around.clone().any(|scope| is_loop(scope) || (over(scope) && scope.seq.is_some())) {
            return Err("inside_scope");
        }
        if self.journal.values().any(|entry| entry.path.starts_with('!') && seen(entry)) {
            return Err("cancelled");
        }
        let taken: Journal = self.journal.clone().into_iter().filter(|(_, e)| seen(e)).collect();
        for scope in self.journal.values().filter(|scope| is_loop(scope)) {
            let has_begun = taken.keys().any(|path| is_inside(path, &scope.path));
            if has_begun && !(seen(scope) && over(scope)) {
                return Err("amid_loop");
            }
        }
        let taken: Journal = taken.into_iter().filter(|(_, entry)| over(entry)).collect();
        // It says which one; where there are several, any will do.
        let undoable: Vec<&str> =
            taken.values().filter(|entry| entry.undo.is_some()).map(|entry| &*entry.path).collect();
        let is_undone = |path: &&&str| self.journal.contains_key(&format!("{path}!undo"));
        match undoable.iter().find(is_undone) {
            Some(_) => return Err("undone"),
            None if !undoable.is_empty() && !self.row.row.state.is_final() => {
                return Err("may_be_undone");
            }
            None => {}
        }
        // Nobody knows what the function gave a step that had another input.
        let origin = self.row.row.forked_from.as_ref();
        let edited = origin.and_then(|origin| origin.input.as_ref().map(|_| &*origin.path));
        let as_given = |entry: Entry| match edited {
            Some(path) if path == &*entry.path => Entry { input_hash: None, ..entry },
            _ => entry,
        };
        Ok(taken.into_iter().map(|(path, entry)| (path, as_given(entry))).collect())
    }

    /// Holds what came of a fork against what had to, and finds what it has taken along.
    pub(super) fn check(
        &self,
        store: &dyn Store,
        fork: &NewFork,
        forked: &Forked,
    ) -> Result<Option<Journal>, String> {
        let same = Self::of(store, fork.run)
            .is_some_and(|now| now.row == self.row && now.journal == self.journal);
        holds(same, "I28", "a fork changed the run that it was forked from")?;
        let expected = self.expected(&fork.path, fork.input.is_some());
        match (forked, expected) {
            // Unless what is in it was sealed, with the run's end.
            (Forked::Refused(failure), _) if self.is_given_up(&fork.path, failure) => Ok(None),
            (Forked::Refused(failure), Err(code)) => {
                let undone = ["undone", "may_be_undone"];
                let either = undone.contains(&code) && undone.contains(&&*failure.code);
                let fits = failure.code == code || either;
                holds(fits, "I36", &format!("{failure:?}, but it is {code}"))?;
                holds(load(store, fork.id).is_none(), "I36", "what was refused is there")?;
                Ok(None)
            }
            (Forked::Done, Ok(taken)) => {
                self.check_fork(store, fork, &taken)?;
                Ok(Some(taken))
            }
            (forked, expected) => Err(format!(
                "I36 is broken: a fork at `{}` came to {forked:?}, not to {:?}",
                fork.path,
                expected.map(|taken| taken.into_keys().collect::<Vec<_>>())
            )),
        }
    }

    fn is_given_up(&self, path: &str, refused: &Failure) -> bool {
        let scope = self.journal.get(&refused.path);
        let is_one = scope.is_some_and(|scope| scope.status == EntryStatus::Cancelled);
        let sealed = !self.row.entries.iter().any(|entry| *entry.path == *path);
        refused.code == "inside_scope" && is_one && sealed
    }

    fn check_fork(&self, store: &dyn Store, fork: &NewFork, taken: &Journal) -> Result<(), String> {
        let loaded = load(store, fork.id).ok_or("I36 is broken: the fork is lost")?;
        let found = journal(store, fork.id);
        holds(found == *taken, "I36", &format!("it took {found:?}, not {taken:?}"))?;
        let unsealed = |path: &&String| !taken.keys().any(|scope| is_inside(path, scope));
        let mut open: Vec<&str> = taken.keys().filter(unsealed).map(String::as_str).collect();
        let mut loads: Vec<&str> = loaded.entries.iter().map(|entry| &*entry.path).collect();
        open.sort_unstable();
        loads.sort_unstable();
        holds(open == loads, "I12", &format!("a fork loads {loads:?}, not {open:?}"))?;
        let (row, old) = (&loaded.row, &self.row.row);
        let is_new = row.state == RunState::Pending && row.ready && row.owner.is_none();
        let shares = (&row.workflow, &row.revision, row.seed, &row.input, &row.events)
            == (&old.workflow, &old.revision, old.seed, &old.input, &old.events);
        let origin = row.forked_from.as_ref();
        let told = origin.is_some_and(|origin| {
            (origin.run, &origin.path, &origin.input) == (fork.run, &fork.path, &fork.input)
        });
        holds(is_new && shares && told && loaded.inbox.is_empty(), "I36", &format!("{row:?}"))
    }
}

/// Other inputs for some of a fork's steps: its own, and those of what it took from a fork.
pub(super) fn edits(origin: &SimRun, fork: &NewFork, taken: &Journal) -> BTreeMap<String, Value> {
    let inherited = origin.edits.iter().filter(|(path, _)| taken.contains_key(*path));
    let inherited = inherited.map(|(path, input)| (path.clone(), input.clone()));
    let own = fork.input.as_ref().map(|input| (fork.path.to_string(), Payload::to_value(input)));
    inherited.chain(own).collect()
}

fn is_loop(entry: &Entry) -> bool {
    &*entry.kind == "while@1"
}

fn is_inside(path: &str, scope: &str) -> bool {
    path.len() > scope.len()
        && path.starts_with(scope)
        && matches!(path.as_bytes()[scope.len()], b'/' | b'[')
}

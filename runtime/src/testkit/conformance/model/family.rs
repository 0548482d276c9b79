//! Random calls, and forks.

use super::{Pair, RunId};
use crate::Timestamp;
use crate::store::{CALL, Entry, EntryStatus, NewFork, NewRun, Parent, Store, child_id};

impl<S: Store> Pair<'_, S> {
    /// Now and then a call among the entries, begun with its child or given up.
    pub(super) fn call(&mut self, run: RunId, entries: &mut Vec<Entry>) -> Vec<NewRun> {
        if !self.dice.one_in(6) {
            return Vec::new();
        }
        let path = format!("call{}", self.dice.below(3));
        let given_up = self.dice.one_in(4);
        let status = if given_up { EntryStatus::Cancelled } else { EntryStatus::Waiting };
        entries.push(Entry::new(path.as_str(), CALL, status, Timestamp(1_500)));
        if given_up {
            return Vec::new();
        }
        let id = child_id(run, &path);
        let awaited = !self.dice.one_in(3);
        let parent = Some(Parent { run, path, awaited });
        if !self.runs.contains(&id) {
            self.runs.push(id);
        }
        vec![NewRun { id, parent, key: None, owner: None, ..self.new_run() }]
    }

    /// A run that shares the beginning of another, where that can be.
    pub(super) fn fork(&mut self) {
        let run = self.run();
        let entries = self.model.journal(run).unwrap_or_default();
        let paths: Vec<_> = entries.into_iter().map(|entry| entry.path).collect();
        let path = match self.dice.pick(&paths) {
            Some(path) if !self.dice.one_in(8) => path,
            _ => "nowhere".into(),
        };
        let id = RunId::new();
        let at = Timestamp(i64::from(self.step));
        let fork = NewFork { id, run, path, input: self.maybe_value(), at };
        self.same(&fork, self.store.fork(fork.clone()), self.model.fork(fork.clone()));
        self.runs.push(id);
        self.compare(id);
    }
}

//! Runs that share the beginning of others.

use std::sync::Arc;

use serde_json::Value;

use super::Client;
use crate::error::{Error, Result};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{Forked, NewFork, Reply, Transaction};

/// Where a run is forked from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fork {
    /// The entry from which on the fork goes its own way: a step, a wait, a call, a scope.
    pub path: String,
    /// Another input for the step at this path; nothing else can be edited.
    pub input: Option<Value>,
}

impl Fork {
    /// A fork at this entry.
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into(), input: None }
    }

    /// The same, with another input for the step there.
    #[must_use]
    pub fn input(self, input: Value) -> Self {
        Self { input: Some(input), ..self }
    }
}

impl Client {
    /// Starts a run that shares what another one had done when it first came to an entry, and
    /// goes on from there; the other run stays as it is.
    ///
    /// What was in flight then, the entry's own step included, begins anew. Steps that the fork
    /// runs have idempotency keys of its own. What is recorded before belongs to the fork now,
    /// with what undoes it; so a run that may undo it itself has to end first.
    ///
    /// Refused, with the entry to take instead where there is one: `no_entry`, `not_a_step` (an
    /// input for something else), `inside_scope` (of a scope that has come to its outcome, and
    /// of a loop, only the whole can be forked), `amid_loop` (a loop beside it was going on),
    /// `cancelled`, `undone`, `may_be_undone`, `not_forkable`.
    pub async fn fork(&self, run: RunId, fork: Fork) -> Result<RunId> {
        let id = RunId::new();
        let new = NewFork {
            id,
            run,
            path: fork.path.into(),
            input: fork.input.as_ref().map(Payload::from),
            at: self.store.now(),
        };
        let nudge = Arc::clone(&self.nudge);
        let (told, answer) = Reply::channel();
        let reply = Reply::new(move |forked| {
            if forked == Ok(Forked::Done) {
                nudge(id);
            }
            told.send(forked);
        });
        self.store.submit(Transaction::Fork(Box::new(new), reply));
        match answer.await? {
            Forked::Done => Ok(id),
            Forked::UnknownRun => Err(Error::UnknownRun(run)),
            Forked::Refused(failure) => Err(Error::Failed(failure)),
        }
    }
}

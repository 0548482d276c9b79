//! What the owner of a run writes: the hot path, mostly one insert.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Result, Row};

use super::family::caller;
use super::{State, Tables};
use crate::RunId;
use crate::sqlite::codec::{FIRST_SETTLED, Status};
use crate::sqlite::values::{self, PUBLISHED, ROW, Stored};
use crate::store::path::past;
use crate::store::{ChildEnd, Entry, Next, RunState, RunWrite, Written};

/// What a write needs to know of a run that is owned. It is forgotten when another process has
/// written, which may have terminated the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owned {
    pub(super) n: i64,
    pub(super) epoch: u64,
    pub(super) state: RunState,
    pub(super) takeovers: u32,
    pub(super) has_seals: bool,
    /// Whether anything of it lies in blobs.
    pub(super) has_blobs: bool,
}

impl Owned {
    pub(super) fn started(n: i64) -> Self {
        Self {
            n,
            epoch: 1,
            state: RunState::Running,
            takeovers: 0,
            has_seals: false,
            has_blobs: false,
        }
    }
}

/// How a write went.
pub(in crate::sqlite) enum WriteResult {
    /// It is applied, or was refused before anything was written.
    Clean(Written),
    /// It is refused, and half of it is written: the commit that holds it must be rolled back.
    Undo(Written),
}

impl Tables<'_> {
    pub(in crate::sqlite) fn write(&mut self, write: &RunWrite) -> Result<WriteResult> {
        let Some(owned) = self.owned(write.run)?.filter(|owned| owned.epoch == write.epoch) else {
            return Ok(WriteResult::Clean(Written::Fenced));
        };
        let mut owned = owned;
        for (at, entry) in write.entries.iter().enumerate() {
            if !self.put_entry(&mut owned, entry)? {
                let conflict = Written::Conflict(Arc::clone(&entry.path));
                return Ok(match at {
                    0 => WriteResult::Clean(conflict),
                    _ => WriteResult::Undo(conflict),
                });
            }
        }
        if let Next::Suspend { inbox_seq, .. } = &write.next {
            let newest: u64 = self.sql.inbox_seq.query_row([owned.n], |row| row.get(0))?;
            if newest != *inbox_seq {
                return Ok(match write.entries.len() {
                    0 => WriteResult::Clean(Written::NewMail),
                    _ => WriteResult::Undo(Written::NewMail),
                });
            }
        }
        self.settle(owned, write).map(WriteResult::Clean)
    }

    /// Whether a run has this epoch, and an owner.
    pub(in crate::sqlite) fn is_owned(&mut self, run: RunId, epoch: u64) -> Result<bool> {
        Ok(self.owned(run)?.is_some_and(|owned| owned.epoch == epoch))
    }

    /// The run, if it has an owner.
    pub(super) fn owned(&mut self, run: RunId) -> Result<Option<Owned>> {
        if let Some(owned) = self.memory.owned.get(&run) {
            return Ok(Some(*owned));
        }
        let read = |row: &rusqlite::Row<'_>| {
            if row.get::<_, Option<i64>>(2)?.is_none() {
                return Ok(None);
            }
            Ok(Some(Owned {
                n: row.get(0)?,
                epoch: row.get(1)?,
                state: row.get::<_, State>(3)?.0,
                takeovers: row.get(4)?,
                has_seals: row.get(5)?,
                has_blobs: row.get(6)?,
            }))
        };
        let found = self.sql.find_owned.query_row([run.as_bytes()], read).optional()?.flatten();
        if let Some(owned) = found {
            self.memory.owned.insert(run, owned);
        }
        Ok(found)
    }

    /// Writes an entry unless a settled one has its path.
    fn put_entry(&mut self, owned: &mut Owned, entry: &Entry) -> Result<bool> {
        if owned.has_seals && !self.make_way(owned.n, &entry.path)? {
            return Ok(false);
        }
        let waiting = entry.waiting.as_ref();
        let event = waiting.and_then(|waiting| waiting.event.as_ref());
        let input = self.values.maybe(entry.input.as_ref())?;
        let output = self.values.maybe(entry.output.as_ref())?;
        let error = self.values.failure(entry.error.as_ref())?;
        let undo = self.values.maybe(entry.undo.as_ref().map(|undo| &undo.input))?;
        let rows = self.sql.put_entry.execute(rusqlite::params![
            owned.n,
            &*entry.path,
            &*entry.kind,
            Status(entry.status),
            entry.seq,
            input,
            entry.input_hash.as_ref().map(|hash| hash.as_bytes().as_slice()),
            output,
            error,
            entry.attempts,
            entry.forgiven,
            entry.started_at.0,
            entry.ended_at.map(|at| at.0),
            waiting.map(|waiting| waiting.order),
            waiting.and_then(|waiting| waiting.due).map(|at| at.0),
            event.map(|event| &event.name),
            event.and_then(|event| event.key.as_ref()),
            entry.issued,
            entry.undo.as_ref().map(|undo| &*undo.step),
            undo,
        ])?;
        if rows == 0 {
            return Ok(false);
        }
        let values = [input, output, error, undo];
        if owned.has_blobs || values.iter().any(|value| matches!(value, Some(Stored::Blob(_)))) {
            owned.has_blobs = true;
            let place = values::place(&entry.path);
            self.values.forget(owned.n, &place)?;
            for value in &values {
                self.values.note(owned.n, &place, value.as_ref())?;
            }
        }
        Ok(true)
    }

    /// Looks whether a sealed entry stands in the way, and takes away one that is open.
    fn make_way(&mut self, n: i64, path: &str) -> Result<bool> {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let status = self.sql.sealed_status.query_row((n, path), read).optional()?;
        match status {
            None => Ok(true),
            Some(status) if status >= FIRST_SETTLED => Ok(false),
            Some(_) => self.sql.unseal.execute((n, path)).map(|_| true),
        }
    }

    /// Everything of a write that comes after its entries.
    fn settle(&mut self, mut owned: Owned, write: &RunWrite) -> Result<Written> {
        for prefix in &write.seals {
            self.sql.seal.execute((owned.n, prefix, past(prefix)))?;
            owned.has_seals = true;
        }
        for seq in &write.consumed {
            self.sql.consume.execute((owned.n, seq))?;
        }
        if let Some(published) = &write.published {
            let published = self.values.payload(published)?;
            self.sql.publish.execute((&published, owned.n))?;
            if owned.has_blobs {
                self.values.forget(owned.n, PUBLISHED)?;
            }
            owned.has_blobs |= self.values.note(owned.n, PUBLISHED, Some(&published))?;
        }
        if let Some(response) = &write.response {
            let response = self.values.payload(response)?;
            if self.sql.respond.execute((&response, owned.n))? > 0 {
                self.values.note(owned.n, ROW, Some(&response))?;
            }
        }
        if write.is_progress() && owned.takeovers > 0 {
            self.sql.clear_takeovers.execute([owned.n])?;
            owned.takeovers = 0;
        }
        self.relate(write)?;
        let before = owned.state;
        let next = self.yielding(&owned, &write.next)?;
        owned.state = self.go_on(write.run, &owned, &next)?;
        match &*next {
            Next::Keep(_) => {
                let changed = owned.state != before || write.published.is_some();
                if changed || !write.seals.is_empty() || !write.entries.is_empty() {
                    self.memory.owned.insert(write.run, owned);
                }
            }
            _ => drop(self.memory.owned.remove(&write.run)),
        }
        Ok(Written::Done(owned.state))
    }

    /// Keeps a run from its end that is to be cancelled first.
    fn yielding<'n>(&mut self, owned: &Owned, next: &'n Next) -> Result<Cow<'n, Next>> {
        if let Next::End(end) = next
            && end.may_undo
            && self.sql.is_cancelled.query_row([owned.n], |row| row.get(0))?
        {
            return Ok(Cow::Owned(Next::Keep(RunState::Running)));
        }
        Ok(Cow::Borrowed(next))
    }

    fn go_on(&mut self, run: RunId, owned: &Owned, next: &Next) -> Result<RunState> {
        match next {
            Next::Keep(state) => {
                if *state != owned.state {
                    self.sql.keep.execute((State(*state), owned.n))?;
                }
                Ok(*state)
            }
            Next::Suspend { wake_at, .. } => {
                self.sql.suspend.execute((wake_at.map(|at| at.0), owned.n))?;
                Ok(RunState::Waiting)
            }
            Next::Release => {
                self.sql.release.execute([owned.n])?;
                Ok(owned.state)
            }
            Next::Pause(failure) | Next::Park(failure) => {
                let in_spite_of_cancel = matches!(next, Next::Park(_));
                let failure = self.values.failure(Some(failure))?;
                self.sql.pause.execute((&failure, owned.n, in_spite_of_cancel))?;
                self.values.note(owned.n, ROW, failure.as_ref())?;
                Ok(RunState::Paused)
            }
            Next::Adopt(adoption) => self.adopt(run, owned, adoption),
            Next::Refuse(refusal) => self.refuse(owned, refusal),
            Next::End(end) => {
                if end.may_undo {
                    self.sql.give_up_undos.execute((owned.n, end.at.0))?;
                }
                let output = self.values.maybe(end.output.as_ref())?;
                let failure = self.values.failure(end.failure.as_ref())?;
                for value in [&output, &failure] {
                    self.values.note(owned.n, ROW, value.as_ref())?;
                }
                let values = (owned.n, end.at.0, State(end.state), output, failure);
                let read = |row: &Row<'_>| Ok((row.get::<_, State>(0)?.0, caller(row, 1)?));
                let (state, caller) = self.sql.end.query_row(values, read)?;
                let (output, failure) = match state {
                    RunState::Cancelled => (None, None),
                    _ => (end.output.as_ref(), end.failure.as_ref()),
                };
                self.part(run, caller, end.at, |reason| {
                    ChildEnd::new(state, output, failure, reason)
                })?;
                Ok(state)
            }
        }
    }
}

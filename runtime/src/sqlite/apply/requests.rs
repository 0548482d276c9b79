//! What someone outside asks of a run.

use rusqlite::Result;

use super::family::caller;
use super::{Tables, Target};
use crate::Failure;
use crate::sqlite::values::ROW;
use crate::store::{Ask, ChildEnd, Request, Requested, RunState, StopKind};

impl Tables<'_> {
    pub(in crate::sqlite) fn request(&mut self, asked: &Request) -> Result<Requested> {
        let Some(target) = self.target(asked.run)? else { return Ok(Requested::UnknownRun) };
        if target.state.is_final() {
            return Ok(Requested::Finished);
        }
        let accepted = match &asked.ask {
            Ask::Cancel => self.cancel(&target, asked)?,
            Ask::Terminate => self.terminate(&target, asked)?,
            Ask::Pause => self.pause(&target, asked)?,
            Ask::Resume => self.resume(&target)?,
            Ask::Adopt(revision) => self.want(&target, revision)?,
        };
        Ok(if accepted { Requested::Accepted } else { Requested::Unchanged })
    }

    fn cancel(&mut self, target: &Target, asked: &Request) -> Result<bool> {
        if target.stop == Some(StopKind::Cancel) {
            return Ok(false);
        }
        if self.sql.has_not_begun.exists([target.n])? {
            // It has nothing to clean up, and may wait long for a worker.
            self.sql.cancel_unbegun.execute((target.n, &asked.reason, asked.at.0))?;
            let caller = self.sql.caller.query_row([target.n], |row| caller(row, 0))?;
            self.part(asked.run, caller, asked.at, |reason| {
                ChildEnd::Cancelled(reason.map(str::to_owned))
            })?;
            return Ok(true);
        }
        let goes_on = target.state == RunState::Paused
            && target.failure.as_ref().is_some_and(Failure::is_from_outside);
        self.sql.cancel.execute((target.n, &asked.reason, goes_on))?;
        Ok(true)
    }

    fn pause(&mut self, target: &Target, asked: &Request) -> Result<bool> {
        if target.state == RunState::Paused || target.stop.is_some() {
            return Ok(false);
        }
        if target.owner.is_some() {
            self.sql.ask_pause.execute((target.n, &asked.reason))?;
        } else {
            let failure = Failure::paused(asked.reason.clone());
            let failure = self.values.failure(Some(&failure))?;
            self.sql.pause_row.execute((target.n, &failure))?;
            self.values.note(target.n, ROW, failure.as_ref())?;
        }
        Ok(true)
    }

    fn resume(&mut self, target: &Target) -> Result<bool> {
        let accepted = target.state == RunState::Paused || target.stop == Some(StopKind::Pause);
        if accepted {
            self.sql.resume.execute([target.n])?;
        }
        Ok(accepted)
    }

    fn want(&mut self, target: &Target, revision: &str) -> Result<bool> {
        let known = target.revision == revision
            || target.wanted_revision.as_deref().is_some_and(|wanted| wanted == revision);
        if !known {
            self.sql.want.execute((target.n, revision))?;
        }
        Ok(!known)
    }

    fn terminate(&mut self, target: &Target, asked: &Request) -> Result<bool> {
        let failure = Failure::terminated(asked.reason.clone());
        let stored = self.values.failure(Some(&failure))?;
        self.sql.terminate.execute((target.n, &stored, asked.at.0))?;
        self.values.note(target.n, ROW, stored.as_ref())?;
        self.sql.give_up_entries.execute((target.n, asked.at.0))?;
        if let Some(owner) = target.owner {
            self.sql.take_away.execute((owner, asked.run.as_bytes()))?;
        }
        self.memory.owned.remove(&asked.run);
        let caller = self.sql.caller.query_row([target.n], |row| caller(row, 0))?;
        self.part(asked.run, caller, asked.at, |_| ChildEnd::Terminated(failure))?;
        Ok(true)
    }
}

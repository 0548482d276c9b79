//! Runs that runs start: children that begin, are given up, and end.

use rusqlite::{Result, Row};

use super::{Blob16, Tables};
use crate::sqlite::values::INBOX;
use crate::store::family::{GIVEN_UP, ORPHANED};
use crate::store::{Ask, CALL, ChildEnd, EntryStatus, Request, RunWrite, child_end_key, child_id};
use crate::{RunId, Timestamp};

/// Who waits for a run that has ended, and why that was asked to stop.
pub(super) struct Caller {
    /// The calling run, and where it calls; if it waits.
    parent: Option<(RunId, String)>,
    reason: Option<String>,
}

/// Reads the caller from three columns, the first of which is null if nobody waits.
pub(super) fn caller(row: &Row<'_>, from: usize) -> Result<Caller> {
    let parent = match row.get::<_, Option<Blob16>>(from)? {
        Some(run) => Some((RunId::from_bytes(run.0), row.get(from + 1)?)),
        None => None,
    };
    Ok(Caller { parent, reason: row.get(from + 2)? })
}

impl Tables<'_> {
    /// Applies what a write means for other runs.
    pub(super) fn relate(&mut self, write: &RunWrite) -> Result<()> {
        for child in &write.children {
            if !self.sql.find_run.exists([child.id.as_bytes()])? {
                self.start(child)?;
            }
        }
        for entry in &write.entries {
            if &*entry.kind == CALL && entry.status == EntryStatus::Cancelled {
                let at = entry.ended_at.unwrap_or(entry.started_at);
                self.cancel_child(child_id(write.run, &entry.path), GIVEN_UP, at)?;
            }
        }
        Ok(())
    }

    /// A run has ended: its awaited children are to end, and its caller is told.
    pub(super) fn part(
        &mut self,
        run: RunId,
        caller: Caller,
        at: Timestamp,
        end: impl FnOnce(Option<&str>) -> ChildEnd,
    ) -> Result<()> {
        let read = |row: &Row<'_>| Ok(RunId::from_bytes(row.get::<_, Blob16>(0)?.0));
        let children = self.sql.awaited_children.query_map([run.as_bytes()], read)?;
        for child in children.collect::<Result<Vec<_>>>()? {
            self.cancel_child(child, ORPHANED, at)?;
        }
        let Some((parent, path)) = caller.parent else { return Ok(()) };
        let Some(target) = self.target(parent)? else { return Ok(()) };
        if target.state.is_final() || !self.sql.waiting_call.exists((target.n, &path))? {
            return Ok(());
        }
        let (key, mail) = (child_end_key(&path), end(caller.reason.as_deref()).encode());
        let seq = target.inbox_seq + 1;
        let no_id: Option<String> = None;
        let mail = self.values.payload(&mail)?;
        self.sql.add_event.execute((target.n, seq, &key.name, &key.key, no_id, &mail, at.0))?;
        self.values.note(target.n, INBOX, Some(&mail))?;
        self.sql.mail.execute([target.n])?;
        Ok(())
    }

    fn cancel_child(&mut self, child: RunId, reason: &str, at: Timestamp) -> Result<()> {
        // Only what has ended refuses it; it is not there only if its call never was.
        let reason = Some(reason.to_owned());
        let ask = Request { reason, ..Request::new(child, Ask::Cancel, at) };
        self.request(&ask).map(drop)
    }
}

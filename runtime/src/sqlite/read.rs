//! Answers queries on a connection that only reads.

mod list;

use rusqlite::{Connection, OptionalExtension, Params, Result, Statement};

use super::codec::{self, ENTRY_COLUMNS, EVENT_COLUMNS, FIRST_SETTLED, RUN_COLUMNS, RUN_TABLES};
use super::failing::{failed, is_final};
use super::values::{Codec, Recaller};
use crate::store::{
    Entry, Firing, Inbox, InboxEvent, Loaded, Progressed, Query, Reply, RunRow, StoreError,
    Stretch, StretchOf, UNDO_SUFFIX,
};
use crate::{RunId, Timestamp};

/// A connection with its statements, each prepared once.
pub(super) struct Reader<'c> {
    connection: &'c Connection,
    row: Statement<'c>,
    row_by_number: Statement<'c>,
    unsealed: Statement<'c>,
    open: Statement<'c>,
    whole: Statement<'c>,
    mail: Statement<'c>,
    undos: Statement<'c>,
    progress: Statement<'c>,
    next_fire: Statement<'c>,
    values: Recaller<'c>,
}

impl<'c> Reader<'c> {
    pub(super) fn new(connection: &'c Connection, codec: Codec) -> Result<Self> {
        // Settled entries by `seq`, then those without one.
        let entries = |which: &str| {
            connection.prepare(&format!(
                "SELECT {ENTRY_COLUMNS} FROM entry WHERE {which}
                 ORDER BY seq NULLS LAST, started_at, path"
            ))
        };
        Ok(Self {
            connection,
            row: connection
                .prepare(&format!("SELECT {RUN_COLUMNS} FROM {RUN_TABLES} WHERE run.id = ?"))?,
            row_by_number: connection
                .prepare(&format!("SELECT {RUN_COLUMNS} FROM {RUN_TABLES} WHERE run.n = ?"))?,
            unsealed: entries("run = ? AND sealed = 0")?,
            open: entries(&format!("run = ? AND sealed = 0 AND status < {FIRST_SETTLED}"))?,
            whole: entries("run = ?")?,
            mail: connection.prepare(&format!(
                "SELECT {EVENT_COLUMNS} FROM event
                 WHERE run = ? AND consumed = 0 AND seq > ? ORDER BY seq"
            ))?,
            // A sealed entry whose compensation is settled and sealed, too, is done with.
            undos: connection.prepare(&format!(
                "SELECT path, seq, undo_step, undo_input FROM entry
                 WHERE run = ? AND sealed = 1 AND undo_step IS NOT NULL AND NOT EXISTS (
                   SELECT 1 FROM entry AS undo
                   WHERE undo.run = entry.run AND undo.sealed = 1
                     AND undo.path = entry.path || '{UNDO_SUFFIX}'
                     AND undo.status >= {FIRST_SETTLED})
                 ORDER BY seq NULLS LAST, path"
            ))?,
            progress: connection.prepare(
                "SELECT idx, path, item_id, value, at FROM progress
                 WHERE run = ? AND stream = ? AND idx >= ? ORDER BY idx LIMIT ?",
            )?,
            next_fire: connection.prepare("SELECT rule, next_fire FROM schedule WHERE name = ?")?,
            values: Recaller::new(connection, codec)?,
        })
    }

    /// Answers from one snapshot, which is taken now: a query that was asked later might miss
    /// what was acknowledged to its asker meanwhile.
    pub(super) fn answer(&mut self, batch: Vec<Query>) {
        // What cannot be read once cannot be read again: whoever asks is not to try for ever.
        fn send<T>(reply: Reply<T>, answer: Result<T>) {
            reply.send(answer.map_err(|error| match is_final(&error) {
                Some(reason) => StoreError::Closed(reason),
                None => failed(&error),
            }));
        }
        // Without a snapshot each statement reads by itself, and says what is wrong.
        let _snapshot = self.connection.unchecked_transaction();
        for query in batch {
            match query {
                Query::Load(run, reply) => send(reply, self.load(run)),
                Query::Inbox(run, after, reply) => send(reply, self.inbox(run, after)),
                Query::Run(run, reply) => send(reply, self.run(run)),
                Query::Runs(filter, reply) => send(reply, self.runs(&filter)),
                Query::Journal(run, reply) => send(reply, self.journal(run)),
                Query::Progress(of, reply) => send(reply, self.stretch(&of)),
                Query::NextFire(schedule, reply) => send(reply, self.next_fire(&schedule)),
            }
        }
    }

    /// What it takes to drive a run.
    fn load(&mut self, id: RunId) -> Result<Option<Loaded>> {
        let Some((n, row)) = self.row(id)? else { return Ok(None) };
        let entries = entries(&mut self.unsealed, &self.values, [n])?;
        let undos = self.undos.query_map([n], |row| codec::undoable(row, &self.values))?;
        let undos = undos.filter_map(Result::transpose).collect::<Result<_>>()?;
        Ok(Some(Loaded { row, entries, inbox: self.mail(n, 0)?, undos }))
    }

    /// The mail that came after a position.
    fn inbox(&mut self, id: RunId, after: u64) -> Result<Option<Inbox>> {
        let Some((n, row)) = self.row(id)? else { return Ok(None) };
        let RunRow { inbox_seq, epoch, stop, wanted_revision, .. } = row;
        let events = self.mail(n, after)?;
        Ok(Some(Inbox { inbox_seq, epoch, stop, wanted_revision, events }))
    }

    /// A run's row with its open entries.
    fn run(&mut self, id: RunId) -> Result<Option<(RunRow, Vec<Entry>)>> {
        let Some((n, row)) = self.row(id)? else { return Ok(None) };
        Ok(Some((row, entries(&mut self.open, &self.values, [n])?)))
    }

    /// A run's whole journal.
    fn journal(&mut self, id: RunId) -> Result<Option<Vec<Entry>>> {
        let Some((n, _)) = self.row(id)? else { return Ok(None) };
        entries(&mut self.whole, &self.values, [n]).map(Some)
    }

    /// A part of a progress stream.
    fn stretch(&mut self, of: &StretchOf) -> Result<Option<Stretch>> {
        let Some((n, row)) = self.row(of.run)? else { return Ok(None) };
        let limit = if of.limit == 0 { -1 } else { i64::try_from(of.limit).unwrap_or(-1) };
        // No stream is as long as what does not fit.
        let from = i64::try_from(of.from).unwrap_or(i64::MAX);
        let values = &self.values;
        let items = self.progress.query_map((n, &of.stream, from, limit), |row| {
            Ok(Progressed {
                index: row.get(0)?,
                path: row.get_ref(1)?.as_str()?.into(),
                item_id: row.get(2)?,
                value: values.payload(row, 3)?,
                at: Timestamp(row.get(4)?),
            })
        })?;
        Ok(Some(Stretch { items: items.collect::<Result<_>>()?, state: row.state }))
    }

    /// When a schedule fires next; `None` if it was never told.
    fn next_fire(&mut self, schedule: &str) -> Result<Option<Firing>> {
        self.next_fire.query_row([schedule], codec::firing).optional()
    }

    fn row(&mut self, id: RunId) -> Result<Option<(i64, RunRow)>> {
        self.row.query_row([id.as_bytes()], |row| codec::run(row, &self.values)).optional()
    }

    fn mail(&mut self, n: i64, after: u64) -> Result<Vec<InboxEvent>> {
        self.mail.query_map((n, after), |row| codec::event(row, &self.values))?.collect()
    }
}

fn entries(
    statement: &mut Statement<'_>,
    values: &Recaller<'_>,
    parameters: impl Params,
) -> Result<Vec<Entry>> {
    statement.query_map(parameters, |row| codec::entry(row, values))?.collect()
}

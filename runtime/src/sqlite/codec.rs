//! Between the rows of the store and those of the tables.

use std::sync::Arc;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Result, Row};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::values::Recaller;
use crate::store::{
    Compensation, Entry, EntryStatus, EventKey, Firing, ForkedFrom, Hold, InboxEvent, Limited,
    Parent, RunRow, RunState, Stop, StopKind, Undoable, Waiting,
};
use crate::{InputHash, RunId, Timestamp, WorkerId};

/// Gives an enum its numbers in the tables. They are part of the format: never renumber.
macro_rules! numbered {
    ($newtype:ident, $ty:ident { $($number:literal = $variant:ident),+ $(,)? }) => {
        #[derive(Clone, Copy)]
        pub(super) struct $newtype(pub(super) $ty);

        impl ToSql for $newtype {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                let number: i64 = match self.0 {
                    $($ty::$variant => $number,)+
                };
                Ok(number.into())
            }
        }

        impl FromSql for $newtype {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_i64()? {
                    $($number => Ok(Self($ty::$variant)),)+
                    number => Err(FromSqlError::OutOfRange(number)),
                }
            }
        }
    };
}

numbered!(State, RunState {
    0 = Pending, 1 = Running, 2 = Waiting, 3 = Paused, 4 = Completed, 5 = Failed, 6 = Cancelled,
});
numbered!(Status, EntryStatus {
    0 = Running, 1 = Waiting, 2 = Retrying, 3 = Completed, 4 = Failed, 5 = Cancelled,
});

/// The first settled number of a [`Status`]; the SQL texts know it too.
pub(super) const FIRST_SETTLED: i64 = 3;

/// A 16-byte id or hash.
pub(super) struct Blob16(pub(super) [u8; 16]);

impl FromSql for Blob16 {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let wrong = |_| FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: bytes.len() };
        bytes.try_into().map(Self).map_err(wrong)
    }
}

/// JSON text in a column.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<Option<T>> {
    Ok(row.get::<_, Option<Json<T>>>(column)?.map(|json| json.0))
}

fn shared_text(row: &Row<'_>, column: usize) -> Result<Arc<str>> {
    Ok(row.get_ref(column)?.as_str()?.into())
}

fn instant(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
}

/// What [`run`] reads, in its order.
pub(super) const RUN_COLUMNS: &str = "\
    run.id, definition.workflow, definition.revision, definition.events, run.key, run.seed, \
    run.state, run.input, run.input_hash, run.output, run.failure, run.started_at, run.ended_at, \
    run.epoch, worker.id, run.queued, run.wake_at, run.inbox_seq, run.stop, \
    run.takeovers, run.n, run.tags, run.published, run.response, run.stop_reason, run.parent, \
    run.parent_path, run.awaited, run.forked_from, run.forked_input, run.revisions, \
    run.wanted_revision, run.refusal, definition.fingerprint, run.priority, limit_rule.name, \
    limit_lane.key, run.while_active, run.slot";

/// Where [`RUN_COLUMNS`] come from.
pub(super) const RUN_TABLES: &str = "\
    run JOIN definition ON definition.n = run.definition \
    LEFT JOIN worker ON worker.n = run.owner \
    LEFT JOIN limit_lane ON limit_lane.n = run.lane \
    LEFT JOIN limit_rule ON limit_rule.n = limit_lane.rule";

/// A run's row, and its number.
pub(super) fn run(row: &Row<'_>, values: &Recaller<'_>) -> Result<(i64, RunRow)> {
    let queued: i64 = row.get(15)?;
    let run = RunRow {
        id: RunId::from_bytes(row.get::<_, Blob16>(0)?.0),
        workflow: shared_text(row, 1)?,
        revision: shared_text(row, 2)?,
        fingerprint: Some(shared_text(row, 33)?).filter(|fingerprint| !fingerprint.is_empty()),
        events: row.get::<_, Json<Vec<String>>>(3)?.0,
        key: row.get(4)?,
        seed: row.get::<_, Blob16>(5)?.0,
        state: row.get::<_, State>(6)?.0,
        input: values.payload(row, 7)?,
        input_hash: InputHash::from_bytes(row.get::<_, Blob16>(8)?.0),
        output: values.maybe(row, 9)?,
        failure: values.failure(row, 10)?,
        started_at: Timestamp(row.get(11)?),
        ended_at: instant(row, 12)?,
        epoch: row.get(13)?,
        owner: row.get::<_, Option<Blob16>>(14)?.map(|id| WorkerId::from_bytes(id.0)),
        ready: queued & READY != 0,
        wake_at: instant(row, 16)?,
        inbox_seq: row.get(17)?,
        stop: asked(row)?,
        takeovers: row.get(19)?,
        tags: json(row, 21)?.unwrap_or_default(),
        published: values.maybe(row, 22)?,
        response: values.maybe(row, 23)?,
        parent: parent(row)?,
        forked_from: forked_from(row, values)?,
        revisions: json(row, 30)?.unwrap_or_default(),
        wanted_revision: row.get_ref(31)?.as_str_or_null()?.map(Arc::from),
        refusal: json(row, 32)?,
        priority: row.get(34)?,
        limited: limited(row)?,
    };
    Ok((row.get(20)?, run))
}

/// What was asked of a run, as it stands in `run.stop`.
pub(super) fn stop(number: i64) -> Result<Option<StopKind>> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(StopKind::Cancel)),
        2 => Ok(Some(StopKind::Pause)),
        number => Err(FromSqlError::OutOfRange(number).into()),
    }
}

fn limited(row: &Row<'_>) -> Result<Option<Limited>> {
    let Some(limit) = row.get_ref(35)?.as_str_or_null()?.map(Arc::from) else { return Ok(None) };
    let hold = if row.get(37)? { Hold::WhileActive } else { Hold::UntilEnd };
    let slot = row.get::<_, Option<Blob16>>(38)?.map(|id| RunId::from_bytes(id.0));
    Ok(Some(Limited { limit, key: shared_text(row, 36)?, hold, slot }))
}

fn asked(row: &Row<'_>) -> Result<Option<Stop>> {
    let Some(kind) = stop(row.get(18)?)? else { return Ok(None) };
    Ok(Some(Stop { kind, reason: row.get(24)? }))
}

fn parent(row: &Row<'_>) -> Result<Option<Parent>> {
    let Some(run) = row.get::<_, Option<Blob16>>(25)? else { return Ok(None) };
    let (path, awaited) = (row.get(26)?, row.get(27)?);
    Ok(Some(Parent { run: RunId::from_bytes(run.0), path, awaited }))
}

/// What [`ForkedFrom`] is in a column, but for the input.
#[derive(Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) run: RunId,
    pub(super) path: String,
    pub(super) started_at: i64,
    #[serde(default)]
    pub(super) seen: u64,
}

fn forked_from(row: &Row<'_>, values: &Recaller<'_>) -> Result<Option<ForkedFrom>> {
    let Some(Origin { run, path, started_at, seen }) = json(row, 28)? else { return Ok(None) };
    let (path, started_at) = (path.into(), Timestamp(started_at));
    Ok(Some(ForkedFrom { run, path, input: values.maybe(row, 29)?, started_at, seen }))
}

/// Bit of `run.queued`: the run has mail or work that nobody has fetched.
pub(super) const READY: i64 = 1;
/// Bit of `run.queued`: the run's owner is gone.
pub(super) const ABANDONED: i64 = 2;

/// What [`entry`] reads, in its order.
pub(super) const ENTRY_COLUMNS: &str = "\
    path, kind, status, seq, input, input_hash, output, error, attempts, forgiven, \
    started_at, ended_at, wait_order, wait_due, wait_event, wait_key, issued, undo_step, undo_input";

/// A row of the journal.
pub(super) fn entry(row: &Row<'_>, values: &Recaller<'_>) -> Result<Entry> {
    let hash: Option<Blob16> = row.get(5)?;
    Ok(Entry {
        path: shared_text(row, 0)?,
        kind: shared_text(row, 1)?,
        status: row.get::<_, Status>(2)?.0,
        seq: row.get(3)?,
        input: values.maybe(row, 4)?,
        input_hash: hash.map(|hash| InputHash::from_bytes(hash.0)),
        output: values.maybe(row, 6)?,
        error: values.failure(row, 7)?,
        attempts: row.get(8)?,
        forgiven: row.get(9)?,
        started_at: Timestamp(row.get(10)?),
        ended_at: instant(row, 11)?,
        waiting: waiting(row)?,
        issued: row.get(16)?,
        undo: compensation(row, 17, values)?,
    })
}

/// What undoes an outcome: a step in this column, its input in the next.
fn compensation(
    row: &Row<'_>,
    column: usize,
    values: &Recaller<'_>,
) -> Result<Option<Compensation>> {
    let Some(input) = values.maybe(row, column + 1)? else { return Ok(None) };
    Ok(Some(Compensation { step: shared_text(row, column)?, input }))
}

/// What can be undone: path, place in the order, and what undoes it.
pub(super) fn undoable(row: &Row<'_>, values: &Recaller<'_>) -> Result<Option<Undoable>> {
    let (path, seq) = (shared_text(row, 0)?, row.get(1)?);
    Ok(compensation(row, 2, values)?.map(|undo| Undoable { path, seq, undo }))
}

fn waiting(row: &Row<'_>) -> Result<Option<Waiting>> {
    let Some(order) = row.get(12)? else { return Ok(None) };
    let name: Option<String> = row.get(14)?;
    let key = row.get(15)?;
    let event = name.map(|name| EventKey { name, key });
    Ok(Some(Waiting { due: instant(row, 13)?, event, order }))
}

/// When a schedule fires next: its rule, then its instant.
pub(super) fn firing(row: &Row<'_>) -> Result<Firing> {
    Ok(Firing { rule: row.get(0)?, at: instant(row, 1)? })
}

/// What [`event`] reads, in its order.
pub(super) const EVENT_COLUMNS: &str = "seq, name, key, payload, at";

/// An event of the inbox.
pub(super) fn event(row: &Row<'_>, values: &Recaller<'_>) -> Result<InboxEvent> {
    Ok(InboxEvent {
        seq: row.get(0)?,
        event: EventKey { name: row.get(1)?, key: row.get(2)? },
        payload: values.payload(row, 3)?,
        at: Timestamp(row.get(4)?),
    })
}

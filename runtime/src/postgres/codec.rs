//! Between the rows of the store and those of the tables.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::values::Codec;
use crate::failure::Failure;
use crate::store::{
    Compensation, Entry, EntryStatus, EventKey, Firing, ForkedFrom, Hold, InboxEvent, Limited,
    Parent, RunRow, RunState, Stop, StopKind, StoreError, Undoable, Waiting,
};
use crate::{InputHash, Payload, RunId, Timestamp, WorkerId};

type Result<T> = std::result::Result<T, StoreError>;

/// Gives an enum its numbers in the tables. They are part of the format: never renumber.
macro_rules! numbered {
    ($to:ident, $from:ident, $ty:ident { $($number:literal = $variant:ident),+ $(,)? }) => {
        /// The number of a variant.
        pub(super) fn $to(of: $ty) -> i16 {
            match of {
                $($ty::$variant => $number,)+
            }
        }

        /// The variant of a number.
        pub(super) fn $from(number: i16) -> Result<$ty> {
            match number {
                $($number => Ok($ty::$variant),)+
                number => Err(damaged(&format!("there is no {} {number}", stringify!($ty)))),
            }
        }
    };
}

numbered!(state_number, state, RunState {
    0 = Pending, 1 = Running, 2 = Waiting, 3 = Paused, 4 = Completed, 5 = Failed, 6 = Cancelled,
});
numbered!(status_number, status, EntryStatus {
    0 = Running, 1 = Waiting, 2 = Retrying, 3 = Completed, 4 = Failed, 5 = Cancelled,
});

/// What the tables say makes no sense.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Failed(format!("the journal is damaged: {what} [corrupt]"))
}

/// A column of a row.
pub(super) fn get<'r, T: FromSql<'r>>(row: &'r Row, column: usize) -> Result<T> {
    row.try_get(column).map_err(|error| damaged(&error.to_string()))
}

/// A number that is never negative, as the tables hold it.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The same for a smaller one.
pub(super) fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A number that is never negative.
pub(super) fn natural(row: &Row, column: usize) -> Result<u64> {
    get::<i64>(row, column).map(i64::cast_unsigned)
}

fn count(row: &Row, column: usize) -> Result<u32> {
    get::<i32>(row, column).map(i32::cast_unsigned)
}

/// The id of a run as the database knows it.
pub(super) fn uuid(run: RunId) -> Uuid {
    Uuid::from_bytes(*run.as_bytes())
}

/// The id of a worker as the database knows it.
pub(super) fn worker_uuid(worker: WorkerId) -> Uuid {
    Uuid::from_bytes(*worker.as_bytes())
}

/// The id of a run.
pub(super) fn run_id(row: &Row, column: usize) -> Result<RunId> {
    get::<Uuid>(row, column).map(|id| RunId::from_bytes(id.into_bytes()))
}

fn shared_text(row: &Row, column: usize) -> Result<Arc<str>> {
    get::<&str>(row, column).map(Arc::from)
}

fn bytes16(bytes: &[u8]) -> Result<[u8; 16]> {
    bytes.try_into().map_err(|_| damaged("a hash does not have 16 bytes"))
}

/// A hash of an input.
pub(super) fn hash(row: &Row, column: usize) -> Result<InputHash> {
    bytes16(get(row, column)?).map(InputHash::from_bytes)
}

fn instant(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp))
}

/// JSON text for a column.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))
}

/// What the JSON text in a column says.
pub(super) fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<Option<T>> {
    let Some(text) = get::<Option<&str>>(row, column)? else { return Ok(None) };
    serde_json::from_str(text).map(Some).map_err(|error| damaged(&error.to_string()))
}

fn payload(row: &Row, column: usize, codec: &Codec) -> Result<Payload> {
    codec.read(get(row, column)?)
}

fn maybe(row: &Row, column: usize, codec: &Codec) -> Result<Option<Payload>> {
    get::<Option<&[u8]>>(row, column)?.map(|bytes| codec.read(bytes)).transpose()
}

fn failure(row: &Row, column: usize, codec: &Codec) -> Result<Option<Failure>> {
    get::<Option<&[u8]>>(row, column)?.map(|bytes| codec.read_failure(bytes)).transpose()
}

/// A run's row.
pub(super) fn run(row: &Row, codec: &Codec) -> Result<RunRow> {
    Ok(RunRow {
        id: run_id(row, 0)?,
        workflow: shared_text(row, 1)?,
        revision: shared_text(row, 2)?,
        fingerprint: Some(shared_text(row, 32)?).filter(|fingerprint| !fingerprint.is_empty()),
        events: json(row, 3)?.unwrap_or_default(),
        key: get(row, 4)?,
        seed: bytes16(get(row, 5)?)?,
        state: state(get(row, 6)?)?,
        input: payload(row, 7, codec)?,
        input_hash: hash(row, 8)?,
        output: maybe(row, 9, codec)?,
        failure: failure(row, 10, codec)?,
        started_at: Timestamp(get(row, 11)?),
        ended_at: instant(row, 12)?,
        epoch: natural(row, 13)?,
        owner: get::<Option<Uuid>>(row, 14)?.map(|id| WorkerId::from_bytes(id.into_bytes())),
        ready: get(row, 15)?,
        wake_at: instant(row, 16)?,
        inbox_seq: natural(row, 17)?,
        stop: stop(row)?,
        takeovers: count(row, 19)?,
        tags: json(row, 20)?.unwrap_or_default(),
        published: maybe(row, 21, codec)?,
        response: maybe(row, 22, codec)?,
        parent: parent(row)?,
        forked_from: forked_from(row, codec)?,
        revisions: json(row, 29)?.unwrap_or_default(),
        wanted_revision: get::<Option<&str>>(row, 30)?.map(Arc::from),
        refusal: json(row, 31)?,
        priority: get(row, 33)?,
        limited: limited(row)?,
    })
}

fn limited(row: &Row) -> Result<Option<Limited>> {
    let Some(limit) = get::<Option<&str>>(row, 34)?.map(Arc::from) else { return Ok(None) };
    let hold = if get(row, 36)? { Hold::WhileActive } else { Hold::UntilEnd };
    let slot = get::<Option<Uuid>>(row, 37)?.map(|id| RunId::from_bytes(id.into_bytes()));
    Ok(Some(Limited { limit, key: shared_text(row, 35)?, hold, slot }))
}

fn stop(row: &Row) -> Result<Option<Stop>> {
    let kind = match get::<i16>(row, 18)? {
        0 => return Ok(None),
        1 => StopKind::Cancel,
        _ => StopKind::Pause,
    };
    Ok(Some(Stop { kind, reason: get(row, 23)? }))
}

fn parent(row: &Row) -> Result<Option<Parent>> {
    let Some(run) = get::<Option<Uuid>>(row, 24)? else { return Ok(None) };
    let (path, awaited) = (get(row, 25)?, get(row, 26)?);
    Ok(Some(Parent { run: RunId::from_bytes(run.into_bytes()), path, awaited }))
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

fn forked_from(row: &Row, codec: &Codec) -> Result<Option<ForkedFrom>> {
    let Some(Origin { run, path, started_at, seen }) = json(row, 27)? else { return Ok(None) };
    let (path, started_at) = (path.into(), Timestamp(started_at));
    Ok(Some(ForkedFrom { run, path, input: maybe(row, 28, codec)?, started_at, seen }))
}

/// A row of the journal.
pub(super) fn entry(row: &Row, codec: &Codec) -> Result<Entry> {
    let hash = get::<Option<&[u8]>>(row, 5)?.map(bytes16).transpose()?;
    Ok(Entry {
        path: shared_text(row, 0)?,
        kind: shared_text(row, 1)?,
        status: status(get(row, 2)?)?,
        seq: get::<Option<i64>>(row, 3)?.map(i64::cast_unsigned),
        input: maybe(row, 4, codec)?,
        input_hash: hash.map(InputHash::from_bytes),
        output: maybe(row, 6, codec)?,
        error: failure(row, 7, codec)?,
        attempts: count(row, 8)?,
        forgiven: count(row, 9)?,
        started_at: Timestamp(get(row, 10)?),
        ended_at: instant(row, 11)?,
        waiting: waiting(row)?,
        issued: natural(row, 16)?,
        undo: compensation(row, 17, codec)?,
    })
}

fn waiting(row: &Row) -> Result<Option<Waiting>> {
    let Some(order) = get::<Option<i64>>(row, 12)? else { return Ok(None) };
    let name: Option<String> = get(row, 14)?;
    let key = get(row, 15)?;
    let event = name.map(|name| EventKey { name, key });
    Ok(Some(Waiting { due: instant(row, 13)?, event, order: order.cast_unsigned() }))
}

/// What undoes an outcome: a step in this column, its input in the next.
fn compensation(row: &Row, column: usize, codec: &Codec) -> Result<Option<Compensation>> {
    let Some(input) = maybe(row, column + 1, codec)? else { return Ok(None) };
    Ok(Some(Compensation { step: shared_text(row, column)?, input }))
}

/// What can be undone: path, place in the order, and what undoes it.
pub(super) fn undoable(row: &Row, codec: &Codec) -> Result<Option<Undoable>> {
    let path = shared_text(row, 0)?;
    let seq = get::<Option<i64>>(row, 1)?.map(i64::cast_unsigned);
    Ok(compensation(row, 2, codec)?.map(|undo| Undoable { path, seq, undo }))
}

/// When a schedule fires next: its rule, then its instant.
pub(super) fn firing(row: &Row) -> Result<Firing> {
    Ok(Firing { rule: get(row, 0)?, at: instant(row, 1)? })
}

/// An event of the inbox.
pub(super) fn event(row: &Row, codec: &Codec) -> Result<InboxEvent> {
    Ok(InboxEvent {
        seq: natural(row, 0)?,
        event: EventKey { name: get(row, 1)?, key: get(row, 2)? },
        payload: codec.read_event(get(row, 3)?)?,
        at: Timestamp(get(row, 4)?),
    })
}

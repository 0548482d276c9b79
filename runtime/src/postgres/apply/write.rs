//! What the owner of a run writes: the hot path, one call.

use futures_util::future;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{Applied, Applier, Result, Tells, applied, read, start, unsent};
use crate::Failure;
use crate::postgres::codec::{get, int, small, state, state_number, status_number, to_json, uuid};
use crate::postgres::pipeline::in_order;
use crate::postgres::values::{Codec, Stored};
use crate::store::answer::Answer;
use crate::store::path::past;
use crate::store::{CALL, Entry, EntryStatus, Next, RunWrite, StoreError, Written, child_id};

/// Entries, column by column.
#[derive(Default)]
struct Columns<'w> {
    paths: Vec<&'w str>,
    kinds: Vec<&'w str>,
    statuses: Vec<i16>,
    seqs: Vec<Option<i64>>,
    inputs: Vec<Option<Stored<'w>>>,
    hashes: Vec<Option<&'w [u8]>>,
    outputs: Vec<Option<Stored<'w>>>,
    errors: Vec<Option<Stored<'w>>>,
    attempts: Vec<i32>,
    forgiven: Vec<i32>,
    issued: Vec<i64>,
    started: Vec<i64>,
    ended: Vec<Option<i64>>,
    orders: Vec<Option<i64>>,
    dues: Vec<Option<i64>>,
    events: Vec<Option<&'w str>>,
    keys: Vec<Option<&'w str>>,
    undo_steps: Vec<Option<&'w str>>,
    undo_inputs: Vec<Option<Stored<'w>>>,
}

impl<'w> Columns<'w> {
    fn new(entries: &'w [Entry], codec: &Codec) -> std::result::Result<Self, StoreError> {
        let mut columns = Self::default();
        for entry in entries {
            columns.push(entry, codec)?;
        }
        Ok(columns)
    }

    fn push(&mut self, entry: &'w Entry, codec: &Codec) -> std::result::Result<(), StoreError> {
        let waiting = entry.waiting.as_ref();
        let event = waiting.and_then(|waiting| waiting.event.as_ref());
        let undo = entry.undo.as_ref();
        self.paths.push(&entry.path);
        self.kinds.push(&entry.kind);
        self.statuses.push(status_number(entry.status));
        self.seqs.push(entry.seq.map(int));
        self.inputs.push(codec.maybe(entry.input.as_ref())?);
        self.hashes.push(entry.input_hash.as_ref().map(|hash| hash.as_bytes().as_slice()));
        self.outputs.push(codec.maybe(entry.output.as_ref())?);
        self.errors.push(codec.failure(entry.error.as_ref())?);
        self.attempts.push(small(entry.attempts));
        self.forgiven.push(small(entry.forgiven));
        self.issued.push(int(entry.issued));
        self.started.push(entry.started_at.0);
        self.ended.push(entry.ended_at.map(|at| at.0));
        self.orders.push(waiting.map(|waiting| int(waiting.order)));
        self.dues.push(waiting.and_then(|waiting| waiting.due).map(|at| at.0));
        self.events.push(event.map(|event| event.name.as_str()));
        self.keys.push(event.and_then(|event| event.key.as_deref()));
        self.undo_steps.push(undo.map(|undo| &*undo.step));
        self.undo_inputs.push(codec.maybe(undo.map(|undo| &undo.input))?);
        Ok(())
    }
}

/// What becomes of the run, as `write_v1` takes it.
#[derive(Default)]
struct Becomes<'w> {
    next: i16,
    state: i16,
    seen: i64,
    wake_at: Option<i64>,
    output: Option<Stored<'w>>,
    failure: Option<Stored<'w>>,
    outside: bool,
    yields: bool,
    at: i64,
    revision: Option<&'w str>,
    fingerprint: &'w str,
    declares: Option<String>,
    change: Option<String>,
    refusal: Option<String>,
}

impl<'w> Becomes<'w> {
    fn new(next: &'w Next, codec: &Codec) -> std::result::Result<Self, StoreError> {
        let none = Self::default();
        Ok(match next {
            Next::Keep(state) => Self { state: state_number(*state), ..none },
            Next::Suspend { inbox_seq, wake_at } => {
                let wake_at = wake_at.map(|at| at.0);
                Self { next: 1, seen: int(*inbox_seq), wake_at, ..none }
            }
            Next::Release => Self { next: 2, ..none },
            Next::Pause(failure) => Self { next: 3, ..Self::standing(failure, codec)? },
            Next::Park(failure) => Self { next: 4, ..Self::standing(failure, codec)? },
            Next::Adopt(adoption) => Self {
                next: 5,
                revision: Some(&adoption.to),
                fingerprint: adoption.fingerprint.as_deref().unwrap_or_default(),
                declares: Some(to_json(&adoption.events)?),
                // The database knows from where.
                change: Some(to_json(&serde_json::json!({
                    "to": *adoption.to,
                    "at": adoption.at,
                }))?),
                ..none
            },
            Next::Refuse(refusal) => Self {
                next: 6,
                revision: Some(&refusal.revision),
                refusal: Some(to_json(refusal)?),
                ..none
            },
            Next::End(end) => {
                let (output, failure) = (end.output.as_ref(), end.failure.as_ref());
                Self {
                    next: 7,
                    state: state_number(end.state),
                    output: codec.maybe(output)?,
                    failure: codec.failure(failure)?,
                    yields: end.may_undo,
                    at: end.at.0,
                    ..none
                }
            }
        })
    }

    fn standing(failure: &Failure, codec: &Codec) -> std::result::Result<Self, StoreError> {
        let outside = failure.is_from_outside();
        Ok(Self { failure: codec.failure(Some(failure))?, outside, ..Self::default() })
    }
}

/// A write that is ready to be sent.
struct Ready<'w> {
    write: &'w RunWrite,
    columns: Columns<'w>,
    becomes: Becomes<'w>,
    published: Option<Stored<'w>>,
    response: Option<Stored<'w>>,
    children: Vec<start::Ready<'w>>,
}

impl<'w> Ready<'w> {
    fn new(write: &'w RunWrite, codec: &Codec) -> std::result::Result<Self, StoreError> {
        let children = write.children.iter().map(|child| start::Ready::new(child, codec));
        Ok(Self {
            write,
            columns: Columns::new(&write.entries, codec)?,
            becomes: Becomes::new(&write.next, codec)?,
            published: codec.maybe(write.published.as_ref())?,
            response: codec.maybe(write.response.as_ref())?,
            children: children.collect::<std::result::Result<_, _>>()?,
        })
    }
}

impl Applier<'_> {
    pub(in crate::postgres) async fn write(&self, write: &RunWrite) -> Result<Applied> {
        let ready = unsent(Ready::new(write, self.codec))?;
        // Children first: where the write is refused, it says so by an error, and they go with it.
        let children = ready.children.iter().map(|child| self.send_start(child, true)).collect();
        let (children, written) = future::join(in_order(children), self.send_write(&ready)).await;
        let has_children = !children.is_empty();
        for child in children {
            child?;
        }
        let Applied { answer, tells } = written?;
        Ok(applied(answer, if has_children { Tells::Workers } else { tells }))
    }

    #[rustfmt::skip]
    async fn send_write(&self, ready: &Ready<'_>) -> Result<Applied> {
        let Ready { write, columns: c, becomes: b, published, response, .. } = ready;
        let (from, to): (Vec<&str>, Vec<String>) =
            write.seals.iter().map(|prefix| (prefix.as_str(), past(prefix))).unzip();
        let consumed: Vec<i64> = write.consumed.iter().map(|seq| int(*seq)).collect();
        let (given_up, given_up_at): (Vec<Uuid>, Vec<i64>) = given_up(write).unzip();
        // The database makes the mail of an end of what it stores (`Codec::read_event`).
        let mail = None::<&[u8]>;
        let parameters: [&(dyn ToSql + Sync); 45] = [
            &uuid(write.run), &int(write.epoch), &!write.children.is_empty(), &write.is_progress(),
            &c.paths, &c.kinds, &c.statuses, &c.seqs, &c.inputs, &c.hashes, &c.outputs, &c.errors,
            &c.attempts, &c.forgiven, &c.issued, &c.started, &c.ended, &c.orders, &c.dues,
            &c.events, &c.keys, &c.undo_steps, &c.undo_inputs,
            &from, &to, &consumed, published, response, &given_up,
            &given_up_at,
            &b.next, &b.state, &b.seen, &b.wake_at, &b.output, &b.failure, &mail, &b.outside,
            &b.yields, &b.at, &b.revision, &b.fingerprint, &b.declares, &b.change, &b.refusal,
        ];
        let row = self.client.query_one(&self.sql.write, &parameters).await?;
        read(written(&row))
    }
}

fn written(row: &Row) -> std::result::Result<Applied, StoreError> {
    let written = match get::<i16>(row, 0)? {
        0 => Written::Done(state(get(row, 2)?)?),
        1 => Written::Fenced,
        2 => Written::Conflict(get::<&str>(row, 1)?.into()),
        _ => Written::NewMail,
    };
    let tells = match get::<i16>(row, 3)? {
        0 => Tells::Nobody,
        1 => Tells::Workers,
        _ => Tells::Watchers,
    };
    Ok(applied(Answer::Written(written), tells))
}

/// Children whose calls a write gives up, and when.
fn given_up(write: &RunWrite) -> impl Iterator<Item = (Uuid, i64)> + '_ {
    let calls = write
        .entries
        .iter()
        .filter(|entry| &*entry.kind == CALL && entry.status == EntryStatus::Cancelled);
    let at = |entry: &Entry| entry.ended_at.unwrap_or(entry.started_at).0;
    calls.map(move |entry| (uuid(child_id(write.run, &entry.path)), at(entry)))
}

/// Whether a write touches rows of other runs than those that it names.
pub(in crate::postgres) fn reaches_far(write: &RunWrite) -> bool {
    matches!(write.next, Next::End(_)) || given_up(write).next().is_some()
}

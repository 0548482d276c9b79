//! A recorded run as JSON. Values stand in it as the text that the store had of them, so that no
//! number is rounded on its way.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::RecordedRun;
use crate::failure::Recorded;
use crate::ids::RunId;
use crate::payload::{InputHash, Payload};
use crate::store::{
    Compensation, Entry, EntryStatus, EventKey, ForkedFrom, InboxEvent, Loaded, NewRun, RunRow,
    RunState, Undoable, Waiting,
};
use crate::{Failure, Timestamp};

/// The format of which this build writes recordings.
const FORMAT: u32 = 1;

type Text = Arc<str>;

#[derive(Serialize, Deserialize)]
pub(super) struct File {
    format: u32,
    run: Run,
    entries: Vec<Line>,
    inbox: Vec<Mail>,
    undos: Vec<Undo>,
}

#[derive(Serialize, Deserialize)]
struct Run {
    id: RunId,
    workflow: Text,
    revision: Text,
    seed: Uuid,
    state: RunState,
    input: Text,
    input_hash: Uuid,
    output: Option<Text>,
    #[serde(with = "Recorded::<Failure>")]
    failure: Option<Failure>,
    events: Vec<String>,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    inbox_seq: u64,
    published: Option<Text>,
    response: Option<Text>,
    forked_from: Option<Origin>,
}

#[derive(Serialize, Deserialize)]
struct Origin {
    run: RunId,
    path: Text,
    input: Option<Text>,
    started_at: Timestamp,
    #[serde(default)]
    seen: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    path: Text,
    kind: Text,
    status: EntryStatus,
    seq: Option<u64>,
    input: Option<Text>,
    input_hash: Option<Uuid>,
    output: Option<Text>,
    #[serde(with = "Recorded::<Failure>")]
    error: Option<Failure>,
    attempts: u32,
    forgiven: u32,
    waiting: Option<Awaited>,
    issued: u64,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    undo: Option<(Text, Text)>,
}

#[derive(Serialize, Deserialize)]
struct Awaited {
    due: Option<Timestamp>,
    event: Option<EventKey>,
    order: u64,
}

#[derive(Serialize, Deserialize)]
struct Mail {
    seq: u64,
    event: EventKey,
    payload: Text,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Undo {
    path: Text,
    seq: Option<u64>,
    step: (Text, Text),
}

impl From<RecordedRun> for File {
    fn from(RecordedRun { loaded: Loaded { row, entries, inbox, undos } }: RecordedRun) -> Self {
        let mail = |InboxEvent { seq, event, payload, at }| Mail {
            seq,
            event,
            payload: text(payload),
            at,
        };
        let undo = |Undoable { path, seq, undo }| Undo { path, seq, step: pair(undo) };
        Self {
            format: FORMAT,
            run: row.into(),
            entries: entries.into_iter().map(Line::from).collect(),
            inbox: inbox.into_iter().map(mail).collect(),
            undos: undos.into_iter().map(undo).collect(),
        }
    }
}

impl TryFrom<File> for RecordedRun {
    type Error = String;

    fn try_from(file: File) -> Result<Self, String> {
        let File { format, run, entries, inbox, undos } = file;
        if format != FORMAT {
            return Err(format!("format {format}, where this build reads {FORMAT}"));
        }
        let mail = |Mail { seq, event, payload, at }| InboxEvent {
            seq,
            event,
            payload: Payload::from_json(payload),
            at,
        };
        let undo = |Undo { path, seq, step }| Undoable { path, seq, undo: unpaired(step) };
        let loaded = Loaded {
            row: run.into(),
            entries: entries.into_iter().map(Entry::from).collect(),
            inbox: inbox.into_iter().map(mail).collect(),
            undos: undos.into_iter().map(undo).collect(),
        };
        Ok(Self { loaded })
    }
}

impl From<RunRow> for Run {
    fn from(row: RunRow) -> Self {
        let origin = |ForkedFrom { run, path, input, started_at, seen }| Origin {
            run,
            path,
            input: input.map(text),
            started_at,
            seen,
        };
        Self {
            id: row.id,
            workflow: row.workflow,
            revision: row.revision,
            seed: Uuid::from_bytes(row.seed),
            state: row.state,
            input: text(row.input),
            input_hash: Uuid::from_bytes(*row.input_hash.as_bytes()),
            output: row.output.map(text),
            failure: row.failure,
            events: row.events,
            started_at: row.started_at,
            ended_at: row.ended_at,
            inbox_seq: row.inbox_seq,
            published: row.published.map(text),
            response: row.response.map(text),
            forked_from: row.forked_from.map(origin),
        }
    }
}

impl From<Run> for RunRow {
    fn from(run: Run) -> Self {
        let origin = |Origin { run, path, input, started_at, seen }| ForkedFrom {
            run,
            path,
            input: input.map(Payload::from_json),
            started_at,
            seen,
        };
        let (hash, input) = (InputHash::from_bytes(run.input_hash.into_bytes()), run.input);
        let new = NewRun {
            id: run.id,
            seed: run.seed.into_bytes(),
            events: run.events,
            ..NewRun::new(
                run.workflow,
                run.revision,
                Payload::from_json(input),
                hash,
                run.started_at,
            )
        };
        Self {
            state: run.state,
            output: run.output.map(Payload::from_json),
            failure: run.failure,
            ended_at: run.ended_at,
            inbox_seq: run.inbox_seq,
            published: run.published.map(Payload::from_json),
            response: run.response.map(Payload::from_json),
            forked_from: run.forked_from.map(origin),
            ..Self::first(new)
        }
    }
}

impl From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        let awaited = |Waiting { due, event, order }| Awaited { due, event, order };
        Self {
            path: entry.path,
            kind: entry.kind,
            status: entry.status,
            seq: entry.seq,
            input: entry.input.map(text),
            input_hash: entry.input_hash.map(|hash| Uuid::from_bytes(*hash.as_bytes())),
            output: entry.output.map(text),
            error: entry.error,
            attempts: entry.attempts,
            forgiven: entry.forgiven,
            waiting: entry.waiting.map(awaited),
            issued: entry.issued,
            started_at: entry.started_at,
            ended_at: entry.ended_at,
            undo: entry.undo.map(pair),
        }
    }
}

impl From<Line> for Entry {
    fn from(line: Line) -> Self {
        let waiting = |Awaited { due, event, order }| Waiting { due, event, order };
        Self {
            path: line.path,
            kind: line.kind,
            status: line.status,
            seq: line.seq,
            input: line.input.map(Payload::from_json),
            input_hash: line.input_hash.map(|hash| InputHash::from_bytes(hash.into_bytes())),
            output: line.output.map(Payload::from_json),
            error: line.error,
            attempts: line.attempts,
            forgiven: line.forgiven,
            waiting: line.waiting.map(waiting),
            issued: line.issued,
            started_at: line.started_at,
            ended_at: line.ended_at,
            undo: line.undo.map(unpaired),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it maps")]
fn text(payload: Payload) -> Text {
    payload.as_str().into()
}

fn pair(Compensation { step, input }: Compensation) -> (Text, Text) {
    (step, text(input))
}

fn unpaired((step, input): (Text, Text)) -> Compensation {
    Compensation { step, input: Payload::from_json(input) }
}

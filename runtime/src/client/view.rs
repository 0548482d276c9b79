//! What outsiders see of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::Asked;
use crate::failure::{Failure, Recorded};
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{
    CALL, Entry, EntryStatus, ForkedFrom, Parent, Refusal, RevisionChange, RunRow, RunState, Stop,
    child_id,
};
use crate::values::Timestamp;

/// A run as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// Name of its workflow.
    pub workflow: String,
    /// Revision of its workflow.
    pub revision: String,
    /// The key that it was started with.
    pub key: Option<String>,
    /// Where it stands.
    pub state: RunState,
    /// Its input.
    pub input: Value,
    /// Its output, once completed.
    pub output: Option<Value>,
    /// What it has answered, while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// Why it failed or is paused.
    #[serde(default, with = "Recorded::<Failure>")]
    pub failure: Option<Failure>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What it is filed under, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What was asked of it that it has not come to yet, or that it was cancelled for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// The call that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The run of which it is a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<ForkOrigin>,
    /// The revisions that it had before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<RevisionChange>,
    /// Why a revision that would have adopted it cannot; it waits for a worker with its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The limit that it is under, and whether it waits for a slot there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitView>,
    /// Why nobody drives it: no worker has its revision. As far as this process knows; in lists
    /// of runs not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// That it was started with another function than its workflow has now, under the same
    /// revision. As far as this process knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// What it waits for; in lists of runs empty.
    pub waiting_for: Vec<WaitingFor>,
}

/// How a run stands with the limit of its workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitView {
    /// The limit's name.
    pub name: String,
    /// The key by which the run counts; the empty one is that of runs without one.
    pub key: String,
    /// How it stands in line.
    pub priority: i32,
    /// Whose slot it has: its own, or that of the run for which it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<RunId>,
    /// Whether it stands in line for one.
    pub waits: bool,
}

impl LimitView {
    fn of(row: &RunRow) -> Option<Self> {
        let limited = row.limited.as_ref()?;
        Some(Self {
            name: limited.limit.to_string(),
            key: limited.key.to_string(),
            priority: row.priority,
            slot: limited.slot,
            waits: row.is_in_line(),
        })
    }
}

/// Where a forked run comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForkOrigin {
    /// The run whose beginning it shares.
    pub run: RunId,
    /// The entry from which on it goes its own way.
    pub path: String,
    /// The input that the step there has instead of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
}

impl From<ForkedFrom> for ForkOrigin {
    fn from(origin: ForkedFrom) -> Self {
        let input = origin.input.as_ref().map(Payload::to_value);
        Self { run: origin.run, path: origin.path.to_string(), input }
    }
}

/// Something that a run waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingFor {
    /// Where in the run.
    pub path: String,
    /// What stands there: `wait@1`, `wait_event@1`, or the kind of a step that is tried again.
    pub kind: String,
    /// The event's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The event's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Who is asked to decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// Name of the form that they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// When it is due by itself: the timer, the time-out, the next attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Why the latest attempt failed.
    #[serde(default, with = "Recorded::<Failure>", skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The run whose end it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// That run's workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Why nobody drives that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

/// An entry of a run's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryView {
    /// Where in the run, `each_item[3]/charge`.
    pub path: String,
    /// What stands there.
    pub kind: String,
    /// Where it stands.
    pub status: EntryStatus,
    /// Position in the order in which the function saw outcomes.
    pub seq: Option<u64>,
    /// Attempts that have ended.
    pub attempts: u32,
    /// Its input.
    pub input: Option<Value>,
    /// Its output.
    pub output: Option<Value>,
    /// Of what is open: what the body of a step said with its latest heartbeat, where a loop
    /// stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// Its failure, or that of its latest attempt.
    #[serde(default, with = "Recorded::<Failure>")]
    pub error: Option<Failure>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was settled.
    pub ended_at: Option<Timestamp>,
}

impl RunView {
    /// The view of a row and its open entries.
    pub(super) fn new(row: RunRow, open: &[Entry]) -> Self {
        let waiting = open.iter().filter(|entry| entry.status != EntryStatus::Running);
        Self {
            limit: LimitView::of(&row),
            id: row.id,
            workflow: row.workflow.to_string(),
            revision: row.revision.to_string(),
            key: row.key,
            state: row.state,
            input: row.input.to_value(),
            output: row.output.as_ref().map(Payload::to_value),
            response: row.response.as_ref().map(Payload::to_value),
            failure: row.failure,
            started_at: row.started_at,
            ended_at: row.ended_at,
            tags: row.tags,
            stop: row.stop,
            parent: row.parent,
            forked_from: row.forked_from.map(ForkOrigin::from),
            revisions: row.revisions,
            refusal: row.refusal,
            held: None,
            changed: None,
            waiting_for: waiting.map(|entry| WaitingFor::new(row.id, entry)).collect(),
        }
    }

    /// Says where no worker has the revision that it takes.
    pub(super) fn tell_who_holds(
        &mut self,
        owned: bool,
        open: &[Entry],
        serves: &dyn Fn(&str, &str) -> bool,
    ) {
        let held = |workflow: &str, revision: &str| {
            (!serves(workflow, revision))
                .then(|| format!("no worker has revision {revision} of `{workflow}`"))
        };
        if !owned && !self.state.is_final() {
            self.held = held(&self.workflow, &self.revision);
        }
        let calls = open.iter().filter(|entry| &*entry.kind == CALL);
        let calls = calls.filter_map(|entry| Some((&*entry.path, Called::of(entry)?)));
        let calls: BTreeMap<&str, Called> = calls.collect();
        for waiting in &mut self.waiting_for {
            if let Some(call) = calls.get(waiting.path.as_str()) {
                waiting.held = held(&call.workflow, &call.revision);
            }
        }
    }
}

/// What the input of a call tells.
#[derive(Deserialize)]
struct Called {
    workflow: String,
    revision: String,
}

impl Called {
    fn of(entry: &Entry) -> Option<Self> {
        entry.input.as_ref()?.decode().ok()
    }
}

impl WaitingFor {
    fn new(run: RunId, entry: &Entry) -> Self {
        let call = if &*entry.kind == CALL { Called::of(entry) } else { None };
        let waiting = entry.waiting.clone().unwrap_or_default();
        // The mail that a call waits for has a name of its own, which tells nobody anything.
        let event = waiting.event.filter(|event| !event.is_reserved());
        let (event, key) = event.map_or((None, None), |event| (Some(event.name), event.key));
        let asked = Asked::of(entry).unwrap_or_default();
        Self {
            path: entry.path.to_string(),
            kind: entry.kind.to_string(),
            event,
            key,
            assignees: asked.assignees,
            form: asked.form,
            due: waiting.due,
            error: entry.error.clone(),
            run: call.as_ref().map(|_| child_id(run, &entry.path)),
            workflow: call.map(|call| call.workflow),
            held: None,
        }
    }
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let settled = entry.status.is_settled();
        let mut output = entry.output.as_ref().map(Payload::to_value);
        Self {
            path: entry.path.to_string(),
            kind: entry.kind.to_string(),
            status: entry.status,
            seq: entry.seq,
            attempts: entry.attempts,
            input: entry.input.as_ref().map(Payload::to_value),
            output: if settled { output.take() } else { None },
            details: output,
            error: entry.error,
            started_at: entry.started_at,
            ended_at: entry.ended_at,
        }
    }
}

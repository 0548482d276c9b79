//! The rows that a store keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::slots::Limited;
use super::undo::Compensation;
use crate::ids::{RunId, WorkerId};
use crate::payload::{InputHash, Payload};
use crate::{Failure, Timestamp};

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// Started; no worker has taken it yet.
    Pending,
    /// A worker drives it.
    Running,
    /// It waits for a timer, an event or a retry.
    Waiting,
    /// It stands still until someone resumes or cancels it; its failure says why.
    Paused,
    /// It returned an output.
    Completed,
    /// It returned a failure.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl RunState {
    /// Those of a run that has not ended.
    pub const OPEN: [Self; 4] = [Self::Pending, Self::Running, Self::Waiting, Self::Paused];

    /// Whether the run has ended: nothing can happen to it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The name as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state that [`as_str`](Self::as_str) names.
    pub fn from_name(name: &str) -> Option<Self> {
        use RunState::{Cancelled, Completed, Failed, Paused, Pending, Running, Waiting};
        [Pending, Running, Waiting, Paused, Completed, Failed, Cancelled]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// A run's row.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// Name of its workflow.
    pub workflow: Arc<str>,
    /// Revision of its workflow, fixed at the start.
    pub revision: Arc<str>,
    /// The fingerprint of its workflow when the run came to this revision, where there was one.
    pub fingerprint: Option<Arc<str>>,
    /// The key that it was started with; unique per workflow.
    pub key: Option<String>,
    /// Random bits from which everything random in the run derives.
    pub seed: [u8; 16],
    /// Where it stands.
    pub state: RunState,
    /// Its input, raw.
    pub input: Payload,
    /// Hash of the canonical input.
    pub input_hash: InputHash,
    /// Its output, once completed.
    pub output: Option<Payload>,
    /// Why it failed or is paused.
    pub failure: Option<Failure>,
    /// Names of the events that it declares; others are refused.
    pub events: Vec<String>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Raised by every claim; writes of an older epoch are refused.
    pub epoch: u64,
    /// Who drives it; nobody while it is suspended.
    pub owner: Option<WorkerId>,
    /// Whether it has mail or work that its owner has not fetched, or no owner has taken.
    pub ready: bool,
    /// When a suspended run is due by itself.
    pub wake_at: Option<Timestamp>,
    /// Position of the newest mail: raised by each event, child's end and request.
    pub inbox_seq: u64,
    /// What someone asked of it that its function has to see, or to come to, first.
    pub stop: Option<Stop>,
    /// Claims from a dead owner since the last write that held an entry.
    pub takeovers: u32,
    /// What the starter filed the run under, by name; fixed at the start.
    pub tags: BTreeMap<String, String>,
    /// What the run last let others see of itself.
    pub published: Option<Payload>,
    /// What the run answered whoever waits for a response; the first answer stays.
    pub response: Option<Payload>,
    /// The call that it is.
    pub parent: Option<Parent>,
    /// The run of which it is a fork.
    pub forked_from: Option<ForkedFrom>,
    /// The revisions that it had before, oldest first.
    pub revisions: Vec<RevisionChange>,
    /// The revision that someone wants it to adopt.
    pub wanted_revision: Option<Arc<str>>,
    /// Why a revision that would have adopted it cannot.
    pub refusal: Option<Refusal>,
    /// The limit that it is under; fixed at the start, but for its slot.
    pub limited: Option<Limited>,
    /// How it stands in the line of its limit.
    pub priority: i32,
}

impl RunRow {
    /// The row that a start makes.
    pub fn first(new: super::NewRun) -> Self {
        let owned = new.owner.is_some();
        Self {
            id: new.id,
            workflow: new.workflow,
            revision: new.revision,
            fingerprint: new.fingerprint,
            key: new.key,
            seed: new.seed,
            state: if owned { RunState::Running } else { RunState::Pending },
            input: new.input,
            input_hash: new.input_hash,
            output: None,
            failure: None,
            events: new.events,
            started_at: new.at,
            ended_at: None,
            epoch: u64::from(owned),
            owner: new.owner,
            ready: !owned,
            wake_at: None,
            inbox_seq: 0,
            stop: None,
            takeovers: 0,
            tags: new.tags,
            published: None,
            response: None,
            parent: new.parent,
            forked_from: None,
            revisions: Vec::new(),
            wanted_revision: None,
            refusal: None,
            limited: None,
            priority: new.priority,
        }
    }

    /// The same run, as nobody has taken it.
    pub(crate) fn disown(&mut self) {
        self.state = RunState::Pending;
        self.epoch = 0;
        self.owner = None;
        self.ready = true;
    }

    /// Whether it is under a limit, and needs a slot before anybody can drive it.
    pub fn needs_slot(&self) -> bool {
        let without = self.limited.as_ref().is_some_and(|limited| limited.slot.is_none());
        without && !self.state.is_final()
    }

    /// Whether it stands in the line of its limit: it could go on if it had a slot.
    pub fn is_in_line(&self) -> bool {
        let goes_on = self.state != RunState::Paused
            || self.is_cancel_requested()
            || self.wanted_revision.is_some();
        self.needs_slot() && self.ready && goes_on
    }

    /// Whether someone asked to cancel it.
    pub fn is_cancel_requested(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.kind == StopKind::Cancel)
    }
}

/// Why a run is to stop, or has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What was asked for.
    pub kind: StopKind,
    /// Why, in the words of whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a run is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopKind {
    /// For good, once its function has seen it.
    Cancel,
    /// Until someone resumes it, once what is in flight is recorded.
    Pause,
}

/// The call of which a run is the callee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The run that calls.
    pub run: RunId,
    /// Where it calls.
    pub path: String,
    /// Whether it waits for the end, and takes the callee along when it ends itself.
    pub awaited: bool,
}

/// Where a forked run comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct ForkedFrom {
    /// The run whose beginning it shares.
    pub run: RunId,
    /// The entry from which on it goes its own way.
    pub path: Arc<str>,
    /// The input of the step at this path, in place of the function's own.
    pub input: Option<Payload>,
    /// When the run began whose beginning this is: what the function takes for its start.
    pub started_at: Timestamp,
    /// How many outcomes the other run had seen there: entries with a smaller `seq` are its.
    pub seen: u64,
}

impl ForkedFrom {
    /// The step that has another input than the function gives it.
    pub(crate) fn edited(&self) -> Option<&str> {
        self.input.is_some().then_some(&*self.path)
    }
}

/// A run's step from one revision of its workflow to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionChange {
    /// The revision before.
    pub from: String,
    /// The revision since.
    pub to: String,
    /// When.
    pub at: Timestamp,
}

/// Why a revision does not adopt a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The revision.
    pub revision: String,
    /// What of the run's journal does not fit it, and where.
    pub failure: Failure,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryStatus {
    /// A scope that has begun.
    Running,
    /// A timer or event that is awaited.
    Waiting,
    /// A step that failed and will be tried again.
    Retrying,
    /// Has an output.
    Completed,
    /// Has an error.
    Failed,
    /// Was given up, with its scope or its run, before it had an outcome.
    Cancelled,
}

impl EntryStatus {
    /// Whether the entry has its one outcome: it never changes again.
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// The name as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Retrying => "retrying",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status that [`as_str`](Self::as_str) names.
    pub fn from_name(name: &str) -> Option<Self> {
        use EntryStatus::{Cancelled, Completed, Failed, Retrying, Running, Waiting};
        [Running, Waiting, Retrying, Completed, Failed, Cancelled]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// One row of a journal; its key is (run, path).
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where in the run it stands, `each_item[3]/charge`.
    pub path: Arc<str>,
    /// What it is: a step's kind, `for_each@1`, `wait@1`, …
    pub kind: Arc<str>,
    /// Where it stands.
    pub status: EntryStatus,
    /// Position in the order in which outcomes were surfaced; none while it is open, and none
    /// for what was cancelled without the function seeing an outcome. The head of a loop has one,
    /// too.
    pub seq: Option<u64>,
    /// Its input, canonical.
    pub input: Option<Payload>,
    /// Hash of its canonical input.
    pub input_hash: Option<InputHash>,
    /// Its output, raw; where an open loop stands; what the body of an open step said with its
    /// latest heartbeat.
    pub output: Option<Payload>,
    /// Its failure, or that of its latest attempt.
    pub error: Option<Failure>,
    /// Attempts that have ended; 0 for what has none.
    pub attempts: u32,
    /// Attempts that no longer count against the policy, since someone resumed the run.
    pub forgiven: u32,
    /// What an open entry waits for.
    pub waiting: Option<Waiting>,
    /// How many outcomes the function had seen when it came to this: those with a smaller `seq`.
    pub issued: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was settled, or came to the head that it stands at.
    pub ended_at: Option<Timestamp>,
    /// What undoes it; written with the outcome, in one with it.
    pub undo: Option<Compensation>,
}

impl Entry {
    /// An entry with nothing but what each has.
    pub fn new(
        path: impl Into<Arc<str>>,
        kind: impl Into<Arc<str>>,
        status: EntryStatus,
        started_at: Timestamp,
    ) -> Self {
        Self {
            path: path.into(),
            kind: kind.into(),
            status,
            seq: None,
            input: None,
            input_hash: None,
            output: None,
            error: None,
            attempts: 0,
            forgiven: 0,
            waiting: None,
            issued: 0,
            started_at,
            ended_at: None,
            undo: None,
        }
    }
}

/// What an open entry waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// When it is due by itself: the timer, the next attempt, the time-out of an event.
    pub due: Option<Timestamp>,
    /// The event that it waits for.
    pub event: Option<EventKey>,
    /// Position among the run's event waits, in the order of their registration.
    pub order: u64,
}

/// What an event is matched by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventKey {
    /// The event's declared name.
    pub name: String,
    /// The key, equal on both sides: without one a wait takes only events without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl EventKey {
    /// Whether the name is one that only the runtime itself may send: it starts with `!`.
    pub fn is_reserved(&self) -> bool {
        self.name.starts_with('!')
    }
}

/// An acknowledged event that no wait has consumed.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxEvent {
    /// Its position in the run's inbox.
    pub seq: u64,
    /// Its name and key.
    pub event: EventKey,
    /// What it carries.
    pub payload: Payload,
    /// When it was accepted.
    pub at: Timestamp,
}

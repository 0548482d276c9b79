//! The seam below the engine: what it asks of whatever records and performs its commands.
//!
//! The engine claims paths, polls the workflow function and surfaces completions, one at a time.
//! A [`Backend`] decides what comes next: it performs commands, remembers outcomes, and gives
//! each back exactly in the order in which the first execution saw them. [`StoreBackend`] does it
//! over a [`Store`](crate::store::Store); a log that knows only positions could do it as well.

mod approval;
mod beats;
mod begin;
mod calls;
mod draft;
mod effects;
mod give_up;
mod journal;
mod limit;
mod live;
mod load;
mod mail;
mod outcomes;
mod pause;
mod published;
mod respond;
mod retry;
mod steps;
mod stop;
mod store_backend;
mod transact;
mod undo;
mod writes;

pub(crate) use approval::{APPROVAL, Asked};
pub(crate) use effects::{Attempt, Effect};
pub(crate) use limit::too_large;
pub(crate) use respond::{RESPOND, is_answer};
#[cfg(feature = "testkit")]
pub(crate) use retry::{Attempt as Failed, Verdict, judge};
pub(crate) use store_backend::{GRACE, StoreBackend};
pub(crate) use transact::{Labour, TRANSACTION};
#[cfg(feature = "testkit")]
pub(crate) use undo::without_unwinding;
pub(crate) use undo::{UNWIND_PATH, can_undo, is_unwinding};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::context::StepContext;
use crate::engine::UndoRequest;
use crate::failure::{Failure, StepError};
use crate::payload::{InputHash, Payload};
use crate::policy::Policy;
use crate::store::{EventKey, Undoable};
use crate::values::Timestamp;

/// An operation of one run in memory; numbered anew each time the run is taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpId(pub(crate) u64);

/// Performs and records commands, and gives their completions back in one order for ever.
pub(crate) trait Backend {
    /// Begins an operation, or recognises it as one that the journal knows.
    fn issue(&mut self, op: OpId, site: Site, command: Command) -> Result<Issued, Mismatch>;

    /// The function gave up an operation that it had issued.
    fn cancel(&mut self, op: OpId);

    /// The scope of an operation that the function had issued, and waits for, is cancelled.
    fn stop(&mut self, op: OpId, patience: Patience) -> Stopped;

    /// A scope, or a memo, that was issued as [`Issued::Live`] has come to its outcome. It is surfaced like
    /// any other, and everything within the scope is sealed with it.
    fn seal(&mut self, scope: OpId, outcome: Outcome);

    /// A loop that was issued with [`Command::Loop`] has come to the end of an iteration: `head` is
    /// where it goes on. It is surfaced like an outcome, and what the iteration leaves is sealed.
    fn checkpoint(&mut self, scope: OpId, head: Payload, iteration: Iteration);

    /// The most bytes that a value may have.
    fn max_payload(&self) -> usize;

    /// Lets others see a value as what the run says of itself, from the next write on. What the
    /// function says again on a replay is said already.
    fn publish(&mut self, value: Payload);

    /// An operation that was issued as [`Issued::Live`] is the run's answer: it is given, unless
    /// the run has answered already.
    fn respond(&mut self, op: OpId);

    /// The next completion, if there is one. Asked only when the function is quiescent.
    fn next(&mut self) -> Result<Option<Completion>, Mismatch>;

    /// What the function has seen happen and can be undone, latest first.
    fn undos(&self) -> Vec<Undoable>;

    /// The function is over, in this way: from now on the run undoes what it has done.
    fn unwind(&mut self, outcome: Payload);

    /// The function has returned: nothing that the journal knows may be left over.
    fn finish(&mut self) -> Result<(), Mismatch>;
}

/// Where and with what an operation is claimed.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) path: Arc<str>,
    pub(crate) kind: Arc<str>,
    /// Canonical.
    pub(crate) input: Option<Payload>,
    pub(crate) hash: Option<InputHash>,
    /// What undoes it.
    pub(crate) undo: Option<UndoRequest>,
}

impl Site {
    /// A place without an input.
    pub(crate) fn new(path: impl Into<Arc<str>>, kind: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), kind: kind.into(), input: None, hash: None, undo: None }
    }
}

/// What an operation does.
pub(crate) enum Command {
    /// Runs a body, or does work in the store's database, until it succeeds or its policy is spent.
    Step(Policy, Labour),
    /// Waits for an instant.
    Timer(Due),
    /// Waits for an event, at most so long.
    Event(EventKey, Option<Duration>),
    /// Records what the function itself works out.
    Memo,
    /// Starts another run, and waits for its end or not.
    Call(Box<Callee>),
    /// Opens a scope; entries whose path starts with this are within it.
    Scope(String),
    /// Undoes what the run has done, now that its function is over.
    Unwind,
    /// Opens a scope that goes from one checkpoint to the next.
    Loop(String),
}

/// A run that another one starts.
pub(crate) struct Callee {
    pub(crate) workflow: Arc<str>,
    pub(crate) revision: Arc<str>,
    pub(crate) fingerprint: Option<Arc<str>>,
    /// The events that it declares.
    pub(crate) events: Vec<String>,
    pub(crate) input: Payload,
    /// Whether the caller waits for its end.
    pub(crate) awaited: bool,
    /// By what it counts under its workflow's limit.
    pub(crate) limit_key: Option<String>,
    /// How it stands in line there.
    pub(crate) priority: i32,
}

/// When a timer is due.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// So long after it is issued.
    After(Duration),
    /// At this instant.
    At(Timestamp),
}

/// A step's body, with input and types erased.
pub(crate) type Body =
    Arc<dyn Fn(StepContext) -> BoxFuture<'static, Result<Payload, StepError>> + Send + Sync>;

/// Whether an issued operation is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issued {
    /// It begins, or goes on where it stood.
    Live,
    /// It goes on from a checkpoint, which will be surfaced in its turn.
    Resumed,
    /// Its outcome is recorded and will be surfaced in its turn.
    Recorded,
}

/// What an iteration of a loop leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Iteration {
    /// The prefix of what it recorded, if it recorded anything.
    pub(crate) seals: Option<String>,
    /// Whether the function saw no outcome meanwhile: then others come first.
    pub(crate) idle: bool,
}

/// How long a body may go on whose scope is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// An outcome within the grace time counts.
    Grace,
    /// Nobody asks for its outcome any more, unless there is a compensation for it.
    None,
}

/// What becomes of an operation whose scope is cancelled; the same on each replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It is given up, and has no outcome.
    GivenUp,
    /// It comes to an end, which will be surfaced in its turn.
    Ending,
}

/// How an operation ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// With an output, or with none: a timer, an event that timed out.
    Completed(Option<Payload>),
    /// With a failure.
    Failed(Failure),
    /// With its scope: a scope within, or a step of which nobody knows whether it took effect,
    /// which its failure says.
    Cancelled(Option<Failure>),
}

/// What a completion is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An issued operation.
    Op(OpId),
    /// An issued loop: it has come to a checkpoint, and is not at its end.
    Head(OpId),
    /// The run: it observes that it is cancelled.
    Cancel,
}

/// An outcome to be surfaced.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) target: Target,
    pub(crate) outcome: Outcome,
    pub(crate) at: Timestamp,
}

/// The function does not do what the journal says it did: the run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) code: &'static str,
    pub(crate) path: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "expected {}, found {}", self.expected, self.found)
    }
}

impl Mismatch {
    pub(crate) fn into_failure(self) -> Failure {
        Failure::new(self.code, self.to_string()).at(self.path)
    }
}

//! What can go wrong around a run.

use std::fmt;

use crate::failure::Failure;
use crate::ids::RunId;
use crate::profile::Promise;
use crate::store::StoreError;

/// What a workflow function, and the engine's own interface, returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A node failed, and nothing handled it.
    Failed(Failure),
    /// The run, or the scope of this operation, was cancelled.
    Cancelled,
    /// The run stands still until someone resumes or cancels it.
    Paused(Failure),
    /// The key belongs to a run that was started with another input.
    KeyReused {
        /// The key.
        key: String,
        /// The run that has it.
        run: RunId,
    },
    /// The engine cannot drive this workflow.
    NotRegistered {
        /// Its name.
        workflow: String,
        /// The revision asked for.
        revision: String,
    },
    /// Something needs a promise that the store does not keep.
    Unsupported {
        /// What needs it: a workflow, or the engine itself.
        what: String,
        /// The promise.
        promise: Promise,
    },
    /// There is no such run.
    UnknownRun(RunId),
    /// The run has ended, so that nothing can be sent to it any more.
    Finished(RunId),
    /// The run's workflow waits for no event of this name.
    UndeclaredEvent(String),
    /// Somebody answers whom the run does not ask.
    NotAsked {
        /// The event by which it asks.
        event: String,
        /// Whom it asks.
        asked: String,
        /// Who answers.
        by: String,
    },
    /// A value is not what its type says.
    Codec {
        /// Which value: the input, the output, an event.
        what: &'static str,
        /// What does not fit.
        message: String,
    },
    /// The store has more to do than it can take: try again later. Nothing was written.
    Busy,
    /// A value is larger than the store takes. Nothing was written.
    TooLarge {
        /// How large the value is, as JSON.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A name (a key, a tag, an event's id, ...) is too long, or holds a NUL. Nothing was written.
    BadName(String),
    /// A transaction of the application's that is not on the client's journal. Nothing was written.
    WrongTransaction(String),
    /// The store failed.
    Store(StoreError),
    /// The engine cannot be set up like this.
    Setup(&'static str),
    /// The engine was shut down, or another process drives the store now.
    Closed,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(out),
            Self::Cancelled => out.write_str("cancelled"),
            Self::Paused(failure) => write!(out, "the run is paused: {failure}"),
            Self::KeyReused { key, run } => {
                write!(
                    out,
                    "key `{key}` belongs to run {run}, which was started with another input"
                )
            }
            Self::NotRegistered { workflow, revision } => {
                write!(out, "workflow `{workflow}` is not registered in revision {revision}")
            }
            Self::Unsupported { what, promise } => {
                write!(out, "{what} needs {promise}, which the store does not offer")
            }
            Self::UnknownRun(run) => write!(out, "there is no run {run}"),
            Self::Finished(run) => write!(out, "run {run} has ended"),
            Self::UndeclaredEvent(event) => {
                write!(out, "the workflow declares no event `{event}`")
            }
            Self::NotAsked { event, asked, by } => {
                write!(out, "`{event}` asks {asked}, and not {by}")
            }
            Self::Codec { what, message } => {
                write!(out, "{what} does not fit its type: {message}")
            }
            Self::Busy => StoreError::Busy.fmt(out),
            Self::TooLarge { bytes, limit } => {
                StoreError::TooLarge { bytes: *bytes, limit: *limit }.fmt(out)
            }
            Self::BadName(reason) => out.write_str(reason),
            Self::WrongTransaction(reason) => {
                write!(out, "the transaction cannot be written into: {reason}")
            }
            Self::Store(error) => error.fmt(out),
            Self::Setup(reason) => out.write_str(reason),
            Self::Closed => out.write_str("the engine is closed"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Error {
    pub(crate) fn codec(what: &'static str, error: &serde_json::Error) -> Self {
        Self::Codec { what, message: error.to_string() }
    }

    /// The failure that ends a run whose function returned this error at `path`.
    pub(crate) fn into_failure(self, path: &str) -> Failure {
        match self {
            Self::Failed(failure) | Self::Paused(failure) => failure,
            other => Failure::new(other.code(), other.to_string()).at(path),
        }
    }

    /// A stable machine-readable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Failed(failure) | Self::Paused(failure) => &failure.code,
            Self::Cancelled => "cancelled",
            Self::KeyReused { .. } => "key_reused",
            Self::NotRegistered { .. } => "not_registered",
            Self::Unsupported { .. } => "unsupported",
            Self::UnknownRun(_) => "unknown_run",
            Self::Finished(_) => "finished",
            Self::UndeclaredEvent(_) => "undeclared_event",
            Self::NotAsked { .. } => "not_asked",
            Self::Codec { .. } => "codec",
            Self::Busy => "busy",
            Self::TooLarge { .. } => "value_too_large",
            Self::BadName(_) => "bad_name",
            Self::WrongTransaction(_) => "wrong_transaction",
            Self::Store(_) => "store",
            Self::Setup(_) => "setup",
            Self::Closed => "closed",
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Busy,
            StoreError::TooLarge { bytes, limit } => Self::TooLarge { bytes, limit },
            StoreError::BadName { reason, .. } => Self::BadName(reason),
            error => Self::Store(error),
        }
    }
}

/// Handling a failure where it happens, without swallowing a cancellation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no failure to catch",
    note = "await first: `charge(&ctx, order).await.caught()?`"
)]
pub trait Caught<T> {
    /// A failure becomes a value; everything else that is not an output stays an error.
    fn caught(self) -> Result<std::result::Result<T, Failure>>;
}

impl<T> Caught<T> for Result<T> {
    fn caught(self) -> Result<std::result::Result<T, Failure>> {
        match self {
            Ok(value) => Ok(Ok(value)),
            Err(Error::Failed(failure)) => Ok(Err(failure)),
            Err(other) => Err(other),
        }
    }
}

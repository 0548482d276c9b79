//! What can go wrong around a run.

use crate::failure::Failure;
use crate::ids::RunId;
use crate::profile::Promise;
use crate::store::StoreError;

/// What a workflow function, and the engine's own interface, returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node failed, and nothing handled it.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The run, or the scope of this operation, was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The run stands still until someone resumes or cancels it.
    #[error("the run is paused: {0}")]
    Paused(Failure),
    /// The key belongs to a run that was started with another input.
    #[error("key `{key}` belongs to run {run}, which was started with another input")]
    KeyReused {
        /// The key.
        key: String,
        /// The run that has it.
        run: RunId,
    },
    /// The engine cannot drive this workflow.
    #[error("workflow `{workflow}` is not registered in revision {revision}")]
    NotRegistered {
        /// Its name.
        workflow: String,
        /// The revision asked for.
        revision: String,
    },
    /// Something needs a promise that the store does not keep.
    #[error("{what} needs {promise}, which the store does not offer")]
    Unsupported {
        /// What needs it: a workflow, or the engine itself.
        what: String,
        /// The promise.
        promise: Promise,
    },
    /// There is no such run.
    #[error("there is no run {0}")]
    UnknownRun(RunId),
    /// The run has ended, so that nothing can be sent to it any more.
    #[error("run {0} has ended")]
    Finished(RunId),
    /// The run's workflow waits for no event of this name.
    #[error("the workflow declares no event `{0}`")]
    UndeclaredEvent(String),
    /// Somebody answers whom the run does not ask.
    #[error("`{event}` asks {asked}, and not {by}")]
    NotAsked {
        /// The event by which it asks.
        event: String,
        /// Whom it asks.
        asked: String,
        /// Who answers.
        by: String,
    },
    /// A value is not what its type says.
    #[error("{what} does not fit its type: {message}")]
    Codec {
        /// Which value: the input, the output, an event.
        what: &'static str,
        /// What does not fit.
        message: String,
    },
    /// The store has more to do than it can take: try again later. Nothing was written.
    #[error("the store is busy; try again later")]
    Busy,
    /// A value is larger than the store takes. Nothing was written.
    #[error("a value of {bytes} bytes is larger than the {limit} that the store takes")]
    TooLarge {
        /// How large the value is, as JSON.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// A name (a key, a tag, an event's id, ...) is too long, or holds a NUL. Nothing was written.
    #[error("{0}")]
    BadName(String),
    /// A transaction of the application's that is not on the client's journal. Nothing was written.
    #[error("the transaction cannot be written into: {0}")]
    WrongTransaction(String),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// The engine cannot be set up like this.
    #[error("{0}")]
    Setup(&'static str),
    /// The engine was shut down, or another process drives the store now.
    #[error("the engine is closed")]
    Closed,
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

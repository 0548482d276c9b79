//! How a step fails: the error that a body returns, and the failure that a workflow sees.

mod cause;

use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::expr::ExprError;

pub use cause::{Cause, Recorded};

/// The failure of a node, as the ladder of S21 carries it and `errors.<id>` shows it.
///
/// Two failures are equal if what they say is; what lies behind them does not count.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// Stable machine-readable code: `http_status`, `timeout`, `expression`, `panic`, …
    pub code: String,
    /// What went wrong, for a person.
    pub message: String,
    /// How many attempts were made; 0 where the body never started.
    pub attempts: u32,
    /// Path of the node that failed, `each_item[3]/charge`.
    pub path: String,
    /// What lies behind it, where a step told: its class, its causes, the place in the code.
    /// For people and for tools; no part of `errors.<id>`, so that it is left out of its JSON
    /// (the journal keeps it, see [`Recorded`]).
    #[serde(skip)]
    pub cause: Option<Box<Cause>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{} [{}]", self.place(), self.message, self.code)
    }
}

impl Error for Failure {}

impl Failure {
    /// A failure of no node in particular, without attempts.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { code, message, attempts: 0, path: String::new(), cause: None }
    }

    fn place(&self) -> String {
        if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) }
    }

    /// The same failure, of the node at `path`.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// Why a run stands still that someone paused.
    #[cfg(feature = "engine")]
    pub(crate) fn paused(reason: Option<String>) -> Self {
        Self::new("paused", reason.unwrap_or_else(|| "someone paused it".to_owned()))
    }

    /// Whether this is why a run stands still of which nothing ails the function: someone paused
    /// it, or the whole journal was restored.
    #[cfg(feature = "engine")]
    pub(crate) fn is_from_outside(&self) -> bool {
        matches!(self.code.as_str(), "paused" | "restored") && self.path.is_empty()
    }

    /// Whether this is why a run is over that someone terminated.
    #[cfg(feature = "testkit")]
    pub(crate) fn is_terminated(&self) -> bool {
        self.code == "terminated" && self.path.is_empty()
    }

    /// Why a run is over that someone terminated.
    #[cfg(feature = "engine")]
    pub(crate) fn terminated(reason: Option<String>) -> Self {
        Self::new("terminated", reason.unwrap_or_else(|| "someone terminated it".to_owned()))
    }

    /// The failure of the call at `path` of a run that failed with this. Its code stays; what
    /// it says in full is the nearest cause.
    #[cfg(feature = "engine")]
    pub(crate) fn of_call(self, path: &str) -> Self {
        let mut chain = vec![self.to_string()];
        let cause = self.cause.map(|cause| *cause);
        let class = cause.as_ref().map_or(ErrorClass::Fatal, |cause| cause.class);
        let location = cause.as_ref().and_then(|cause| cause.location.clone());
        chain.extend(cause.into_iter().flat_map(|cause| cause.chain));
        let cause = Some(Box::new(Cause { class, chain, location }));
        Self { attempts: 0, path: path.to_owned(), cause, ..self }
    }

    /// The failure of the step at `path` whose latest attempt, of so many, ended with `error`.
    #[cfg_attr(not(feature = "engine"), allow(dead_code, reason = "the engine makes them"))]
    pub(crate) fn of(error: StepError, attempts: u32, path: impl Into<String>) -> Self {
        let StepError { code, message, class, chain, location, .. } = error;
        let cause = Cause { class, chain, location };
        Self { code, message, attempts, path: path.into(), cause: Some(Box::new(cause)) }
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
            && self.message == other.message
            && self.attempts == other.attempts
            && self.path == other.path
    }
}

impl Eq for Failure {}

/// What sort of error ended an attempt; a [`Policy`](crate::Policy) says which are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Another attempt may succeed.
    Retryable,
    /// The other side asked to be left alone for a while; another attempt may succeed then.
    RateLimited,
    /// The attempt took too long, or gave no sign of life.
    Timeout,
    /// The body panicked.
    Panic,
    /// No further attempt can mend it; never tried again, whatever the policy says.
    Fatal,
}

impl ErrorClass {
    /// The name as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retryable => "retryable",
            Self::RateLimited => "rate_limited",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
            Self::Fatal => "fatal",
        }
    }
}

/// What a step body returns when an attempt fails.
///
/// ```
/// use std::time::Duration;
/// use flowcrate::{StepError, failure::ErrorClass};
///
/// fn read(text: &str) -> Result<u32, StepError> {
///     text.parse().map_err(|error| StepError::fatal("number", "no number").caused_by(&error))
/// }
/// let error = read("x").unwrap_err();
/// assert_eq!(error.class, ErrorClass::Fatal);
/// assert_eq!(error.chain, ["invalid digit found in string"]);
///
/// let busy = StepError::retryable("busy", "come back").retry_after(Duration::from_secs(30));
/// assert_eq!(busy.class, ErrorClass::RateLimited);
/// ```
#[derive(Clone, Debug)]
pub struct StepError {
    /// Stable machine-readable code.
    pub code: String,
    /// What went wrong, for a person.
    pub message: String,
    /// Whether, and when, another attempt may succeed.
    pub class: ErrorClass,
    /// The delay that the other side asked for (`Retry-After`), instead of the policy's own.
    pub retry_after: Option<Duration>,
    /// The errors behind it, the nearest first.
    pub chain: Vec<String>,
    /// Where in the code it was made, `src/charge.rs:12:9`.
    pub location: Option<String>,
}

impl fmt::Display for StepError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.message, self.code)
    }
}

impl Error for StepError {}

impl StepError {
    /// An error after which another attempt may succeed.
    #[track_caller]
    pub fn retryable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Retryable, code.into(), message.into())
    }

    /// An error that no further attempt can mend.
    #[track_caller]
    pub fn fatal(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Fatal, code.into(), message.into())
    }

    /// An error that goes away if the other side is left alone for so long.
    #[track_caller]
    pub fn rate_limited(
        code: impl Into<String>,
        message: impl Into<String>,
        delay: Duration,
    ) -> Self {
        Self::new(ErrorClass::Retryable, code.into(), message.into()).retry_after(delay)
    }

    #[track_caller]
    fn new(class: ErrorClass, code: String, message: String) -> Self {
        let location = Some(cause::place(Location::caller()));
        Self { code, message, class, retry_after: None, chain: Vec::new(), location }
    }

    /// An error that the engine itself gives an attempt: no code of the step made it.
    #[cfg(feature = "engine")]
    pub(crate) fn of_engine(class: ErrorClass, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { code, message, class, retry_after: None, chain: Vec::new(), location: None }
    }

    /// The same error, with the delay that the other side asked for: nothing is tried before.
    /// One after which another attempt may succeed counts as rate-limited then.
    #[must_use]
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        if self.class == ErrorClass::Retryable {
            self.class = ErrorClass::RateLimited;
        }
        self
    }

    /// The same error, with what lies behind it: `error` and all of its sources.
    #[must_use]
    pub fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        self.chain.extend(cause::chain(error));
        self
    }

    /// Whether another attempt may succeed.
    pub fn is_retryable(&self) -> bool {
        self.class != ErrorClass::Fatal
    }
}

impl From<ExprError> for StepError {
    /// An expression that has no value has none the next time (S17).
    fn from(error: ExprError) -> Self {
        let (code, class) = ("expression".to_owned(), ErrorClass::Fatal);
        let message = error.message;
        Self { code, message, class, retry_after: None, chain: Vec::new(), location: None }
    }
}

/// Two errors are equal if what they say is, wherever in the code they were made.
impl PartialEq for StepError {
    fn eq(&self, other: &Self) -> bool {
        self.class == other.class
            && self.code == other.code
            && self.message == other.message
            && self.retry_after == other.retry_after
    }
}

impl Eq for StepError {}

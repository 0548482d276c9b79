//! How a step fails: the error that a body returns, and the failure that a workflow sees.

use serde::{Deserialize, Serialize};

/// The failure of a node, as the ladder of S21 carries it and `errors.<id>` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{path}: {message} [{code}]")]
pub struct Failure {
    /// Stable machine-readable code: `http_status`, `timeout`, `expression`, `panic`, …
    pub code: String,
    /// What went wrong, for a person.
    pub message: String,
    /// How many attempts were made; 0 where the body never started.
    pub attempts: u32,
    /// Path of the node that failed, `each_item[3]/charge`.
    pub path: String,
}

/// What a step body returns when an attempt fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} [{code}]")]
pub struct StepError {
    /// Stable machine-readable code.
    pub code: String,
    /// What went wrong, for a person.
    pub message: String,
    /// Whether another attempt may succeed.
    pub retryable: bool,
    /// The delay that the other side asked for (`Retry-After`), instead of the policy's own.
    pub retry_after: Option<std::time::Duration>,
}

impl StepError {
    /// An error after which another attempt may succeed.
    pub fn retryable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: true, retry_after: None }
    }

    /// An error that no further attempt can mend.
    pub fn fatal(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { retryable: false, ..Self::retryable(code, message) }
    }

    /// The same error, with the delay that the other side asked for.
    #[must_use]
    pub fn retry_after(mut self, delay: std::time::Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }
}

//! When a failed attempt is tried again (S20).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A step's retry policy. All of it is written out in emitted code.
///
/// In a graph durations are text such as `500ms`, `30s`, `1m 30s`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Attempts in all, the first included; at least 1.
    pub max_attempts: u32,
    /// Delay before the second attempt.
    #[serde(with = "crate::values::duration_text")]
    pub initial: Duration,
    /// Each further delay is this many times the one before; at least 1.0.
    pub factor: f64,
    /// No delay is longer than this.
    #[serde(with = "crate::values::duration_text")]
    pub cap: Duration,
    /// Whether a delay is drawn between half of itself and itself.
    pub jitter: bool,
    /// How long one attempt may take; `None` is for ever.
    #[serde(with = "crate::values::optional_duration_text")]
    pub timeout: Option<Duration>,
    /// How long all attempts and delays may take together; `None` is for ever.
    #[serde(with = "crate::values::optional_duration_text")]
    pub total: Option<Duration>,
    /// What happens when the policy is spent.
    pub on_exhausted: OnExhausted,
}

/// What happens when a policy is spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    /// The step fails, and the ladder of S21 begins.
    #[default]
    Fail,
    /// The run pauses until someone resumes it.
    Pause,
}

impl Default for Policy {
    /// Three attempts, 1 s doubling up to 1 m with jitter, 30 s an attempt.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial: Duration::from_secs(1),
            factor: 2.0,
            cap: Duration::from_mins(1),
            jitter: true,
            timeout: Some(Duration::from_secs(30)),
            total: None,
            on_exhausted: OnExhausted::Fail,
        }
    }
}

//! When a failed attempt is tried again (S20).

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use crate::failure::ErrorClass;

/// A step's retry policy. All of it is written out in emitted code.
///
/// In a graph durations are text such as `500ms`, `30s`, `1m 30s`.
///
/// ```
/// use std::time::Duration;
/// use flowcrate::Policy;
/// use flowcrate::policy::{ErrorClass, Retried};
///
/// // Give up on a panic at once, and on a body that gives no sign of life for 10 s.
/// let policy = Policy {
///     retry_on: Retried::all().without(ErrorClass::Panic),
///     heartbeat: Some(Duration::from_secs(10)),
///     ..Policy::default()
/// };
/// assert!(policy.retry_on.contains(ErrorClass::Timeout));
/// assert_eq!(Policy::once().max_attempts, 1);
/// ```
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
    /// No delay is longer than this. A delay that the other side chose (`Retry-After`) is not
    /// cut short.
    #[serde(with = "crate::values::duration_text")]
    pub cap: Duration,
    /// Whether a delay is drawn between half of itself and itself. The draw is a hash of the
    /// run's seed, the step's path and the attempt: the same on each replay.
    pub jitter: bool,
    /// How long one attempt may take; `None` is for ever.
    #[serde(with = "crate::values::optional_duration_text")]
    pub timeout: Option<Duration>,
    /// How long all attempts and delays may take together; `None` is for ever. The time runs
    /// from the first attempt on, also while no process drives the run.
    #[serde(with = "crate::values::optional_duration_text")]
    pub total: Option<Duration>,
    /// Which classes of errors are tried again.
    #[serde(skip_serializing_if = "Retried::is_all")]
    pub retry_on: Retried,
    /// How long a body may go without a `StepContext::heartbeat` before its
    /// attempt counts as lost; `None`: it need not give any.
    #[serde(
        with = "crate::values::optional_duration_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub heartbeat: Option<Duration>,
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

/// The classes of errors that are tried again; a fatal error never is. In JSON a list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ErrorClass>", into = "Vec<ErrorClass>")]
pub struct Retried(u8);

impl Retried {
    const EACH: [ErrorClass; 4] =
        [ErrorClass::Retryable, ErrorClass::RateLimited, ErrorClass::Timeout, ErrorClass::Panic];

    /// Every class but fatal.
    pub const fn all() -> Self {
        Self(0b1111)
    }

    /// None: each error is final.
    pub const fn none() -> Self {
        Self(0)
    }

    /// These and this one; a fatal error stays final.
    #[must_use]
    pub const fn with(self, class: ErrorClass) -> Self {
        Self(self.0 | Self::bit(class))
    }

    /// These but not this one.
    #[must_use]
    pub const fn without(self, class: ErrorClass) -> Self {
        Self(self.0 & !Self::bit(class))
    }

    /// Whether errors of this class are tried again.
    pub const fn contains(self, class: ErrorClass) -> bool {
        self.0 & Self::bit(class) != 0
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
    const fn is_all(&self) -> bool {
        self.0 == Self::all().0
    }

    const fn bit(class: ErrorClass) -> u8 {
        match class {
            ErrorClass::Retryable => 1,
            ErrorClass::RateLimited => 2,
            ErrorClass::Timeout => 4,
            ErrorClass::Panic => 8,
            ErrorClass::Fatal => 0,
        }
    }
}

impl From<Retried> for Vec<ErrorClass> {
    fn from(retried: Retried) -> Self {
        Retried::EACH.into_iter().filter(|class| retried.contains(*class)).collect()
    }
}

impl TryFrom<Vec<ErrorClass>> for Retried {
    type Error = &'static str;

    fn try_from(classes: Vec<ErrorClass>) -> Result<Self, &'static str> {
        if classes.contains(&ErrorClass::Fatal) {
            return Err("a fatal error is never tried again");
        }
        Ok(classes.into_iter().fold(Self::none(), Self::with))
    }
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
            retry_on: Retried::all(),
            heartbeat: None,
            on_exhausted: OnExhausted::Fail,
        }
    }
}

impl Policy {
    /// The default without retries: the first failure is the last.
    #[must_use]
    pub fn once() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_a_list_of_names() {
        let read = |text: &str| serde_json::from_str::<Policy>(text);
        let policy = read(r#"{"retry_on": ["timeout", "panic"]}"#).unwrap();
        assert!(policy.retry_on.contains(ErrorClass::Panic));
        assert!(!policy.retry_on.contains(ErrorClass::Retryable));
        let text = serde_json::to_string(&policy).unwrap();
        assert!(text.contains(r#""retry_on":["timeout","panic"]"#), "{text}");
        let refused = read(r#"{"retry_on": ["fatal"]}"#).unwrap_err().to_string();
        assert!(refused.starts_with("a fatal error is never tried again"), "{refused}");
        assert_eq!(read("{}").unwrap(), Policy::default());
    }
}

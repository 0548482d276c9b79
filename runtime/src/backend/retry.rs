//! When a failed attempt is tried again: a pure function of policy, failure and seed (S20).

use std::time::Duration;

use uuid::Uuid;

use crate::clock::later;
use crate::failure::StepError;
use crate::policy::{OnExhausted, Policy};
use crate::values::Timestamp;

/// What follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Another attempt at this instant.
    Retry(Timestamp),
    /// The step fails.
    Fail,
    /// The policy is spent, and someone has to look.
    Park,
}

/// An attempt that failed.
pub(crate) struct Attempt<'a> {
    pub(crate) error: &'a StepError,
    /// How many have failed, this one included, that count against the policy.
    pub(crate) failed: u32,
    /// When the first of them began.
    pub(crate) since: Timestamp,
    pub(crate) now: Timestamp,
    /// Between 0 and 1, the same whenever this attempt of this step is judged.
    pub(crate) chance: f64,
}

/// Judges a failed attempt.
pub(crate) fn judge(policy: &Policy, attempt: &Attempt<'_>) -> Verdict {
    if !policy.retry_on.contains(attempt.error.class) {
        return Verdict::Fail;
    }
    let delay = attempt.error.retry_after.unwrap_or_else(|| delay(policy, attempt));
    let due = later(attempt.now, delay);
    let too_late = policy.total.is_some_and(|total| due >= later(attempt.since, total));
    if attempt.failed < policy.max_attempts && !too_late {
        return Verdict::Retry(due);
    }
    match policy.on_exhausted {
        OnExhausted::Fail => Verdict::Fail,
        OnExhausted::Pause => Verdict::Park,
    }
}

fn delay(policy: &Policy, attempt: &Attempt<'_>) -> Duration {
    let exponent = i32::try_from(attempt.failed.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = policy.initial.as_secs_f64() * policy.factor.max(1.0).powi(exponent);
    // `min` also takes care of the infinity that many attempts lead to.
    let capped = grown.min(policy.cap.as_secs_f64()).max(0.0);
    let jitter = if policy.jitter { 0.5 + attempt.chance / 2.0 } else { 1.0 };
    Duration::try_from_secs_f64(capped * jitter).unwrap_or(policy.cap)
}

/// A number between 0 and 1 that depends on the run's seed, the path and the attempt alone.
pub(crate) fn chance(seed: &[u8; 16], path: &str, attempt: u32) -> f64 {
    let name = format!("{path}#{attempt}");
    let bits = Uuid::new_v5(&Uuid::from_bytes(*seed), name.as_bytes()).as_u64_pair().1;
    // The low 32 bits are free of the version and variant marks.
    f64::from(u32::try_from(bits & 0xffff_ffff).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{ErrorClass, Retried};

    fn verdict(policy: &Policy, failed: u32, error: &StepError, now: i64) -> Verdict {
        let (since, now) = (Timestamp(0), Timestamp(now));
        judge(policy, &Attempt { error, failed, since, now, chance: 0.5 })
    }

    #[test]
    fn delays_grow_up_to_the_cap() {
        let cap = Duration::from_secs(5);
        let policy = Policy { max_attempts: 100, jitter: false, cap, ..Policy::default() };
        let error = StepError::retryable("x", "x");
        let delays: Vec<_> = [1, 2, 3, 4, 99].map(|n| verdict(&policy, n, &error, 0)).to_vec();
        let expected = [1000, 2000, 4000, 5000, 5000].map(|at| Verdict::Retry(Timestamp(at)));
        assert_eq!(delays, expected);
    }

    #[test]
    fn jitter_stays_between_half_and_all() {
        let policy = Policy::default();
        let error = StepError::retryable("x", "x");
        assert_eq!(verdict(&policy, 1, &error, 0), Verdict::Retry(Timestamp(750)));
        for attempt in 0..100 {
            let chance = chance(&[7; 16], "a/b", attempt);
            assert!((0.0..=1.0).contains(&chance));
        }
    }

    #[test]
    fn a_spent_policy_fails_or_parks() {
        let mut policy = Policy { max_attempts: 2, ..Policy::default() };
        let error = StepError::retryable("x", "x");
        assert_eq!(verdict(&policy, 2, &error, 0), Verdict::Fail);
        policy.on_exhausted = OnExhausted::Pause;
        assert_eq!(verdict(&policy, 2, &error, 0), Verdict::Park);
        assert_eq!(verdict(&policy, 1, &StepError::fatal("x", "x"), 0), Verdict::Fail);
    }

    #[test]
    fn only_the_chosen_classes_are_tried_again() {
        let retry_on = Retried::all().without(ErrorClass::Panic);
        let on_exhausted = OnExhausted::Pause;
        let policy = Policy { retry_on, on_exhausted, ..Policy::default() };
        let panic = StepError::of_engine(ErrorClass::Panic, "panic", "oh");
        assert_eq!(verdict(&policy, 1, &panic, 0), Verdict::Fail);
        let timeout = StepError::of_engine(ErrorClass::Timeout, "timeout", "slow");
        assert!(matches!(verdict(&policy, 1, &timeout, 0), Verdict::Retry(_)));
        let none = Policy { retry_on: Retried::none().with(ErrorClass::Fatal), ..policy };
        for error in [timeout, StepError::fatal("x", "x")] {
            assert_eq!(verdict(&none, 1, &error, 0), Verdict::Fail);
        }
    }

    #[test]
    fn total_time_and_the_other_sides_delay_count() {
        let total = Some(Duration::from_secs(10));
        let policy = Policy { total, max_attempts: 100, ..Policy::default() };
        let error = StepError::retryable("x", "x").retry_after(Duration::from_secs(4));
        assert_eq!(verdict(&policy, 1, &error, 5000), Verdict::Retry(Timestamp(9000)));
        assert_eq!(verdict(&policy, 1, &error, 6000), Verdict::Fail);
    }
}

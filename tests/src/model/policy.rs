//! S20: when a failed attempt is tried again.

use flowcrate_scripted::End;
use serde_json::Value;

use super::expr::milliseconds;
use super::plant::{Plant, planted};
use super::state::At;

/// A policy without jitter: what is drawn is no part of the page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Policy {
    attempts: u32,
    initial: u64,
    factor: u64,
    cap: u64,
    /// How long an attempt may take.
    pub(super) timeout: Option<u64>,
    /// How long all attempts may take.
    pub(super) total: Option<u64>,
    /// How long an attempt may give no sign of life.
    pub(super) heartbeat: Option<u64>,
    /// The classes of errors after which another attempt follows; all where it is not said.
    retried: Option<Vec<String>>,
    pauses: bool,
}

/// What follows a failed attempt.
#[derive(Debug)]
pub(super) enum Verdict {
    Retry(At),
    Fail,
    Pause,
}

impl Policy {
    /// Reads a node's policy; nothing if it says what the model does not play.
    pub(super) fn read(policy: &Value) -> Option<Self> {
        let length = |name: &str, default: Option<u64>| match policy.get(name) {
            None => Some(default),
            Some(Value::Null) => Some(None),
            Some(text) => milliseconds(text.as_str()?).map(Some),
        };
        let whole = |name: &str, default| policy.get(name).map_or(Some(default), Value::as_u64);
        let attempts = u32::try_from(whole("max_attempts", 3)?).ok()?;
        if attempts > 1 && policy.get("jitter") != Some(&Value::Bool(false)) {
            return None;
        }
        Some(Self {
            attempts,
            initial: length("initial", Some(1_000))??,
            factor: whole("factor", 2)?,
            cap: length("cap", Some(60_000))??,
            timeout: length("timeout", Some(30_000))?,
            total: length("total", None)?,
            heartbeat: length("heartbeat", None)?,
            retried: match policy.get("retry_on") {
                None | Some(Value::Null) => None,
                Some(list) => Some(classes(list)?),
            },
            pauses: policy.get("on_exhausted").is_some_and(|word| word == "pause"),
        })
    }

    /// Judges the failure of the attempt of this number, at `now`; the first began at `since`.
    /// None of `end`: it took too long, or gave no sign of life.
    pub(super) fn judge(&self, end: Option<&End>, number: u32, since: At, now: At) -> Verdict {
        let grown = self.factor.saturating_pow(number - 1).saturating_mul(self.initial);
        let (delay, class) = match end {
            Some(End::Fatal | End::Answer(_)) => return Verdict::Fail,
            // A delay that the other side chose is not cut short.
            Some(End::Busy(delay)) if planted(Plant::CapCutsTheirDelay) => {
                ((*delay).min(self.cap), "rate_limited")
            }
            Some(End::Busy(delay)) => (*delay, "rate_limited"),
            Some(End::Retryable) => (grown.min(self.cap), "retryable"),
            Some(End::Panic) => (grown.min(self.cap), "panic"),
            None => (grown.min(self.cap), "timeout"),
        };
        // What is of no class that is tried again has failed, whatever else the policy says.
        if self.retried.as_ref().is_some_and(|retried| !retried.iter().any(|one| one == class)) {
            return Verdict::Fail;
        }
        let in_time = self.total.is_none_or(|total| now + delay < since + total);
        let attempts = self.attempts + u32::from(planted(Plant::AttemptTooMany));
        match (number < attempts && in_time, self.pauses) {
            (true, _) => Verdict::Retry(delay),
            (false, true) => Verdict::Pause,
            (false, false) => Verdict::Fail,
        }
    }
}

/// What `retry_on` lists.
fn classes(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|word| Some(word.as_str()?.to_owned())).collect()
}

//! Steps, timers, events: what they may come to is known beforehand.

use serde_json::{Value, json};

use super::{Verdict, Walk};

/// Attempts that the policy of every step grants.
pub(in super::super) const ATTEMPTS: u32 = 5;

impl Walk<'_> {
    /// A step that fails so often before it succeeds, or for good.
    pub(super) fn step(&mut self, path: &str, id: &str, failures: u32) -> Result<Verdict, String> {
        let entry = self.visit(path);
        let made = entry.map_or(0, |entry| entry.attempts);
        let settled = entry.is_some_and(|entry| entry.status.is_settled());
        let verdict = self.outcome(path);
        let fits = match &verdict {
            Verdict::Open | Verdict::Cancelled => {
                if !settled && verdict == Verdict::Open {
                    self.enabled.push(path.to_owned());
                }
                true
            }
            // More attempts than it asked for: the clock jumped, and one took too long.
            Verdict::Done { value, .. } => {
                *value == json!(id) && failures != u32::MAX && made > failures && made <= ATTEMPTS
            }
            Verdict::Failed { code, .. } if code == id => failures == u32::MAX && made >= 1,
            Verdict::Failed { code, .. } => code == "timeout" && made == ATTEMPTS,
        };
        if fits { Ok(verdict) } else { Err(format!("`{path}`: {verdict:?}, {made} attempts")) }
    }

    /// A call: what it comes to is held against the run that it called.
    pub(super) fn child(&mut self, path: &str) -> Verdict {
        self.visit(path);
        self.outcome(path)
    }

    /// Something that is waited for, and comes to this.
    pub(super) fn leaf(&mut self, path: &str, expected: &Value) -> Result<Verdict, String> {
        self.visit(path);
        let verdict = self.outcome(path);
        match &verdict {
            Verdict::Done { value, .. } if value != expected => {
                Err(format!("`{path}` came to {value}, not {expected}"))
            }
            Verdict::Failed { .. } => Err(format!("`{path}` came to {verdict:?}")),
            _ => Ok(verdict),
        }
    }
}

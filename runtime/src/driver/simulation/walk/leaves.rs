//! Steps, timers, events: what they may come to is known beforehand.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::plan::{output, verdict};
use super::{Verdict, Walk, join};

/// Attempts that the policy of every step grants.
pub(in super::super) const ATTEMPTS: u32 = 5;

impl Walk<'_> {
    /// A step that fails so often before it succeeds, or for good.
    pub(super) fn step(
        &mut self,
        path: &str,
        (id, bytes): (&str, usize),
        failures: u32,
    ) -> Result<Verdict, String> {
        let (id, is_taken) = (self.run.input(path, id), self.run.has_taken_edited(path));
        let entry = self.visit(path);
        let given = entry.and_then(|entry| entry.input.as_ref()).map(crate::Payload::to_value);
        if !is_taken && !path.ends_with("!undo") && given.as_ref().is_some_and(|given| given != id)
        {
            return Err(format!("`{path}` was given {given:?}, not {id}"));
        }
        let made = entry.map_or(0, |entry| entry.attempts);
        let settled = entry.is_some_and(|entry| entry.status.is_settled());
        let verdict = self.outcome(path);
        let fits = match &verdict {
            _ if is_taken => true,
            Verdict::Open | Verdict::Cancelled => {
                if !settled && verdict == Verdict::Open {
                    self.enabled.push(path.to_owned());
                }
                true
            }
            // More attempts than it asked for: the clock jumped, and one took too long.
            Verdict::Done { value, .. } => {
                *value == output(id, bytes)
                    && failures != u32::MAX
                    && made > failures
                    && made <= ATTEMPTS
            }
            Verdict::Failed { code, .. } if code == id => failures == u32::MAX && made >= 1,
            Verdict::Failed { code, .. } => {
                // Its body is told when what it appends cannot be written.
                matches!(&**code, "timeout" | "store") && made == ATTEMPTS
            }
        };
        if fits { Ok(verdict) } else { Err(format!("`{path}`: {verdict:?}, {made} attempts")) }
    }

    /// Work whose value is the first id that it drew; what the function has is that, the second
    /// one, and a number.
    pub(super) fn memo(&mut self, scope: &str, id: &str) -> Result<Verdict, String> {
        let draw = |what: &str, occurrence: u32| {
            let name = format!("{what}\0{scope}\0{id}\0{occurrence}");
            Uuid::new_v5(&Uuid::from_bytes(self.run.seed), name.as_bytes())
        };
        let (first, second) = (json!(draw("uuid", 0).to_string()), draw("uuid", 1).to_string());
        // Its first and its last four bytes.
        let bytes = draw("random", 0).as_u128();
        let number = (bytes >> 96) << 32 | (bytes & 0xffff_ffff);
        let drawn = json!([first, second, number.to_string()]);
        Ok(match self.leaf(&join(scope, id), &first)? {
            Verdict::Done { at, .. } => Verdict::Done { at, value: drawn },
            other => other,
        })
    }

    /// An answer; whether it was the first one is for the whole journal to say.
    pub(super) fn respond(&mut self, path: &str) -> Result<Verdict, String> {
        self.visit(path);
        let verdict = self.outcome(path);
        match &verdict {
            Verdict::Done { value: Value::Null, .. } | Verdict::Open | Verdict::Cancelled => {
                Ok(verdict)
            }
            Verdict::Failed { code, .. } if code == "responded" => Ok(verdict),
            _ => Err(format!("`{path}` came to {verdict:?}")),
        }
    }

    /// A decision: the one that was sent, or none in time where that is limited.
    pub(super) fn approval(
        &mut self,
        path: &str,
        key: &str,
        answer: Option<bool>,
        is_limited: bool,
    ) -> Result<Verdict, String> {
        let in_time =
            self.journal.get(path).is_some_and(|entry| entry.output.is_some()) || !is_limited;
        let (sent, decision) = match answer.filter(|_| in_time) {
            Some(true) => (verdict(key, true, "ada"), json!({ "approved": key })),
            Some(false) => (verdict(key, false, "ada"), json!({ "rejected": key })),
            None => (Value::Null, json!("timed_out")),
        };
        Ok(match self.leaf(path, &sent)? {
            Verdict::Done { at, .. } => Verdict::Done { at, value: decision },
            other => other,
        })
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

//! How runs of a workflow are started from outside.

use serde_json::{Map, Value};

/// The triggers of a workflow, in the order of its graph.
///
/// ```
/// use flowcrate::host::Triggers;
/// let triggers = Triggers::new().manual("by_hand");
/// # #[cfg(feature = "serve")]
/// let triggers = triggers.webhook("received", "order-intake");
/// # #[cfg(feature = "schedule")]
/// let triggers = triggers.schedule("nightly", "0 3 * * *", "Europe/Berlin");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Triggers {
    pub(super) all: Vec<Trigger>,
    #[cfg(feature = "serve")]
    pub(super) responds: bool,
}

/// One trigger: the id of its node, and what sets it off.
#[derive(Clone, Debug)]
pub(super) struct Trigger {
    pub(super) id: &'static str,
    pub(super) source: Source,
}

/// What sets a trigger off.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Only a person, by `run`.
    Manual,
    /// A request to `POST /hooks/{path}`.
    #[cfg(feature = "serve")]
    Webhook { path: &'static str },
    /// The clock.
    #[cfg(feature = "schedule")]
    Schedule { cron: &'static str, time_zone: &'static str },
}

impl Triggers {
    /// No triggers: runs are started by `run` alone, with the workflow's whole input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a trigger that only `run` sets off.
    #[must_use]
    pub fn manual(self, id: &'static str) -> Self {
        self.with(id, Source::Manual)
    }

    /// Adds a webhook at `POST /hooks/{path}`, whose JSON body is the payload.
    #[cfg(feature = "serve")]
    #[must_use]
    pub fn webhook(self, id: &'static str, path: &'static str) -> Self {
        self.with(id, Source::Webhook { path })
    }

    /// Adds a schedule: a five-field cron text, read in a named time zone.
    /// Its payload is `{"scheduled_at": …}`, the instant for which the run was meant.
    #[cfg(feature = "schedule")]
    #[must_use]
    pub fn schedule(self, id: &'static str, cron: &'static str, time_zone: &'static str) -> Self {
        self.with(id, Source::Schedule { cron, time_zone })
    }

    /// Says that the workflow answers the callers of its webhooks
    /// ([`Context::respond`](crate::Context::respond)): they wait for that, 30 seconds at most.
    #[cfg(feature = "serve")]
    #[must_use]
    pub fn responds(self) -> Self {
        Self { responds: true, ..self }
    }

    fn with(mut self, id: &'static str, source: Source) -> Self {
        self.all.push(Trigger { id, source });
        self
    }

    /// The input of a run that this trigger starts: its payload, under its id if there are several.
    pub(super) fn input(&self, id: &str, payload: Value) -> Value {
        if self.all.len() < 2 {
            return payload;
        }
        Value::Object(Map::from_iter([(id.to_owned(), payload)]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_trigger_is_bare_and_several_are_named() {
        let one = Triggers::new().manual("by_hand");
        assert_eq!(one.input("by_hand", json!(1)), json!(1));
        let two = one.manual("other");
        assert_eq!(two.input("other", json!(1)), json!({"other": 1}));
    }
}

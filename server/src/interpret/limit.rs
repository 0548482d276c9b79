//! A workflow's limit (R24), as the attribute of its emitted crate says it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use flowcrate::{Hold, Limit};
use flowcrate_codegen::check::NodeId;
use flowcrate_codegen::expr::{Env, Name, eval};
use serde_json::Value;

use super::{Plan, Triggered};

/// The limits of workflows by what the engine knows them as, each as its latest revision says:
/// several revisions of one may be driven at a time.
#[derive(Clone, Debug, Default)]
pub struct Limits(Arc<Mutex<BTreeMap<String, Option<Limit>>>>);

impl Limits {
    /// Says under which limit all runs of a workflow are. Gives whether that was known.
    pub fn set(&self, workflow: &str, limit: Option<Limit>) -> bool {
        let old = self.lock().insert(workflow.to_owned(), limit.clone());
        old == Some(limit)
    }

    /// Whether anything was said of a workflow.
    pub fn knows(&self, workflow: &str) -> bool {
        self.lock().contains_key(workflow)
    }

    /// What was said of a workflow, or `own`.
    pub(super) fn of(&self, workflow: &str, own: impl FnOnce() -> Option<Limit>) -> Option<Limit> {
        let said = self.lock().get(workflow).cloned();
        said.unwrap_or_else(own)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Option<Limit>>> {
        // The map is whole after every statement, so a panic elsewhere leaves it sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    /// The limit that its graph says; without a name of its own it has that of the workflow.
    pub fn limit(&self, workflow: &str) -> Option<Limit> {
        let drawn = self.checked.limit.as_ref()?;
        let mut limit = Limit::new(drawn.name.as_deref().unwrap_or(workflow));
        if let Some(slots) = drawn.concurrency {
            limit = limit.concurrency(slots);
        }
        if let Some(rate) = drawn.rate {
            limit = limit.rate(rate.starts, rate.period);
        }
        Some(if drawn.while_active { limit.hold(Hold::WhileActive) } else { limit })
    }

    /// By what a run with this input counts. What cannot be told is no key, in the emitted crate as
    /// here.
    pub(super) fn limit_key(&self, input: &Value) -> Option<String> {
        let key = self.checked.limit.as_ref()?.key.as_ref()?;
        let triggered = self.triggered(input).ok()?;
        let value = eval(key, &Payloads(&triggered)).unwrap_or_default();
        Some(value.as_str().unwrap_or_default().to_owned())
    }
}

/// What is known before a run begins.
struct Payloads<'a>(&'a Triggered);

impl Env for Payloads<'_> {
    fn get(&self, name: &Name) -> Option<Value> {
        let Triggered { trigger, payload, common } = self.0;
        match name {
            Name::Trigger => Some(common.clone()),
            Name::TriggerOf(id) => {
                (trigger.as_ref().map(NodeId::as_str) == Some(id)).then(|| payload.clone())
            }
            // The checker lets a key read nothing else.
            _ => None,
        }
    }
}

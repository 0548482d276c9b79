//! What starts a run: the payload of one trigger, checked against its type.

use flowcrate::Timestamp;
use flowcrate::types::{ProjectError, meets, project};
use flowcrate_codegen::check::{Body, NodeId};
use serde_json::{Value, json};
use thiserror::Error;

use crate::interpret::Plan;

/// A payload that starts no run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Misfit {
    /// It does not fit its type.
    #[error("{0}")]
    Type(#[from] ProjectError),
    /// No such trigger.
    #[error("the workflow has no trigger {0:?}; it has {1}")]
    NoTrigger(String, String),
    /// The trigger is disabled.
    #[error("the trigger {0:?} is disabled")]
    Disabled(String),
    /// Several triggers, and the input names none or several.
    #[error(
        "the workflow has several triggers ({0}): send {{\"<trigger id>\": payload}}, or name the trigger"
    )]
    Ambiguous(String),
}

impl Misfit {
    /// Where the value at fault stands; empty where all of it is.
    pub fn path(&self) -> &str {
        match self {
            Self::Type(error) => &error.path,
            Self::NoTrigger(..) | Self::Disabled(_) | Self::Ambiguous(_) => "",
        }
    }
}

/// The input of a run (S30) that `trigger` starts with `payload`; without a trigger `payload` is
/// the whole input. It is checked, and kept as it was sent (S13): each typed read projects it.
pub fn run_input(
    plan: &Plan,
    trigger: Option<&str>,
    payload: Value,
    now: Timestamp,
) -> Result<Value, Misfit> {
    let (id, payload) = match trigger {
        Some(trigger) => (trigger.to_owned(), payload),
        None => named(plan, payload)?,
    };
    let node = plan
        .ir
        .triggers
        .iter()
        .find(|trigger| trigger.as_str() == id)
        .and_then(|id| plan.checked.nodes.get(id));
    let Some(node) = node else { return Err(Misfit::NoTrigger(id, list(plan))) };
    if node.disabled {
        return Err(Misfit::Disabled(id));
    }
    let payload = match (&node.body, payload) {
        // Started by hand: as if it were due now.
        (Body::Schedule { .. }, Value::Null) => json!({ "scheduled_at": now.to_string() }),
        (_, payload) => payload,
    };
    if let Some(ty) = &node.output {
        project(ty, &payload)?;
    }
    if let Some(asked) = plan.checked.constraints.get(&node.id) {
        meets(asked, &payload)?;
    }
    Ok(plan.input(&id, payload))
}

/// The trigger that a whole input names.
fn named(plan: &Plan, input: Value) -> Result<(String, Value), Misfit> {
    if let [only] = plan.ir.triggers.as_slice() {
        return Ok((only.to_string(), input));
    }
    let Value::Object(entries) = input else { return Err(Misfit::Ambiguous(list(plan))) };
    let mut entries = entries.into_iter().filter(|(_, payload)| !payload.is_null());
    match (entries.next(), entries.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Misfit::Ambiguous(list(plan))),
    }
}

fn list(plan: &Plan) -> String {
    let ids: Vec<&str> = plan.ir.triggers.iter().map(NodeId::as_str).collect();
    ids.join(", ")
}

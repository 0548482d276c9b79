//! The workflow that a node calls or starts, and what starts its run.

use flowcrate::{Definition, Result, Workflow as _};
use flowcrate_codegen::check::{Call, Node};
use serde_json::Value;

use super::env::evaluate;
use super::scope::Scope;

pub(super) fn called(scope: &Scope, node: &Node, call: &Call) -> Result<(Definition, Value)> {
    let payload = evaluate(scope, node, &call.input)?;
    let input = match &call.trigger {
        Some(trigger) => Value::Object([(trigger.to_string(), payload)].into_iter().collect()),
        None => payload,
    };
    // A plan is made with those of all that it calls.
    let callee = scope.plan().callees.get(&call.workflow).ok_or_else(|| {
        let message = format!("the workflow `{}` is not part of the plan", call.workflow);
        scope.ctx().failure(node.id.as_str(), "internal", message)
    })?;
    Ok((callee.definition(), input))
}

//! `approval@1`: leaves by `approved` or `rejected` with the answer, or by `timeout` (S34).

use flowcrate::expr::ExprError;
use flowcrate::types::project;
use flowcrate::{Duration, Result};
use flowcrate_codegen::check::{Approval, Node};
use flowcrate_codegen::expr;
use serde_json::Value;

use super::env::{evaluate, evaluate_with};
use super::scope::{Outcome, Scope};
use super::wait::duration;

pub(super) async fn run(scope: &Scope, node: &Node, approval: &Approval) -> Result<Outcome> {
    let mut asked = flowcrate::Approval::new(approval.event.clone());
    if let Some(assignees) = &approval.assignees
        && let Value::Array(assignees) = evaluate(scope, node, assignees)?
    {
        asked = asked.assignees(assignees.iter().filter_map(Value::as_str));
    }
    if let Some(key) = &approval.key
        && let Value::String(key) = evaluate(scope, node, key)?
    {
        asked = asked.key(key);
    }
    if let Some(form) = &approval.form {
        asked = asked.form(form.clone());
    }
    if let Some(timeout) = &approval.timeout {
        let Duration(span) = evaluate_with(scope, node, || duration(&expr::eval(timeout, scope)?))?;
        asked = asked.timeout(span);
    }
    let verdict = scope.ctx().approval::<Value>(node.id.to_string(), asked).verdict().await?;
    let Some(verdict) = verdict else { return Ok(Outcome::left("timeout", None)) };
    let handle = if verdict.approved { "approved" } else { "rejected" };
    // The journal holds the answer as it was sent; this is the typed read (S13).
    let read = || {
        let answer = serde_json::to_value(&verdict).map_err(|e| ExprError::new(e.to_string()))?;
        project(&approval.verdict, &answer).map_err(|error| ExprError::new(error.to_string()))
    };
    Ok(Outcome::left(handle, Some(evaluate_with(scope, node, read)?)))
}

//! `wait_event@1`: leaves by `out` with the payload, or by `timeout` (S33).

use flowcrate::expr::ExprError;
use flowcrate::types::{Type, project};
use flowcrate::{Duration, Result, WaitEvent};
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::{self, Expr};
use serde_json::Value;

use super::env::{evaluate, evaluate_with};
use super::scope::{Outcome, Scope};
use super::wait::duration;

/// What the node says.
pub(super) struct Settings<'a> {
    pub(super) event: &'a str,
    pub(super) key: Option<&'a Expr>,
    pub(super) timeout: Option<&'a Expr>,
    pub(super) payload: &'a Type,
}

pub(super) async fn run(scope: &Scope, node: &Node, settings: Settings<'_>) -> Result<Outcome> {
    let mut wait = WaitEvent::new(settings.event.to_owned());
    if let Some(key) = settings.key
        && let Value::String(key) = evaluate(scope, node, key)?
    {
        wait = wait.key(key);
    }
    if let Some(timeout) = settings.timeout {
        let Duration(span) = evaluate_with(scope, node, || duration(&expr::eval(timeout, scope)?))?;
        wait = wait.timeout(span);
    }
    let payload: Option<Value> = scope.ctx().wait_event(node.id.to_string(), wait).await?;
    let Some(payload) = payload else { return Ok(Outcome::left("timeout", None)) };
    // The journal holds the payload as it was sent; this is the typed read (S13).
    let read =
        || project(settings.payload, &payload).map_err(|error| ExprError::new(error.to_string()));
    Ok(Outcome::out(evaluate_with(scope, node, read)?))
}

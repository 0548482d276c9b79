//! `wait@1`: a durable timer.

use flowcrate::expr::ExprError;
use flowcrate::{Duration, Result, Timestamp};
use flowcrate_codegen::check::{Node, WaitUntil};
use flowcrate_codegen::expr;
use serde_json::Value;

use super::env::evaluate_with;
use super::scope::{Outcome, Scope};

pub(super) async fn run(scope: &Scope, node: &Node, until: &WaitUntil) -> Result<Outcome> {
    let id = node.id.to_string();
    match until {
        WaitUntil::Duration(span) => {
            let Duration(span) =
                evaluate_with(scope, node, || duration(&expr::eval(span, scope)?))?;
            scope.ctx().sleep(id, span).await?;
        }
        WaitUntil::Instant(instant) => {
            let instant = evaluate_with(scope, node, || timestamp(&expr::eval(instant, scope)?))?;
            scope.ctx().sleep_until(id, instant).await?;
        }
    }
    Ok(Outcome::left("out", None))
}

/// A value of type duration.
pub(super) fn duration(value: &Value) -> Result<Duration, ExprError> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|_| ExprError::new(format!("{value} is no duration")))
}

fn timestamp(value: &Value) -> Result<Timestamp, ExprError> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|_| ExprError::new(format!("{value} is no timestamp")))
}

//! `fail@1`: an ordinary failure (S21).

use flowcrate::Result;
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;
use serde_json::Value;

use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) fn run(scope: &Scope, node: &Node, code: &Expr, message: &Expr) -> Result<Outcome> {
    let code = text(evaluate(scope, node, code)?);
    let message = text(evaluate(scope, node, message)?);
    Err(scope.ctx().failure(node.id.as_str(), code, message).into())
}

/// The checker has seen that it is a string.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

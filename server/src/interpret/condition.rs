//! `condition@1`: leaves by `true` or `false`.

use flowcrate::Result;
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;
use serde_json::Value;

use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) fn run(scope: &Scope, node: &Node, condition: &Expr) -> Result<Outcome> {
    let holds = evaluate(scope, node, condition)? == Value::Bool(true);
    Ok(Outcome::left(if holds { "true" } else { "false" }, None))
}

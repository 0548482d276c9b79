//! `return@1`: sets the run's output and ends nothing (S31).

use flowcrate::Result;
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;

use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) fn run(scope: &Scope, node: &Node, value: &Expr) -> Result<Outcome> {
    scope.set_output(evaluate(scope, node, value)?);
    Ok(Outcome::left("out", None))
}

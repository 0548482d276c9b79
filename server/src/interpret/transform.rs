//! `transform@1`: pure, recomputed by each replay (S37).

use flowcrate::Result;
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;

use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) fn run(scope: &Scope, node: &Node, value: &Expr) -> Result<Outcome> {
    evaluate(scope, node, value).map(Outcome::out)
}

//! `respond@1`: what the caller is answered, while the run goes on (S32).

use flowcrate::Result;
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;

use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) async fn run(scope: &Scope, node: &Node, value: &Expr) -> Result<Outcome> {
    let value = evaluate(scope, node, value)?;
    scope.ctx().respond(node.id.to_string(), &value).await?;
    Ok(Outcome::left("out", None))
}

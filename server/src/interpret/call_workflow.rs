//! `call_workflow@1`: another workflow's run, awaited (S35).

use flowcrate::Result;
use flowcrate::expr::ExprError;
use flowcrate::types::{Type, project};
use flowcrate_codegen::check::{Call, Node};

use super::callee::called;
use super::env::evaluate_with;
use super::scope::{Outcome, Scope};

pub(super) async fn run(scope: &Scope, node: &Node, call: &Call) -> Result<Outcome> {
    let (callee, input) = called(scope, node, call)?;
    let output = scope.ctx().call_value(node.id.to_string(), &callee, &input).await?;
    let ty = node.output.as_ref().unwrap_or(&Type::Any);
    // The journal holds the output as the other run gave it; this is the typed read (S13).
    let read = || project(ty, &output).map_err(|error| ExprError::new(error.to_string()));
    Ok(Outcome::out(evaluate_with(scope, node, read)?))
}

//! `start_workflow@1`: another workflow's run, left to itself (S35).

use flowcrate::Result;
use flowcrate_codegen::check::{Call, Node};

use super::callee::called;
use super::scope::{Outcome, Scope};

pub(super) async fn run(scope: &Scope, node: &Node, call: &Call) -> Result<Outcome> {
    let (callee, input) = called(scope, node, call)?;
    let ctx = scope.ctx();
    let run = ctx.start_workflow_value(node.id.to_string(), &callee, &input).text().await?;
    Ok(Outcome::out(run.into()))
}

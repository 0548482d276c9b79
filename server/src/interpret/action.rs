//! A plugin's action: a journaled step.

use std::sync::Arc;

use flowcrate::types::{Type, project};
use flowcrate::{Policy, Result, StepContext, StepError, StepSpec};
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;
use serde_json::Value;

use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) async fn run(
    scope: &Scope,
    node: &Node,
    input: &Expr,
    policy: &Policy,
) -> Result<Outcome> {
    let input = evaluate(scope, node, input)?;
    let spec = StepSpec::new(node.id.to_string(), node.kind.clone()).policy(policy.clone());
    let ty = Arc::new(node.output.clone().unwrap_or(Type::Any));
    let (actions, kind) = (Arc::clone(&scope.plan().actions), node.kind.clone());
    let body = move |step: StepContext, input: Value| {
        let running = actions.run(&kind, step, input);
        let ty = Arc::clone(&ty);
        async move {
            let output = running.await?;
            // Emitted code decodes into the node's own output struct; this is its equal (S13).
            project(&ty, &output)
                .map_err(|error| StepError::fatal("bad_response", error.to_string()))
        }
    };
    let output: Value = scope.ctx().step(spec, input, body).await?;
    Ok(Outcome::out(output))
}

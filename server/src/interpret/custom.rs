//! `custom@1`, and an action that a person overrides: a function that is written in the exported
//! crate. Nobody writes code into the
//! server (S42), so an interpreted run pauses here and says so (S36).

use flowcrate::policy::OnExhausted;
use flowcrate::{Context, Policy, Result, Step, StepContext, StepError, StepSpec};
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::Expr;
use serde_json::Value;

use super::compensation;
use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) async fn run(
    scope: &Scope,
    node: &Node,
    input: &Expr,
    policy: &Policy,
) -> Result<Outcome> {
    let input = evaluate(scope, node, input)?;
    let step = step(scope.ctx(), (node, policy), input);
    Ok(Outcome::out(compensation::undone(scope, node, step).await?))
}

/// The step itself, with its input.
pub(super) fn step(ctx: &Context, (node, policy): (&Node, &Policy), input: Value) -> Step<Value> {
    // Tried once; somebody may resume the run when another server has the function.
    let policy = Policy { max_attempts: 1, on_exhausted: OnExhausted::Pause, ..policy.clone() };
    let spec = StepSpec::new(compensation::step_id(node), node.kind.clone()).policy(policy);
    let (label, overridden) = (node.label.clone(), node.is_overridden());
    let body = move |_: StepContext, _: Value| {
        let message = if overridden {
            format!("{label:?} is overridden: only the exported crate has what custom.rs says")
        } else {
            format!("{label:?} is not written: export the crate and fill it in in custom.rs")
        };
        async move { Err(StepError::retryable("not_written", message)) }
    };
    ctx.step(spec, input, body)
}

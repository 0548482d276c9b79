//! `while@1`: its body from state to state, while a condition holds (S27).

use flowcrate::{Context, Result, While};
use flowcrate_codegen::check::{self, Node};
use flowcrate_codegen::expr::Expr;
use serde_json::Value;

use super::env::evaluate;
use super::region;
use super::scope::{Outcome, Scope};

/// What the node says.
pub(super) struct Settings<'a> {
    pub(super) init: &'a Expr,
    pub(super) condition: &'a Expr,
    pub(super) max_iterations: Option<u64>,
    pub(super) body: &'a check::Scope,
}

pub(super) async fn run(scope: &Scope, node: &Node, settings: Settings<'_>) -> Result<Outcome> {
    let init = evaluate(scope, node, settings.init)?;
    let mut looped = While::new(node.id.to_string());
    if let Some(most) = settings.max_iterations {
        looped = looped.max_iterations(most);
    }
    let iteration = |ctx: Context, state: Value, index: i64| {
        let scope = scope.iteration(ctx, node.id.clone(), state, index);
        let body = settings.body;
        async move { region::run(&scope, node, ("", body)).await }
    };
    // The condition is the node's own: it fails in the scope around.
    let holds = |state: &Value| {
        let ctx = scope.ctx().clone();
        let seen = scope.iteration(ctx, node.id.clone(), state.clone(), 0);
        Ok(evaluate(&seen, node, settings.condition)? == Value::Bool(true))
    };
    let last = scope.ctx().repeat_while(looped, init, holds, iteration).await?;
    Ok(Outcome::out(last))
}

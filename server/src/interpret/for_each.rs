//! `for_each@1`: its body once for each item (S26).

use flowcrate::{Context, Result};
use flowcrate_codegen::check::{self, Node, OnItemError};
use flowcrate_codegen::expr::Expr;
use serde_json::Value;

use super::env::evaluate;
use super::region;
use super::scope::{Outcome, Scope};

/// What the node says.
pub(super) struct Settings<'a> {
    pub(super) items: &'a Expr,
    pub(super) concurrency: u32,
    pub(super) on_item_error: OnItemError,
    pub(super) body: &'a check::Scope,
}

pub(super) async fn run(scope: &Scope, node: &Node, settings: Settings<'_>) -> Result<Outcome> {
    let items = match evaluate(scope, node, settings.items)? {
        Value::Array(items) => items,
        // The checker has seen that it is a list.
        other => vec![other],
    };
    let each = |ctx: Context, item: Value, index: i64| {
        let scope = scope.iteration(ctx, node.id.clone(), item, index);
        let body = settings.body;
        async move { region::run(&scope, node, ("", body)).await }
    };
    let concurrency = usize::try_from(settings.concurrency).unwrap_or(usize::MAX);
    let (ctx, id) = (scope.ctx(), node.id.to_string());
    let results = match settings.on_item_error {
        OnItemError::Fail => ctx.for_each(id, items, concurrency, each).await?,
        OnItemError::Skip => ctx.for_each_skip(id, items, concurrency, each).await?,
        OnItemError::Collect => {
            let outcomes = ctx.for_each_collect(id, items, concurrency, each).await?;
            outcomes
                .iter()
                .map(|outcome| serde_json::to_value(outcome).unwrap_or_default())
                .collect()
        }
    };
    Ok(Outcome::out(Value::Array(results)))
}

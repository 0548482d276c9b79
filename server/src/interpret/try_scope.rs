//! `try@1`: a body, what catches its failure, and what is done in any case (S23).

use flowcrate::{Context, Failure, Result};
use flowcrate_codegen::check::{self, Node};
use serde_json::Value;

use super::region;
use super::scope::{Outcome, Scope};

/// The regions of a try.
pub(super) struct Try<'a> {
    pub(super) compensate: bool,
    pub(super) body: &'a check::Scope,
    pub(super) catch: Option<&'a check::Scope>,
    pub(super) finally: Option<&'a check::Scope>,
    /// Whether body or catch may return: what they return is recorded beside their result.
    pub(super) returns: bool,
}

pub(super) async fn run(scope: &Scope, node: &Node, parts: Try<'_>) -> Result<Outcome> {
    let run = async |ctx: Context, caught: Option<Failure>, name, part| {
        let inner = scope.region(ctx, node.id.clone(), caught);
        let result = region::run(&inner, node, (name, part)).await?;
        let returned = parts.returns.then(|| inner.returned().unwrap_or_default());
        Ok(match returned {
            Some(returned) => Value::Array(vec![result, returned]),
            None => result,
        })
    };
    let run = &run;
    let mut whole = scope.ctx().try_scope(node.id.to_string(), async move |ctx: Context| {
        run(ctx, None, "body", parts.body).await
    });
    if let Some(catch) = parts.catch {
        whole = whole.catch(async move |ctx: Context, failure: Failure| {
            run(ctx, Some(failure), "catch", catch).await
        });
    }
    if parts.compensate {
        whole = whole.compensate();
    }
    if let Some(finally) = parts.finally {
        whole = whole
            .finally(async move |ctx: Context| run(ctx, None, "finally", finally).await.map(drop));
    }
    let whole = whole.await?;
    match whole {
        Value::Array(mut both) if parts.returns && both.len() == 2 => {
            let (returned, result) = (both.remove(1), both.remove(0));
            if !returned.is_null() {
                scope.set_output(returned);
            }
            Ok(Outcome::out(result))
        }
        whole => Ok(Outcome::out(whole)),
    }
}

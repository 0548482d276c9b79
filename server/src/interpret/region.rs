//! A region of a scope: its block, then its result (S25).

use flowcrate::Result;
use flowcrate_codegen::check::{self, Node};
use flowcrate_codegen::ir::Region;
use serde_json::Value;

use super::env::evaluate;
use super::scope::Scope;
use super::walk;

/// Runs the region of `node` in `scope`, which is an instance of it.
pub(super) async fn run(
    scope: &Scope,
    node: &Node,
    (name, region): (&str, &check::Scope),
) -> Result<Value> {
    if let Some(block) = scope.plan().ir.scopes.get(&Region::new(&node.id, name)) {
        walk::block(scope, block).await?;
    }
    let result = region.result.as_ref();
    result.map_or(Ok(Value::Null), |result| evaluate(scope, node, result))
}

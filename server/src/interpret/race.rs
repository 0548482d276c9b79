//! `race@1`: its branches, until one succeeds (S28).

use flowcrate::{Context, Result};
use flowcrate_codegen::check::{Branch, Node};
use serde_json::Value;

use super::region;
use super::scope::{Outcome, Scope};

pub(super) async fn run(scope: &Scope, node: &Node, branches: &[Branch]) -> Result<Outcome> {
    let mut race = scope.ctx().race::<Value>(node.id.to_string());
    for Branch { name, keep, body } in branches {
        race = race.branch(name.clone(), async move |ctx: Context| {
            region::run(&scope.region(ctx, node.id.clone(), None), node, (name, body)).await
        });
        if *keep {
            race = race.keep(name.clone());
        }
    }
    Ok(Outcome::out(race.await?))
}

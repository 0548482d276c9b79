//! `switch@1`: leaves by the first case that holds, else by `default`.

use flowcrate::Result;
use flowcrate_codegen::check::{Case, Node};
use serde_json::Value;

use super::env::evaluate;
use super::scope::{Outcome, Scope};

pub(super) fn run(scope: &Scope, node: &Node, cases: &[Case]) -> Result<Outcome> {
    for case in cases {
        if evaluate(scope, node, &case.when)? == Value::Bool(true) {
            return Ok(Outcome::left(case.handle.clone(), None));
        }
    }
    Ok(Outcome::left("default", None))
}

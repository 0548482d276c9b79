//! The names of expressions, looked up in a scope.

use flowcrate::expr::ExprError;
use flowcrate::{Failure, Result};
use flowcrate_codegen::check::Node;
use flowcrate_codegen::expr::{self, Env, Expr, Name};
use serde_json::{Value, json};

use super::scope::Scope;

impl Env for Scope {
    fn get(&self, name: &Name) -> Option<Value> {
        match name {
            Name::Trigger => Some(self.triggered().common.clone()),
            Name::TriggerOf(id) | Name::Step(id) => {
                self.outcome(id, |outcome| outcome.output.clone()).flatten()
            }
            Name::Error(id) => {
                self.outcome(id, |outcome| outcome.error.as_ref().map(error)).flatten()
            }
            Name::Caught(id) => self.caught(id).map(error),
            Name::Item(id) | Name::State(id) => self.loop_state(id).map(|(item, _)| item.clone()),
            Name::Index(id) => self.loop_state(id).map(|(_, index)| index.into()),
            Name::RunId => Some(self.ctx().run_id().to_string().into()),
            Name::RunStartedAt => Some(self.ctx().started_at().to_string().into()),
            // Elements are bound where they are evaluated; the format declares no variables yet.
            Name::Element | Name::Var(_) => None,
        }
    }
}

/// `errors.<id>` (S7).
fn error(failure: &Failure) -> Value {
    json!({
        "code": failure.code,
        "message": failure.message,
        "attempts": failure.attempts,
        "path": failure.path,
    })
}

/// Evaluates an expression of a node; its failure is the node's (S17).
pub(super) fn evaluate(scope: &Scope, node: &Node, expr: &Expr) -> Result<Value> {
    evaluate_with(scope, node, || expr::eval(expr, scope))
}

/// Does what may fail as an expression of a node.
pub(super) fn evaluate_with<T>(
    scope: &Scope,
    node: &Node,
    work: impl FnOnce() -> Result<T, ExprError>,
) -> Result<T> {
    scope.ctx().evaluate(node.id.as_str(), work)
}

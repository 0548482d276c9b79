//! What running one node is in Rust: one file per kind.

mod action;
mod approval;
mod call_workflow;
mod callee;
mod compensation;
mod condition;
mod custom;
mod fail;
mod for_each;
mod race;
mod respond;
mod r#return;
mod scope_body;
mod start_workflow;
mod switch;
mod transform;
mod try_scope;
mod wait;
mod wait_event;
mod while_loop;

use proc_macro2::TokenStream;
use quote::quote;

use super::expr::Exprs;
use super::flow::{Flow, evaluated};
use super::locals::Locals;
use super::names::ident;
use super::types::Hint;
use crate::check::{Body, Node};
use crate::expr::Expr;

pub(crate) use action::step_item as action_step;
pub(crate) use custom::{method as custom_method, step_item as custom_step, written_method};

/// The code that runs a node.
pub(crate) struct NodeCode {
    /// The statement that binds the output which a try returned from within.
    pub(crate) returned: Option<TokenStream>,
    /// Statements before it; they may fail with the node.
    pub(crate) prelude: Vec<TokenStream>,
    /// The node itself.
    pub(crate) outcome: Outcome,
}

/// The expression that a node is.
pub(crate) enum Outcome {
    /// A future of a `Result`.
    Future(TokenStream),
    /// A `Result`.
    Result(TokenStream),
    /// A value that is always there.
    Value(TokenStream),
    /// A `Failure`.
    Failure(TokenStream),
}

impl NodeCode {
    /// The same behind statements that may fail with it.
    fn after(prelude: Vec<TokenStream>, outcome: Outcome) -> Self {
        Self { returned: None, prelude, outcome }
    }

    fn new(outcome: Outcome) -> Self {
        Self { returned: None, prelude: Vec::new(), outcome }
    }

    /// Whether the node can fail at all.
    pub(crate) fn may_fail(&self) -> bool {
        !self.prelude.is_empty() || !matches!(self.outcome, Outcome::Value(_))
    }
}

impl Outcome {
    /// The value; a failure leaves the function.
    pub(crate) fn unwrapped(self) -> TokenStream {
        match self {
            Self::Future(future) => quote!(#future.await?),
            Self::Result(result) => quote!(#result?),
            Self::Value(value) => value,
            Self::Failure(failure) => quote!(return Err(#failure.into())),
        }
    }
}

/// The code that runs a node where `locals` are in scope.
pub(crate) fn emit(flow: &mut Flow<'_, '_>, node: &Node, locals: &Locals) -> NodeCode {
    match &node.body {
        // Triggers are decided before the first statement.
        Body::Manual | Body::Webhook { .. } | Body::Schedule { .. } => {
            NodeCode::new(Outcome::Value(quote!(())))
        }
        Body::Condition { condition } => condition::emit(flow, node, locals, condition),
        Body::Switch { cases, .. } => switch::emit(flow, node, locals, cases),
        Body::ForEach { items, concurrency, on_item_error, body } => {
            let each = for_each::ForEach {
                items,
                concurrency: *concurrency,
                on_item_error: *on_item_error,
                body,
            };
            for_each::emit(flow, node, locals, &each)
        }
        Body::While { init, condition, max_iterations, body } => {
            let max_iterations = *max_iterations;
            let looped = while_loop::While { init, condition, max_iterations, body };
            while_loop::emit(flow, node, locals, &looped)
        }
        Body::Race { branches } => race::emit(flow, node, locals, branches),
        Body::Try { compensate, body, catch, finally, returns } => {
            let (catch, finally) = (catch.as_ref(), finally.as_ref());
            let (compensate, returns) = (*compensate, *returns);
            let parts = try_scope::Try { compensate, body, catch, finally, returns };
            try_scope::emit(flow, node, locals, &parts)
        }
        Body::Transform { value } => transform::emit(flow, node, locals, value),
        Body::Action { input, .. } => action::emit(flow, node, locals, input),
        Body::Custom { input, .. } => custom::emit(flow, node, locals, input),
        Body::Wait { until } => wait::emit(flow, node, locals, until),
        Body::WaitEvent { event, key, timeout, payload } => {
            let wait = wait_event::WaitFor {
                event,
                key: key.as_ref(),
                timeout: timeout.as_ref(),
                payload,
            };
            wait_event::emit(flow, node, locals, &wait)
        }
        Body::Approval(approval) => approval::emit(flow, node, locals, approval),
        Body::CallWorkflow(call) => call_workflow::emit(flow, node, locals, call),
        Body::StartWorkflow(call) => start_workflow::emit(flow, node, locals, call),
        Body::Respond { value } => respond::emit(flow, node, locals, value),
        Body::Return { value } => r#return::emit(flow, node, locals, value),
        Body::Fail { code, message } => fail::emit(flow, node, locals, code, message),
    }
}

/// The value of one expression as a node's outcome.
fn pure(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    expr: &Expr,
    hint: Hint,
) -> NodeCode {
    let last_use = flow.emitter.last_use;
    let mut exprs = Exprs::new(flow.emitter, locals, hint);
    let code = if last_use { exprs.given_away(expr) } else { exprs.owned(expr) };
    NodeCode::new(if exprs.fallible {
        Outcome::Result(evaluated(&node.id, &code))
    } else {
        Outcome::Value(code)
    })
}

/// An owned value that an action needs; where it may fail it is computed beforehand, as `name`.
fn argument(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    (expr, name): (&Expr, &str),
    hint: Hint,
) -> (Vec<TokenStream>, TokenStream) {
    let mut exprs = Exprs::new(flow.emitter, locals, hint);
    let code = exprs.owned(expr);
    if !exprs.fallible {
        return (Vec::new(), code);
    }
    let code = evaluated(&node.id, &code);
    let name = ident(name);
    (vec![quote!(let #name = #code?;)], quote!(#name))
}

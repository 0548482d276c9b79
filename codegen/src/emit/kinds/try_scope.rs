//! `try@1`: a closure for the body, what catches its failure, and what is done in any case.

use quote::quote;

use super::scope_body::{Given, ScopeBody, closure};
use super::{NodeCode, Outcome};
use crate::check::{Node, Scope};
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;

/// The regions of a try.
pub(super) struct Try<'t> {
    /// Whether the steps of the body are undone before its failure is caught.
    pub(super) compensate: bool,
    pub(super) body: &'t Scope,
    pub(super) catch: Option<&'t Scope>,
    pub(super) finally: Option<&'t Scope>,
    /// Whether body or catch may return.
    pub(super) returns: bool,
}

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    parts: &Try<'_>,
) -> NodeCode {
    let id = node.id.as_str();
    let mut region = |region, scope, given, returns| {
        let what = ("Output", format!("The {region} of"));
        closure(flow, node, locals, &ScopeBody { region, scope, given, returns, what })
    };
    let body = region("body", parts.body, Given::Nothing, parts.returns);
    let mut scope = quote!(ctx.try_scope(#id, #body));
    if let Some(catch) = parts.catch {
        let catch = region("catch", catch, Given::Failure, parts.returns);
        scope = quote!(#scope.catch(#catch));
    }
    if parts.compensate {
        scope = quote!(#scope.compensate());
    }
    if let Some(finally) = parts.finally.filter(|_| !planted!("a finally is forgotten")) {
        let finally = region("finally", finally, Given::Nothing, false);
        scope = quote!(#scope.finally(#finally));
    }
    if !parts.returns {
        return NodeCode::new(Outcome::Future(scope));
    }
    // What it gives and what it returns come apart at once: its failure may be taken. No node is
    // called `value`.
    let split = flow.emitter.symbols.import("flowcrate::split_return");
    let returned = quote!(let (value, output) = #split(#scope.await););
    NodeCode { returned: Some(returned), ..NodeCode::new(Outcome::Result(quote!(value))) }
}

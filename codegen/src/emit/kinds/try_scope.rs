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
}

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    parts: &Try<'_>,
) -> NodeCode {
    let id = node.id.as_str();
    let mut region = |region, scope, given| {
        let what = ("Output", format!("The {region} of"));
        closure(flow, node, locals, &ScopeBody { region, scope, given, what })
    };
    let body = region("body", parts.body, Given::Nothing);
    let mut scope = quote!(ctx.try_scope(#id, #body));
    if let Some(catch) = parts.catch {
        let catch = region("catch", catch, Given::Failure);
        scope = quote!(#scope.catch(#catch));
    }
    if parts.compensate {
        scope = quote!(#scope.compensate());
    }
    if let Some(finally) = parts.finally {
        let finally = region("finally", finally, Given::Nothing);
        scope = quote!(#scope.finally(#finally));
    }
    NodeCode { prelude: Vec::new(), outcome: Outcome::Future(scope) }
}

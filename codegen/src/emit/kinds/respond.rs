//! `respond@1`: what the caller is answered.

use quote::quote;

use super::{NodeCode, Outcome, argument};
use crate::check::Node;
use crate::emit::expr::Exprs;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::expr::Expr;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    value: &Expr,
) -> NodeCode {
    let id = node.id.as_str();
    let hint = flow.emitter.hint(&node.id, "Response", "What the caller is answered by");
    let mut exprs = Exprs::new(flow.emitter, locals, hint.clone());
    let borrowed = exprs.borrowed(value);
    if !exprs.fallible {
        return NodeCode::new(Outcome::Future(quote!(ctx.respond(#id, #borrowed))));
    }
    let (prelude, response) = argument(flow, node, locals, (value, "response"), hint);
    NodeCode::after(prelude, Outcome::Future(quote!(ctx.respond(#id, &#response))))
}

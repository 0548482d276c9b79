//! `fail@1`: an ordinary failure that nothing retries.

use quote::quote;

use super::{NodeCode, Outcome};
use crate::check::Node;
use crate::emit::expr::Exprs;
use crate::emit::flow::{Flow, evaluated};
use crate::emit::locals::Locals;
use crate::expr::Expr;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    code: &Expr,
    message: &Expr,
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "Value", "");
    let mut exprs = Exprs::new(flow.emitter, locals, hint);
    let (code, message) = (exprs.code(code).into_text(), exprs.code(message).into_text());
    let fallible = exprs.fallible;
    let id = node.id.as_str();
    if !fallible {
        return NodeCode::new(Outcome::Failure(quote!(ctx.failure(#id, #code, #message))));
    }
    let tuple = quote!((#code.to_string(), #message.to_string()));
    let tuple = evaluated(id, &tuple);
    let failure = Outcome::Failure(quote!(ctx.failure(#id, code, message)));
    NodeCode::after(vec![quote!(let (code, message) = #tuple?;)], failure)
}

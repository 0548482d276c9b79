//! `while@1`: a closure for the condition, and one that runs once per iteration.

use flowcrate::types::Type;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::scope_body::{Given, ScopeBody, closure};
use super::{NodeCode, Outcome, argument};
use crate::check::{Node, Scope};
use crate::emit::expr::Exprs;
use crate::emit::flow::{Flow, evaluated};
use crate::emit::locals::Locals;
use crate::emit::mentions::mentions;
use crate::emit::names::ident;
use crate::expr::{Expr, ExprKind};

/// A loop.
pub(super) struct While<'w> {
    pub(super) init: &'w Expr,
    pub(super) condition: &'w Expr,
    pub(super) max_iterations: Option<u64>,
    pub(super) body: &'w Scope,
}

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    looped: &While<'_>,
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "State", "What one iteration leaves to the next in");
    let (prelude, init) = match int(looped.init) {
        Some(init) => (Vec::new(), quote!(#init)),
        None => argument(flow, node, locals, (looped.init, "init"), hint),
    };
    let condition = condition(flow, node, locals, looped);
    let body = ScopeBody {
        region: "",
        scope: looped.body,
        given: Given::Iteration(looped.init.ty.clone()),
        returns: false,
        what: ("Iteration", "One iteration of".to_owned()),
    };
    let body = closure(flow, node, locals, &body);
    let id = node.id.as_str();
    let id = if let Some(most) = looped.max_iterations.filter(|_| !planted!("a loop has no limit"))
    {
        let name = flow.emitter.symbols.import("flowcrate::While");
        let most = Literal::u64_unsuffixed(most);
        quote!(#name::new(#id).max_iterations(#most))
    } else {
        quote!(#id)
    };
    let future = quote!(ctx.repeat_while(#id, #init, #condition, #body));
    NodeCode::after(prelude, Outcome::Future(future))
}

/// A literal that begins a state: nothing else may tell its type.
fn int(init: &Expr) -> Option<Literal> {
    match (&init.kind, &init.ty) {
        (ExprKind::Literal(value), Type::Int) => value.as_i64().map(Literal::i64_suffixed),
        _ => None,
    }
}

/// Whether another iteration follows on a state.
fn condition(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    looped: &While<'_>,
) -> TokenStream {
    let names = flow.emitter.names(&node.id);
    let (state, index) = (ident(&names.item), ident(&names.index));
    let mut inner = locals.captured();
    inner.bind_loop_reference(&node.id, state.clone(), index, looped.init.ty.clone());
    let hint = flow.emitter.hint(&node.id, "Value", "");
    let mut exprs = Exprs::new(flow.emitter, &inner, hint);
    let code = exprs.condition(looped.condition).tokens();
    let result = if exprs.fallible { evaluated(&node.id, &code) } else { quote!(Ok(#code)) };
    let state = if mentions(&result, &names.item) { quote!(#state) } else { quote!(_) };
    quote!(|#state| #result)
}

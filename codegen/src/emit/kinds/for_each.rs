//! `for_each@1`: a closure that runs once per item, in a scope of its own.

use flowcrate::types::Type;
use proc_macro2::Literal;
use quote::quote;

use super::scope_body::{Given, ScopeBody, closure};
use super::{NodeCode, Outcome, argument};
use crate::check::{Node, OnItemError, Scope};
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::emit::names::ident;
use crate::expr::Expr;

/// A loop.
pub(super) struct ForEach<'f> {
    pub(super) items: &'f Expr,
    pub(super) concurrency: u32,
    pub(super) on_item_error: OnItemError,
    pub(super) body: &'f Scope,
}

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    each: &ForEach<'_>,
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "Item", "One item of the loop");
    let (prelude, mut items) = argument(flow, node, locals, (each.items, "items"), hint.clone());
    let item = match &each.items.ty {
        Type::List { items } => items.as_ref().clone(),
        _ => Type::Any,
    };
    // Of no items nothing says what they are, where the body does not read them.
    if items.to_string() == quote!(Vec::new()).to_string() {
        let emitter = &mut *flow.emitter;
        let item = emitter.types.rust(&item, &hint, &mut emitter.symbols);
        items = quote!(Vec::<#item>::new());
    }
    let body = ScopeBody {
        region: "",
        scope: each.body,
        given: Given::Iteration(item),
        returns: false,
        what: ("Item", "One item of".to_owned()),
    };
    let closure = closure(flow, node, locals, &body);
    let id = node.id.as_str();
    let most = if planted!("items come one by one") { 1 } else { each.concurrency.max(1) };
    let concurrency = Literal::u32_unsuffixed(most);
    let method = ident(match each.on_item_error {
        OnItemError::Fail => "for_each",
        OnItemError::Skip if planted!("a failed item fails the loop") => "for_each",
        OnItemError::Skip => "for_each_skip",
        OnItemError::Collect => "for_each_collect",
    });
    let future = quote!(ctx.#method(#id, #items, #concurrency, #closure));
    NodeCode::after(prelude, Outcome::Future(future))
}

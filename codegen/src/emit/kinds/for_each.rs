//! `for_each@1`: a closure that runs once per item, in a scope of its own.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{NodeCode, Outcome, argument};
use crate::check::{Node, OnItemError, Scope};
use crate::emit::expr::mentions;
use crate::emit::flow::{Final, Flow};
use crate::emit::locals::Locals;
use crate::emit::names::ident;
use crate::expr::{Expr, ExprKind};
use crate::ir::Block;

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
    let (prelude, items) = argument(flow, node, locals, (each.items, "items"), hint);
    let names = flow.emitter.names(&node.id);
    let mut inner = locals.clone();
    inner.returned = None;
    inner.bind_loop(&node.id, ident(&names.item), ident(&names.index));
    let (item, index) = (names.item.clone(), names.index.clone());
    let body = body(flow, node, inner, each.body);
    let parameter = |name: &str| {
        let name = if mentions(&body, name) { ident(name) } else { ident("_unused") };
        if name == "_unused" { quote!(_) } else { quote!(#name) }
    };
    let (ctx, item, index) = (parameter("ctx"), parameter(&item), parameter(&index));
    let id = node.id.as_str();
    let concurrency = Literal::u32_unsuffixed(each.concurrency.max(1));
    let method = ident(match each.on_item_error {
        OnItemError::Fail => "for_each",
        OnItemError::Skip => "for_each_skip",
        OnItemError::Collect => "for_each_collect",
    });
    let future = quote! {
        ctx.#method(#id, #items, #concurrency, async |#ctx, #item, #index| { #body })
    };
    NodeCode { prelude, outcome: Outcome::Future(future) }
}

/// The body of the closure.
fn body(flow: &mut Flow<'_, '_>, node: &Node, locals: Locals, scope: &Scope) -> TokenStream {
    let nothing = Expr {
        kind: ExprKind::Literal(serde_json::Value::Null),
        ty: flowcrate::types::Type::Null,
        span: crate::diagnostic::Span::default(),
    };
    let result = scope.result.as_ref().unwrap_or(&nothing);
    let workflow = flow.emitter.workflow;
    let empty = Block::default();
    let block = workflow.scopes.get(&node.id).unwrap_or(&empty);
    let end = Final::Result { id: &node.id, expr: result };
    Flow::new(flow.emitter).body(block, locals, &end)
}

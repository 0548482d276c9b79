//! `wait_event@1`: a message from outside.

use flowcrate::types::Type;
use quote::quote;

use super::{NodeCode, Outcome, argument, wait};
use crate::check::Node;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::expr::Expr;

/// What to wait for.
pub(super) struct WaitFor<'w> {
    pub(super) event: &'w str,
    pub(super) key: Option<&'w Expr>,
    pub(super) timeout: Option<&'w Expr>,
    pub(super) payload: &'w Type,
}

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    wait_for: &WaitFor<'_>,
) -> NodeCode {
    let id = node.id.as_str();
    let event = wait_for.event;
    let name = flow.emitter.symbols.import("flowcrate::WaitEvent");
    let mut prelude = Vec::new();
    let mut wait = quote!(#name::new(#event));
    if let Some(key) = wait_for.key.filter(|_| !planted!("an event has no key")) {
        let hint = flow.emitter.hint(&node.id, "Value", "");
        let (lines, key) = argument(flow, node, locals, (key, "key"), hint);
        prelude.extend(lines);
        wait = quote!(#wait.key(#key));
    }
    if let Some(timeout) = wait_for.timeout.filter(|_| !planted!("an event comes whenever")) {
        let (lines, timeout) = wait::length(flow, node, locals, (timeout, "timeout"));
        prelude.extend(lines);
        wait = quote!(#wait.timeout(#timeout));
    }
    let hint = flow.emitter.event_hint(node, event);
    let ty = flow.emitter.types.rust(wait_for.payload, &hint, &mut flow.emitter.symbols);
    let mut future = quote!(ctx.wait_event::<#ty>(#id, #wait));
    if wait_for.timeout.is_none() {
        future = quote!(#future.received());
    }
    NodeCode::after(prelude, Outcome::Future(future))
}

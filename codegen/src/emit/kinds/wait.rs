//! `wait@1`: a timer that survives the process.

use flowcrate::types::Type;
use quote::quote;
use serde_json::Value;

use super::{NodeCode, Outcome, argument};
use crate::check::{Node, WaitUntil};
use crate::emit::expr::duration;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::expr::{Expr, ExprKind};

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    until: &WaitUntil,
) -> NodeCode {
    let id = node.id.as_str();
    match until {
        WaitUntil::Duration(expr) => {
            let (prelude, length) = length(flow, node, locals, (expr, "length"));
            NodeCode::after(prelude, Outcome::Future(quote!(ctx.sleep(#id, #length))))
        }
        WaitUntil::Instant(expr) => {
            let hint = flow.emitter.hint(&node.id, "Value", "");
            let (prelude, at) = argument(flow, node, locals, (expr, "until"), hint);
            NodeCode::after(prelude, Outcome::Future(quote!(ctx.sleep_until(#id, #at))))
        }
    }
}

/// An expression of type duration as a `std::time::Duration`.
pub(super) fn length(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    (expr, name): (&Expr, &str),
) -> (Vec<proc_macro2::TokenStream>, proc_macro2::TokenStream) {
    if let (Type::Duration, ExprKind::Literal(Value::String(text))) = (&expr.ty, &expr.kind)
        && let Ok(span) = text.parse::<flowcrate::Duration>()
    {
        let std = flow.emitter.symbols.import("std::time::Duration");
        let span = if planted!("a wait is cut short") { span.0 / 2 } else { span.0 };
        return (Vec::new(), duration(span, &quote!(#std)));
    }
    let hint = flow.emitter.hint(&node.id, "Value", "");
    let (prelude, length) = argument(flow, node, locals, (expr, name), hint);
    (prelude, quote!(#length.0))
}

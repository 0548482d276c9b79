//! `call_workflow@1`: another workflow's run, awaited.

use quote::quote;

use super::callee::{Called, called};
use super::{NodeCode, Outcome};
use crate::check::{Call, Node};
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;

pub(super) fn emit(flow: &mut Flow<'_, '_>, node: &Node, locals: &Locals, call: &Call) -> NodeCode {
    let id = node.id.as_str();
    let Called { prelude, workflow, input } = called(flow, node, locals, call);
    NodeCode::after(prelude, Outcome::Future(quote!(ctx.call(#id, #workflow, #input))))
}

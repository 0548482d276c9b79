//! `start_workflow@1`: another workflow's run, left to itself; its id where something reads it.

use quote::quote;

use super::callee::{Called, called};
use super::{NodeCode, Outcome};
use crate::check::{Call, Node};
use crate::emit::flow::{Flow, catches};
use crate::emit::locals::Locals;
use crate::ir::Part;

pub(super) fn emit(flow: &mut Flow<'_, '_>, node: &Node, locals: &Locals, call: &Call) -> NodeCode {
    let id = node.id.as_str();
    let Called { prelude, workflow, input } = called(flow, node, locals, call);
    let start = quote!(ctx.start_workflow(#id, #workflow, #input));
    // What is caught is handed on whole, whoever reads which part of it.
    let is_read = flow.emitter.readers.any(&node.id, Part::Output) || catches(node);
    let start = if is_read { quote!(#start.text()) } else { start };
    NodeCode::after(prelude, Outcome::Future(start))
}

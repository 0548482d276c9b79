//! The workflow that a node calls or starts, and what starts its run.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::argument;
use crate::check::{Call, Node};
use crate::emit::crew;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::emit::names::ident;

/// What a node calls.
pub(super) struct Called {
    /// Statements before it.
    pub(super) prelude: Vec<TokenStream>,
    /// The workflow's struct.
    pub(super) workflow: Ident,
    /// The run's input.
    pub(super) input: TokenStream,
}

pub(super) fn called(flow: &mut Flow<'_, '_>, node: &Node, locals: &Locals, call: &Call) -> Called {
    let hint = flow.emitter.call_hint(call);
    let (prelude, payload) = argument(flow, node, locals, (&call.input, "input"), hint);
    // The checker has found it, so that it is there.
    let workflow = flow.emitter.callee(&call.workflow).unwrap_or_else(|| ident("Callee"));
    let input = match (&call.trigger, flow.emitter.checked.callees.get(&call.workflow)) {
        (Some(trigger), Some(callee)) => {
            let variant = ident(&crew::variant(callee, trigger));
            let input = flow.emitter.crew.member(&call.workflow).map(crew::Member::input);
            let input = flow.emitter.symbols.import_type(&input.unwrap_or_default());
            quote!(#input::#variant(#payload))
        }
        _ => payload,
    };
    Called { prelude, workflow, input }
}

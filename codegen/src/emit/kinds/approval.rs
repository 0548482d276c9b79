//! `approval@1`: a person decides.

use quote::quote;

use super::{NodeCode, Outcome, argument, wait};
use crate::check::{Approval, Node};
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::emit::steps::form_of;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    approval: &Approval,
) -> NodeCode {
    let Approval { event, key, assignees, form, timeout, verdict } = approval;
    let id = node.id.as_str();
    let name = flow.emitter.symbols.import("flowcrate::Approval");
    let mut prelude = Vec::new();
    let mut asked = quote!(#name::new(#event));
    if let Some(assignees) = assignees {
        let hint = flow.emitter.hint(&node.id, "Value", "");
        let (lines, assignees) = argument(flow, node, locals, (assignees, "assignees"), hint);
        prelude.extend(lines);
        asked = quote!(#asked.assignees(#assignees));
    }
    if let Some(key) = key {
        let hint = flow.emitter.hint(&node.id, "Value", "");
        let (lines, key) = argument(flow, node, locals, (key, "key"), hint);
        prelude.extend(lines);
        asked = quote!(#asked.key(#key));
    }
    if let Some(form) = form {
        asked = quote!(#asked.form(#form));
    }
    if let Some(timeout) = timeout {
        let (lines, timeout) = wait::length(flow, node, locals, (timeout, "timeout"));
        prelude.extend(lines);
        asked = quote!(#asked.timeout(#timeout));
    }
    let hint = flow.emitter.event_hint(node, event);
    let ty = flow.emitter.types.rust(&form_of(verdict), &hint, &mut flow.emitter.symbols);
    let mut future = quote!(ctx.approval::<#ty>(#id, #asked).verdict());
    if timeout.is_none() {
        future = quote!(#future.received());
    }
    NodeCode::after(prelude, Outcome::Future(future))
}

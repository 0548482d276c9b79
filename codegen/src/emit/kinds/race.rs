//! `race@1`: a closure for each branch.

use quote::quote;

use super::scope_body::{Given, ScopeBody, closure};
use super::{NodeCode, Outcome};
use crate::check::{Branch, Node};
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    branches: &[Branch],
) -> NodeCode {
    let id = node.id.as_str();
    let mut race = quote!(ctx.race(#id));
    for Branch { name, keep, body } in branches {
        let own = ScopeBody {
            region: name,
            scope: body,
            given: Given::Nothing,
            returns: false,
            what: ("Output", format!("The branch `{name}` of")),
        };
        let body = closure(flow, node, locals, &own);
        race = quote!(#race.branch(#name, #body));
        if *keep {
            race = quote!(#race.keep(#name));
        }
    }
    NodeCode::new(Outcome::Future(race))
}

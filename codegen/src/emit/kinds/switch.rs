//! `switch@1`: the name of the first case that holds.

use proc_macro2::TokenStream;
use quote::quote;

use super::{NodeCode, Outcome};
use crate::check::{Case, Node};
use crate::emit::expr::Exprs;
use crate::emit::flow::{Flow, evaluated, same};
use crate::emit::locals::Locals;
use crate::lower::rest;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    cases: &[Case],
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "Value", "");
    let mut exprs = Exprs::new(flow.emitter, locals, hint);
    let mut tests: Vec<(&Case, TokenStream)> = Vec::new();
    let rest = rest(node);
    for case in cases {
        if case.handle == rest {
            continue;
        }
        let test = exprs.condition(&case.when).tokens();
        // What an earlier case asks for no later one gets.
        if !tests.iter().any(|(_, earlier)| same(earlier, &test)) {
            tests.push((case, test));
        }
    }
    let fallible = exprs.fallible;
    let mut code = if tests.is_empty() { quote!(#rest) } else { quote!({ #rest }) };
    for (case, test) in tests.into_iter().rev() {
        let handle = &case.handle;
        code = quote!(if #test { #handle } else #code);
    }
    NodeCode::new(if fallible {
        Outcome::Result(evaluated(&node.id, &code))
    } else {
        Outcome::Value(code)
    })
}

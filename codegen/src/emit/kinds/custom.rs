//! `custom@1`, and an action that is overridden: a function that a person writes, as a method of
//! the generated trait (S36).

use flowcrate::Policy;
use flowcrate::catalogue::ActionManifest;
use proc_macro2::TokenStream;
use quote::quote;

use super::{NodeCode, action};
use crate::check::Node;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::emit::names::ident;
use crate::emit::symbols::Symbols;
use crate::emit::{Emitter, docs};
use crate::expr::Expr;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    input: &Expr,
) -> NodeCode {
    // To the workflow it is a step like any other.
    super::action::emit(flow, node, locals, input)
}

/// The step's function in `steps.rs`.
pub(crate) fn step_item(
    emitter: &mut Emitter<'_>,
    node: &Node,
    (input, policy): (&Expr, &Policy),
    symbols: &mut Symbols,
) -> TokenStream {
    let name = ident(&emitter.names(&node.id).value.clone());
    let functions = symbols.import(&format!("crate::{}::Functions", emitter.own.custom()));
    let body = quote!(#functions::#name(step, input).await);
    action::step(emitter, node, (input, policy), &body, symbols)
}

/// The trait's method, which fails until a person writes it.
pub(crate) fn method(
    emitter: &mut Emitter<'_>,
    node: &Node,
    input: &Expr,
    symbols: &mut Symbols,
) -> TokenStream {
    let name = ident(&emitter.names(&node.id).value.clone());
    let context = symbols.import("flowcrate::StepContext");
    let error = symbols.import("flowcrate::StepError");
    let input = emitter.step_input(node, input, symbols);
    let output = emitter.step_output(node, symbols);
    let mut paragraphs = vec![docs::sentence(&node.label)];
    paragraphs.extend(docs::paragraphs(&node.description));
    paragraphs.push(format!("Node `{}`.", node.id));
    let doc = docs::attributes(&paragraphs);
    let id = node.id.as_str();
    if let Some(manifest) = overridden(emitter, node) {
        let call = action::call(manifest, symbols);
        return quote! {
            #doc
            fn #name(step: #context, input: #input) -> impl Future<Output = Result<#output, #error>> + Send {
                #call
            }
        };
    }
    quote! {
        #doc
        fn #name(_step: #context, _input: #input) -> impl Future<Output = Result<#output, #error>> + Send {
            async { Err(not_written(#id)) }
        }
    }
}

/// The same method as `custom.rs` begins with.
pub(crate) fn written_method(
    emitter: &mut Emitter<'_>,
    node: &Node,
    input: &Expr,
    symbols: &mut Symbols,
) -> TokenStream {
    let name = ident(&emitter.names(&node.id).value.clone());
    let context = symbols.import("flowcrate::StepContext");
    let error = symbols.import("flowcrate::StepError");
    let input = emitter.step_input(node, input, symbols);
    let output = emitter.step_output(node, symbols);
    if let Some(manifest) = overridden(emitter, node) {
        let comment = format!("{}: write here what it does instead.", node.label);
        let comment = crate::emit::print::comment(&comment);
        let call = action::call(manifest, symbols);
        return quote! {
            #comment
            async fn #name(step: #context, input: #input) -> Result<#output, #error> { #call.await }
        };
    }
    let comment = crate::emit::print::comment(&format!("{}: write it here.", node.label));
    let message = format!("`{}` is not written yet: see src/{}.rs", node.id, emitter.own.custom());
    quote! {
        #comment
        async fn #name(_step: #context, _input: #input) -> Result<#output, #error> {
            Err(#error::fatal("not_written", #message))
        }
    }
}

/// The action that a node overrides: until its method is written it does what the action does.
fn overridden<'a>(emitter: &Emitter<'a>, node: &Node) -> Option<&'a ActionManifest> {
    emitter.catalogue.actions.get(&node.kind).filter(|_| node.is_overridden())
}

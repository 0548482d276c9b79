//! A plugin's action: a step that hands its input to the plugin's function.

use flowcrate::Policy;
use flowcrate::catalogue::ActionManifest;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{NodeCode, Outcome, argument};
use crate::check::Node;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::emit::names::ident;
use crate::emit::{Emitter, docs};
use crate::expr::Expr;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    input: &Expr,
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "Input", "The input of");
    let (prelude, input) = argument(flow, node, locals, (input, "input"), hint);
    let name = &flow.emitter.names(&node.id).value;
    let function = flow.emitter.symbols.import(&format!("super::steps::{name}"));
    NodeCode { prelude, outcome: Outcome::Future(quote!(#function(&ctx, #input))) }
}

/// The step's function in `steps.rs`.
pub(crate) fn step_item(
    emitter: &mut Emitter<'_>,
    node: &Node,
    manifest: &ActionManifest,
    (input, policy): (&Expr, &Policy),
) -> TokenStream {
    let items = &manifest.rust;
    emitter.step_symbols.need(&items.package, &items.feature);
    let function = step_function(&items.module, &items.function, emitter);
    let body = quote!(#function(step, input).await);
    step(emitter, node, (input, policy), &body)
}

fn step_function(module: &str, function: &str, emitter: &mut Emitter<'_>) -> TokenStream {
    if module.contains("::") {
        let module = emitter.step_symbols.import(module);
        let function = ident(function);
        quote!(#module::#function)
    } else {
        let module = ident(module);
        let function = ident(function);
        quote!(#module::#function)
    }
}

/// A function with `#[step]`: documented, its policy in full.
pub(super) fn step(
    emitter: &mut Emitter<'_>,
    node: &Node,
    (input, policy): (&Expr, &Policy),
    body: &TokenStream,
) -> TokenStream {
    let step = emitter.step_symbols.import("flowcrate::step");
    let context = emitter.step_symbols.import("flowcrate::StepContext");
    let error = emitter.step_symbols.import("flowcrate::StepError");
    let name = ident(&emitter.names(&node.id).value.clone());
    let hint = emitter.hint(&node.id, "Input", "The input of");
    let input = emitter.types.rust(&input.ty, &hint, &mut emitter.step_symbols);
    let output = emitter.step_output(node);
    let doc = docs::attributes(&[
        docs::sentence(&node.label),
        docs::sentence(&node.description),
        format!("Node `{}` of kind `{}`.", node.id, docs::code(&node.kind)),
    ]);
    let (id, kind) = (node.id.as_str(), node.kind.as_str());
    let policy = policy_arguments(policy);
    quote! {
        #doc
        #[#step(id = #id, kind = #kind, #policy)]
        pub async fn #name(step: #context, input: #input) -> Result<#output, #error> { #body }
    }
}

/// A policy in full (S20), as arguments of `#[step]`.
fn policy_arguments(policy: &Policy) -> TokenStream {
    let text = |span: std::time::Duration| flowcrate::Duration(span).to_string();
    let limit = |span: Option<std::time::Duration>| span.map_or_else(|| "none".to_owned(), text);
    let attempts = Literal::u32_unsuffixed(policy.max_attempts);
    let (initial, cap) = (text(policy.initial), text(policy.cap));
    let factor = Literal::f64_unsuffixed(policy.factor);
    let jitter = policy.jitter.then(|| quote!(, jitter));
    let (timeout, total) = (limit(policy.timeout), limit(policy.total));
    let exhausted = match policy.on_exhausted {
        flowcrate::policy::OnExhausted::Fail => "fail",
        flowcrate::policy::OnExhausted::Pause => "pause",
    };
    quote! {
        retry(max_attempts = #attempts, initial = #initial, factor = #factor, cap = #cap #jitter),
        timeout = #timeout,
        total = #total,
        on_exhausted = #exhausted
    }
}

//! A plugin's action: a step that hands its input to the plugin's function.

use flowcrate::Policy;
use flowcrate::catalogue::ActionManifest;
use flowcrate::policy::{ErrorClass, OnExhausted, Retried};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{NodeCode, Outcome, argument};
use crate::check::Node;
use crate::emit::expr::Exprs;
use crate::emit::flow::{Flow, evaluated};
use crate::emit::locals::Locals;
use crate::emit::names::ident;
use crate::emit::symbols::Symbols;
use crate::emit::types::Hint;
use crate::emit::{Emitter, docs};
use crate::expr::{Expr, ExprKind};

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    input: &Expr,
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "Input", "The input of");
    let (prelude, input) =
        match (&input.kind, flow.emitter.types.input(&node.id, &mut Symbols::default())) {
            (ExprKind::Record(fields), Some(_)) => own_input(flow, node, locals, fields, hint),
            _ => argument(flow, node, locals, (input, "input"), hint),
        };
    let name = &flow.emitter.names(&node.id).value;
    let function = flow.emitter.symbols.import(&format!("super::steps::{name}"));
    NodeCode { prelude, outcome: Outcome::Future(quote!(#function(&ctx, #input))) }
}

/// A literal of the struct that is this node's alone.
fn own_input(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    fields: &[(String, Expr)],
    hint: Hint,
) -> (Vec<TokenStream>, TokenStream) {
    let mut exprs = Exprs::new(flow.emitter, locals, hint);
    let mut values = Vec::new();
    for (name, value) in fields {
        let value = exprs.owned(value);
        let field = ident(&exprs.emitter.types.input_field(&node.id, name));
        values.push(if field == value.to_string() {
            quote!(#field)
        } else {
            quote!(#field: #value)
        });
    }
    let fallible = exprs.fallible;
    let path = flow.emitter.types.input(&node.id, &mut flow.emitter.symbols);
    let literal = quote!(#path { #(#values),* });
    if !fallible {
        return (Vec::new(), literal);
    }
    let code = evaluated(&node.id, &literal);
    (vec![quote!(let input = #code?;)], quote!(input))
}

/// The step's function in `steps.rs`.
pub(crate) fn step_item(
    emitter: &mut Emitter<'_>,
    node: &Node,
    manifest: &ActionManifest,
    (input, policy): (&Expr, &Policy),
    symbols: &mut Symbols,
) -> TokenStream {
    let items = &manifest.rust;
    symbols.need(&items.package, &items.feature);
    let function = step_function(&items.module, &items.function, symbols);
    let body = quote!(#function(step, input).await);
    step(emitter, node, (input, policy), &body, symbols)
}

fn step_function(module: &str, function: &str, symbols: &mut Symbols) -> TokenStream {
    if module.contains("::") {
        let module = symbols.import(module);
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
    symbols: &mut Symbols,
) -> TokenStream {
    let step = symbols.import("flowcrate::step");
    let context = symbols.import("flowcrate::StepContext");
    let error = symbols.import("flowcrate::StepError");
    let name = ident(&emitter.names(&node.id).value.clone());
    let input = emitter.step_input(node, input, symbols);
    let output = emitter.step_output(node, symbols);
    let mut paragraphs = vec![docs::sentence(&node.label)];
    paragraphs.extend(docs::paragraphs(&node.description));
    paragraphs.push(format!("Node `{}` of kind `{}`.", node.id, docs::code(&node.kind)));
    let doc = docs::attributes(&paragraphs);
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
        OnExhausted::Fail => "fail",
        OnExhausted::Pause => "pause",
    };
    // By default every class is tried again that can be, and nobody listens for a sign of life.
    let retry_on = (policy.retry_on != Retried::all()).then(|| {
        let classes = Vec::from(policy.retry_on).into_iter().map(ErrorClass::as_str);
        quote!(retry_on(#(#classes),*),)
    });
    let heartbeat = policy.heartbeat.map(|span| {
        let span = text(span);
        quote!(heartbeat = #span,)
    });
    quote! {
        retry(max_attempts = #attempts, initial = #initial, factor = #factor, cap = #cap #jitter),
        #retry_on
        timeout = #timeout,
        total = #total,
        #heartbeat
        on_exhausted = #exhausted
    }
}

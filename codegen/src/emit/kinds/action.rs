//! A plugin's action: a step that hands its input to the plugin's function.

use flowcrate::Policy;
use flowcrate::catalogue::ActionManifest;
use flowcrate::policy::{ErrorClass, OnExhausted, Retried};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{NodeCode, Outcome, compensation};
use crate::check::{Node, UNDO_SUFFIX};
use crate::emit::expr::Exprs;
use crate::emit::flow::{Flow, evaluated};
use crate::emit::locals::Locals;
use crate::emit::names::ident;
use crate::emit::symbols::Symbols;
use crate::emit::{Emitter, docs};
use crate::expr::{Expr, ExprKind};

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    input: &Expr,
) -> NodeCode {
    let (mut input, fallible) = input_value(flow, node, locals, input);
    let mut prelude = Vec::new();
    if fallible {
        let code = evaluated(&node.id, &input);
        prelude.push(quote!(let input = #code?;));
        input = quote!(input);
    }
    let name = &flow.emitter.names(&node.id).value;
    let function = flow.emitter.symbols.import(&format!("super::steps::{name}"));
    let mut step = quote!(#function(&ctx, #input));
    if let Some(undo) = node.body.undo() {
        let undo = compensation::emit(flow, node, locals, undo);
        step = quote!(#step.undo(#undo));
    }
    NodeCode::after(prelude, Outcome::Future(step))
}

/// The input of a step, and whether it may fail.
pub(super) fn input_value(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    input: &Expr,
) -> (TokenStream, bool) {
    let hint = flow.emitter.hint(&node.id, "Input", "The input of");
    let own = flow.emitter.types.input(&node.id, &mut Symbols::default()).is_some();
    let mut exprs = Exprs::new(flow.emitter, locals, hint);
    let ExprKind::Record(fields) = &input.kind else { return (exprs.owned(input), exprs.fallible) };
    if !own {
        return (exprs.owned(input), exprs.fallible);
    }
    // A literal of the struct that is this node's alone.
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
    (quote!(#path { #(#values),* }), fallible)
}

/// The step's function in `steps.rs`.
pub(crate) fn step_item(
    emitter: &mut Emitter<'_>,
    node: &Node,
    manifest: &ActionManifest,
    (input, policy): (&Expr, &Policy),
    symbols: &mut Symbols,
) -> TokenStream {
    let call = call(manifest, symbols);
    let body = quote!(#call.await);
    step(emitter, node, (input, policy), &body, symbols)
}

/// What the action does: the plugin's function.
pub(super) fn call(manifest: &ActionManifest, symbols: &mut Symbols) -> TokenStream {
    let items = &manifest.rust;
    symbols.need(&items.package, &items.feature);
    let function = step_function(&items.module, &items.function, symbols);
    quote!(#function(step, input))
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
    let undone = node.id.strip_suffix(UNDO_SUFFIX);
    let kind = docs::code(&node.kind);
    paragraphs.push(match undone {
        None => format!("Node `{}` of kind `{kind}`.", node.id),
        Some(id) => format!("Undoes node `{id}`, by `{kind}`."),
    });
    let doc = docs::attributes(&paragraphs);
    let id = undone.map_or_else(|| node.id.to_string(), |id| format!("undo_{id}"));
    let kind = node.kind.as_str();
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
    let more = u32::from(planted!("one attempt too many"));
    let attempts = Literal::u32_unsuffixed(policy.max_attempts + more);
    let (initial, cap) = (text(policy.initial), text(policy.cap));
    let growth = if planted!("waits between attempts do not grow") { 1.0 } else { policy.factor };
    let factor = Literal::f64_unsuffixed(growth);
    let jitter = policy.jitter.then(|| quote!(, jitter));
    let (timeout, total) = (
        limit(policy.timeout.filter(|_| !planted!("no attempt has a timeout"))),
        limit(policy.total),
    );
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

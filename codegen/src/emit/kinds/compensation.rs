//! What undoes a step: a closure that makes its input of the step's output.

use proc_macro2::TokenStream;
use quote::quote;

use super::action;
use crate::check::{Body, Compensation, Node};
use crate::emit::expr::is_copy;
use crate::emit::flow::Flow;
use crate::emit::locals::{Form, Held, Locals, RUN_ID, STARTED_AT};
use crate::emit::mentions::{Mentioned, mentions};
use crate::emit::names::ident;
use crate::emit::output_of;

/// `Undo::new(undo_charge, …)`.
pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    undo: &Compensation,
) -> TokenStream {
    let (Body::Action { input, .. } | Body::Custom { input, .. }) = &undo.node.body else {
        return TokenStream::new();
    };
    let own = ident(&flow.emitter.names(&node.id).value.clone());
    let mut inner = locals.kept();
    let form = if undo.in_doubt { Form::Doubted } else { Form::Reference };
    inner.bind_output(&node.id, own.clone(), output_of(node), form);
    let (mut input, fallible) = action::input_value(flow, &undo.node, &inner, input);
    let captured = captured(flow, locals, &inner, (&own.to_string(), &input));
    if fallible {
        input = quote!(Ok(#input));
    }
    let used = mentions(&input, &own.to_string());
    let given = if used {
        // Nothing else tells the type before the fields are read.
        let hint = flow.emitter.hint(&node.id, "Output", "The output of");
        let ty = flow.emitter.types.rust(&output_of(node), &hint, &mut flow.emitter.symbols);
        if undo.in_doubt { quote!(#own: Option<&#ty>) } else { quote!(#own: &#ty) }
    } else {
        quote!(_)
    };
    let closure = match captured {
        None => quote!(|#given| #input),
        Some(lines) if lines.is_empty() => quote!(move |#given| #input),
        Some(lines) => quote!({ #(#lines)* move |#given| #input }),
    };
    let undo_name = flow.emitter.names(&undo.node.id).value.clone();
    let function = flow.emitter.symbols.import(&format!("super::steps::{undo_name}"));
    let name = flow.emitter.symbols.import("flowcrate::Undo");
    let make = ident(match (fallible, undo.in_doubt) {
        (false, false) => "new",
        (true, false) => "try_new",
        (false, true) => "in_doubt",
        (true, true) => "try_in_doubt",
    });
    quote!(#name::#make(#function, #closure))
}

/// The lines that copy what the closure takes along: it outlives the code around it. None if it
/// takes nothing.
fn captured(
    flow: &Flow<'_, '_>,
    locals: &Locals,
    inner: &Locals,
    (own, code): (&str, &TokenStream),
) -> Option<Vec<TokenStream>> {
    let mut mentioned = Mentioned::default();
    mentioned.add(code.clone());
    let (mut lines, mut takes) = (Vec::new(), false);
    for (name, held) in inner.variables() {
        if name == own || !mentioned.has(&name) {
            continue;
        }
        takes = true;
        let variable = ident(&name);
        let borrowed = locals.is_reference(&name);
        let copied = match &held {
            Held::Value(ty) => is_copy(ty),
            Held::Caught(_) => false,
            Held::Handle(_) | Held::Index => true,
        };
        match (copied, borrowed) {
            (true, false) => {}
            (true, true) => lines.push(quote!(let #variable = *#variable;)),
            (false, _) => lines.push(quote!(let #variable = #variable.clone();)),
        }
    }
    if flow.emitter.has_many_triggers() && mentioned.has("trigger") {
        lines.push(quote!(let trigger = trigger.clone();));
    }
    if mentioned.has(RUN_ID) {
        let name = ident(RUN_ID);
        lines.push(quote!(let #name = ctx.run_id().to_string();));
    }
    if mentioned.has(STARTED_AT) {
        let name = ident(STARTED_AT);
        lines.push(quote!(let #name = ctx.started_at();));
    }
    (takes || !lines.is_empty()).then_some(lines)
}

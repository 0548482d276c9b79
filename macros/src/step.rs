//! `#[step]`: an async function whose outcome is journaled.

mod policy;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, ItemFn, LitStr, Type};

use self::policy::Policy;
use crate::args::{self, Accepted, Args, Form};
use crate::errors::Errors;
use crate::signature;

const WHAT: &str = "a step";
const SIGNATURE: &str =
    "`async fn name(step: StepContext, input: Input) -> Result<Output, StepError>`";

const ACCEPTED: [Accepted; 9] = [
    Accepted { name: "id", form: Form::Text, example: "id = \"charge\"" },
    Accepted { name: "kind", form: Form::Text, example: "kind = \"http.request@1\"" },
    Accepted { name: "retry", form: Form::Nested, example: "retry(max_attempts = 5, jitter)" },
    Accepted { name: "retry_on", form: Form::Texts, example: "retry_on(\"timeout\", \"panic\")" },
    Accepted { name: "timeout", form: Form::Text, example: "timeout = \"30s\"" },
    Accepted { name: "total", form: Form::Text, example: "total = \"10m\"" },
    Accepted { name: "heartbeat", form: Form::Text, example: "heartbeat = \"10s\"" },
    Accepted { name: "on_exhausted", form: Form::Text, example: "on_exhausted = \"pause\"" },
    Accepted { name: "crate", form: Form::Path, example: "crate = path::to::flowcrate" },
];

/// What `check` found to be sound.
struct Step<'a> {
    krate: TokenStream,
    id: String,
    kind: String,
    policy: Policy,
    input: Option<&'a Type>,
    output: &'a Type,
}

/// The macro over `proc_macro2` tokens.
pub(crate) fn step(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &ACCEPTED, &mut errors);
    let function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(syn::Error::new(
                error.span(),
                format!("#[step] stands on {SIGNATURE}: {error}"),
            ));
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    let checked = check(args, &function, &mut errors);
    let generated = match &checked {
        Some(checked) => expand(checked, &function),
        None => function.to_token_stream(),
    };
    let errors = errors.into_tokens();
    quote!(#generated #errors)
}

fn check<'a>(mut args: Args, function: &'a ItemFn, errors: &mut Errors) -> Option<Step<'a>> {
    let sig = &function.sig;
    signature::check_shape(function, WHAT, errors);
    signature::check_no_generics(sig, WHAT, errors);
    let types = signature::argument_types(sig);
    let input = match types.as_slice() {
        [context, rest @ ..] if rest.len() <= 1 && signature::is_named(context, "StepContext") => {
            Some(rest.first().copied())
        }
        [context, _] | [context] => {
            errors.on(context, format!("expected `StepContext` by value, as in {SIGNATURE}"));
            None
        }
        _ => {
            let found = format!("{WHAT} takes a step context and one input, as in {SIGNATURE}");
            errors.on(sig, found);
            None
        }
    };
    let output = signature::result_output(sig);
    if output.is_none() {
        errors.on(&sig.output, format!("{WHAT} returns a `Result`, as in {SIGNATURE}"));
    }
    let policy = Policy::read(&mut args, errors);
    let name = sig.ident.to_string();
    let name = name.trim_start_matches("r#");
    let id = match args.text("id") {
        Some(text) => id(text, errors).unwrap_or_else(|| name.to_owned()),
        None => name.to_owned(),
    };
    let shape_is_sound = sig.asyncness.is_some() && sig.receiver().is_none();
    Some(Step {
        krate: args::krate(&args, "flowcrate"),
        id,
        kind: args.text("kind").map_or_else(|| "step".to_owned(), |text| kind(text, errors)),
        policy,
        input: input.filter(|_| shape_is_sound)?,
        output: output?,
    })
}

fn id(text: &LitStr, errors: &mut Errors) -> Option<String> {
    let id = text.value();
    let sound = id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !sound {
        errors.on(
            text,
            "a step's id is lower-case letters, digits and `_`, a letter first, such as \"charge\"",
        );
    }
    sound.then_some(id)
}

fn kind(text: &LitStr, errors: &mut Errors) -> String {
    if text.value().is_empty() {
        errors.on(text, "a kind is a text that is not empty, such as \"http.request@1\"");
    }
    text.value()
}

fn expand(step: &Step<'_>, function: &ItemFn) -> TokenStream {
    let Step { krate, id, kind, policy, input, output } = step;
    let (vis, ident) = (&function.vis, &function.sig.ident);
    let (outer, inner) = split_attributes(&function.attrs);
    let body = ItemFn { attrs: inner, vis: syn::Visibility::Inherited, ..function.clone() };
    let policy = policy.tokens(krate);
    let (argument, taken, value, body_fn) = match input {
        Some(ty) => (quote!(, input: #ty), ty.to_token_stream(), quote!(input), quote!(#ident)),
        None => (quote!(), quote!(()), quote!(()), quote!(|step, ()| #ident(step))),
    };
    // An unmet bound is reported where it belongs: that of a type on the type, as it is written
    // out here, and that of the body's future on the function's name.
    let (ctx, spec) = (quote!(ctx), quote!(spec));
    let call = quote_spanned! {ident.span()=>
        #ctx.step::<#taken, #output, _, _>(#spec, #value, #body_fn)
    };
    quote! {
        #(#outer)*
        #vis fn #ident(ctx: &#krate::Context #argument) -> #krate::Step<#output> {
            #body
            let spec = #krate::StepSpec::new(#id, #kind).policy(#policy);
            #call
        }
    }
}

/// What belongs to the function that callers see, and what to the body; lint levels to both.
fn split_attributes(attributes: &[Attribute]) -> (Vec<Attribute>, Vec<Attribute>) {
    let is = |attribute: &Attribute, names: &[&str]| {
        names.iter().any(|name| attribute.path().is_ident(name))
    };
    let outer = attributes
        .iter()
        .filter(|a| is(a, &["doc", "cfg", "deprecated", "must_use", "allow", "warn", "deny"]));
    let inner = attributes.iter().filter(|a| !is(a, &["doc", "cfg", "deprecated", "must_use"]));
    (outer.cloned().collect(), inner.cloned().collect())
}

#[cfg(test)]
mod tests;

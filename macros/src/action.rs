//! `#[action]`: an async function that a graph can use as a kind.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{GenericParam, ItemFn, LitStr, Type};

use crate::args::{self, Accepted, Args, Form};
use crate::errors::Errors;
use crate::{signature, typed, workflow};

const WHAT: &str = "an action";
const SIGNATURE: &str =
    "`async fn name(step: StepContext, input: Input) -> Result<Output, StepError>`";

const ACCEPTED: [Accepted; 8] = [
    Accepted { name: "kind", form: Form::Text, example: "kind = \"http.request@1\"" },
    Accepted { name: "label", form: Form::Text, example: "label = \"HTTP request\"" },
    Accepted { name: "category", form: Form::Text, example: "category = \"Network\"" },
    Accepted { name: "feature", form: Form::Text, example: "feature = \"http\"" },
    Accepted { name: "generic", form: Form::Text, example: "generic = \"body\"" },
    Accepted { name: "effects", form: Form::Flag, example: "effects" },
    Accepted { name: "heartbeats", form: Form::Flag, example: "heartbeats" },
    Accepted { name: "crate", form: Form::Path, example: "crate = path::to::flowcrate_plugins" },
];

/// What `check` found to be sound.
struct Action<'a> {
    krate: TokenStream,
    kind: String,
    label: String,
    category: String,
    feature: String,
    generic: Generic,
    effects: bool,
    heartbeats: bool,
    input: &'a Type,
    output: &'a Type,
}

/// Whether each node declares the type of one output field.
enum Generic {
    No,
    Field(String),
}

/// The macro over `proc_macro2` tokens.
pub(crate) fn action(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let parsed = Args::parse(args, &ACCEPTED, &mut errors);
    let function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(syn::Error::new(
                error.span(),
                format!("#[action] stands on {SIGNATURE}: {error}"),
            ));
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    let generated =
        check(&parsed, &function, &mut errors).map(|checked| expand(&checked, &function));
    let errors = errors.into_tokens();
    quote!(#function #generated #errors)
}

fn check<'a>(args: &Args, function: &'a ItemFn, errors: &mut Errors) -> Option<Action<'a>> {
    let sig = &function.sig;
    signature::check_shape(function, WHAT, errors);
    let types = signature::argument_types(sig);
    let input = match types.as_slice() {
        [context, input] if signature::is_named(context, "StepContext") => Some(*input),
        _ => {
            errors.on(sig, format!("{WHAT} takes a step context and one input, as in {SIGNATURE}"));
            None
        }
    };
    let output = signature::result_output(sig);
    if output.is_none() {
        errors.on(&sig.output, format!("{WHAT} returns a `Result`, as in {SIGNATURE}"));
    }
    let required = |name: &str, errors: &mut Errors| {
        let text = args.text(name).map(LitStr::value).filter(|text| !text.is_empty());
        if text.is_none() {
            let example = ACCEPTED.iter().find(|known| known.name == name);
            let example = example.map_or(name, |known| known.example);
            errors.on(&sig.ident, format!("{WHAT} needs `{example}`"));
        }
        text
    };
    let label = required("label", errors);
    let category = required("category", errors);
    if let Some(kind) = args.text("kind") {
        check_kind(kind, errors);
    }
    let kind = required("kind", errors);
    Some(Action {
        krate: args::krate(args, "flowcrate_plugins"),
        generic: generic(args, function, errors)?,
        effects: args.flag("effects"),
        heartbeats: args.flag("heartbeats"),
        feature: args.text("feature").map(LitStr::value).unwrap_or_default(),
        kind: kind?,
        label: label?,
        category: category?,
        input: input?,
        output: output?,
    })
}

/// `name@major`: `http.request@1`.
fn check_kind(text: &LitStr, errors: &mut Errors) {
    let kind = text.value();
    let sound = kind.split_once('@').is_some_and(|(name, major)| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c))
            && major
                .parse::<u32>()
                .is_ok_and(|major| major > 0 && text.value().ends_with(&major.to_string()))
    });
    if !sound {
        errors.on(text, "a kind is `name@major`, such as \"http.request@1\"");
    }
}

/// The generic output field; `None` where field and type parameter do not agree.
fn generic(args: &Args, function: &ItemFn, errors: &mut Errors) -> Option<Generic> {
    let parameters = &function.sig.generics.params;
    match (args.text("generic"), parameters.len(), parameters.first()) {
        (None, 0, _) => Some(Generic::No),
        (Some(field), 1, Some(GenericParam::Type(_))) => Some(Generic::Field(field.value())),
        (Some(field), ..) => {
            errors.on(
                field,
                "with `generic` the function has exactly one type parameter, which its output \
                 struct holds in that field",
            );
            None
        }
        (None, ..) => {
            errors.on(
                &function.sig.generics,
                "name the output field of this type with `generic = \"field\"`, or take it away",
            );
            None
        }
    }
}

fn expand(action: &Action<'_>, function: &ItemFn) -> TokenStream {
    let Action { krate, kind, label, category, feature, generic, input, output, .. } = action;
    let (effects, heartbeats) = (action.effects, action.heartbeats);
    let (vis, ident) = (&function.vis, &function.sig.ident);
    let name = format_ident!("{}Action", workflow::camel_case(ident), span = ident.span());
    let description = typed::documentation(&function.attrs);
    let parameter = function.sig.generics.type_params().next().map(|parameter| &parameter.ident);
    // The registry sees any JSON where a node would declare a type.
    let alias = parameter.map(|parameter| quote!(type #parameter = #krate::Value;));
    let turbofish = parameter.map(|_| quote!(::<#krate::Value>));
    let generic = match generic {
        Generic::Field(field) => quote!(::core::option::Option::Some(#field)),
        Generic::No => quote!(::core::option::Option::None),
    };
    let (function_name, input_name, output_name) =
        (ident.to_string(), signature::type_name(input), signature::type_name(output));
    let doc =
        format!("The action `{kind}` as a catalogue sees it; it runs [`{ident}`](fn@{ident}).");
    quote! {
        #krate::__if_catalogue! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug, Default)]
            #vis struct #name;

            impl #krate::Action for #name {
                fn manifest(&self) -> #krate::ActionManifest {
                    #alias
                    #krate::manifest::<#input, #output>(#krate::Described {
                        kind: #kind,
                        label: #label,
                        description: #description,
                        category: #category,
                        generic_output: #generic,
                        effects: #effects,
                        heartbeats: #heartbeats,
                        package: ::core::env!("CARGO_PKG_NAME"),
                        feature: #feature,
                        module: ::core::module_path!(),
                        function: #function_name,
                        input: #input_name,
                        output: #output_name,
                    })
                }

                fn run(&self, step: #krate::StepContext, input: #krate::Value) -> #krate::Running {
                    #krate::run(step, input, #ident #turbofish)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

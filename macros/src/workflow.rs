//! `#[workflow]`: an async function that an engine can run, and the struct that names it.

mod fingerprint;
mod limit;
mod lint;
mod loops;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ItemFn, LitStr, Pat, Path, Type};

use crate::args::{self, Accepted, Args, Form, NamedPath};
use crate::errors::Errors;
use crate::{signature, warning};
use limit::Limit;

const WHAT: &str = "a workflow";
const SIGNATURE: &str = "`async fn name(ctx: Context, input: Input) -> Result<Output>`";

const ACCEPTED: [Accepted; 10] = [
    Accepted { name: "name", form: Form::Text, example: "name = \"order-intake\"" },
    Accepted { name: "revision", form: Form::Text, example: "revision = \"1\"" },
    Accepted { name: "adopts", form: Form::Texts, example: "adopts(\"1\")" },
    Accepted { name: "undo", form: Form::Paths, example: "undo(refund)" },
    Accepted { name: "calls", form: Form::Paths, example: "calls(Ship)" },
    Accepted { name: "events", form: Form::Texts, example: "events(\"shipped\" = Shipped)" },
    Accepted { name: "input", form: Form::Path, example: "input = INPUT_SCHEMA" },
    Accepted {
        name: "payloads",
        form: Form::Paths,
        example: "payloads(\"shipped\" = SHIPPED_SCHEMA)",
    },
    Accepted { name: "limit", form: Form::Nested, example: limit::EXAMPLE },
    Accepted { name: "crate", form: Form::Path, example: "crate = path::to::flowcrate" },
];

/// What `check` found to be sound.
struct Workflow<'a> {
    krate: TokenStream,
    name: String,
    revision: String,
    adopts: Vec<String>,
    undos: Vec<(String, &'a Path)>,
    calls: Vec<&'a Path>,
    events: Vec<Declared<'a>>,
    schema: Option<&'a Path>,
    input: &'a Type,
    output: &'a Type,
}

/// An event.
struct Declared<'a> {
    name: String,
    payload: Option<&'a Type>,
    /// What a payload must be beyond its type.
    schema: Option<&'a Path>,
}

/// The macro over `proc_macro2` tokens.
pub(crate) fn workflow(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut args = Args::parse(args, &ACCEPTED, &mut errors);
    let limit = Limit::read(&mut args, &mut errors);
    let function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(syn::Error::new(
                error.span(),
                format!("#[workflow] stands on {SIGNATURE}: {error}"),
            ));
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    let checked = check(&args, &function, &mut errors);
    let context = context_name(&function);
    lint::lint(&function.block, context.as_ref(), &mut errors);
    let warnings = loops::warnings(&function.block, context.as_ref());
    let allows = lint_levels(&function);
    let warnings = warnings.iter().map(|found| warning::tokens(found, &allows));
    let generated = checked.map(|checked| expand(&checked, limit.as_ref(), &function));
    let errors = errors.into_tokens();
    quote!(#function #generated #(#warnings)* #errors)
}

fn check<'a>(args: &'a Args, function: &'a ItemFn, errors: &mut Errors) -> Option<Workflow<'a>> {
    let sig = &function.sig;
    signature::check_shape(function, WHAT, errors);
    signature::check_no_generics(sig, WHAT, errors);
    let types = signature::argument_types(sig);
    let input = match types.as_slice() {
        [context, input] if signature::is_named(context, "Context") => Some(*input),
        [context, _] => {
            errors.on(context, format!("expected `Context` by value, as in {SIGNATURE}"));
            None
        }
        _ => {
            errors.on(sig, format!("{WHAT} takes a context and one input, as in {SIGNATURE}"));
            None
        }
    };
    let output = signature::result_output(sig);
    if output.is_none() {
        errors.on(&sig.output, format!("{WHAT} returns `Result<Output>`, as in {SIGNATURE}"));
    }
    let revision =
        args.text("revision").map_or_else(|| "1".to_owned(), |text| revision(text, errors));
    let default_name = sig.ident.to_string().trim_start_matches("r#").replace('_', "-");
    Some(Workflow {
        krate: args::krate(args, "flowcrate"),
        name: args.text("name").and_then(|name| slug(name, errors)).unwrap_or(default_name),
        adopts: predecessors(args.texts("adopts"), &revision, errors),
        revision,
        undos: undo_steps(args.paths("undo"), errors),
        calls: callees(args.paths("calls"), errors),
        events: events(args.texts("events"), args.paths("payloads"), errors),
        schema: args.path("input"),
        // Types that name a parameter mean nothing outside of the function.
        input: input.filter(|_| sig.generics.params.is_empty())?,
        output: output?,
    })
}

fn slug(name: &LitStr, errors: &mut Errors) -> Option<String> {
    let text = name.value();
    let sound = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
    if !sound {
        errors.on(
            name,
            "a workflow's name is lower-case letters, digits, `-` and `_`, a letter first, \
             such as \"order-intake\"",
        );
    }
    sound.then_some(text)
}

fn revision(text: &LitStr, errors: &mut Errors) -> String {
    if text.value().is_empty() {
        errors.on(text, "a revision is a text that is not empty, such as \"1\"");
    }
    text.value()
}

/// The revisions whose runs this one may go on with.
fn predecessors(
    adopts: &[(LitStr, Option<Type>)],
    revision: &str,
    errors: &mut Errors,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (text, ty) in adopts {
        let value = text.value();
        if let Some(ty) = ty {
            errors.on(ty, "a revision has no type");
        } else if value.is_empty() {
            errors.on(text, "a revision is a text that is not empty, such as \"1\"");
        } else if value == revision {
            errors.on(
                text,
                format!(
                    "`{value}` is this workflow's own revision; adopt the ones before it, as in \
                     `revision = \"2\", adopts(\"1\")`"
                ),
            );
        } else if found.contains(&value) {
            errors.on(text, format!("the revision `{value}` is adopted twice"));
        } else {
            found.push(value);
        }
    }
    found
}

/// The steps that undo others, each with its name in the journal.
fn undo_steps<'a>(steps: &'a [NamedPath], errors: &mut Errors) -> Vec<(String, &'a Path)> {
    let mut found: Vec<(String, &Path)> = Vec::new();
    for NamedPath { name, path } in steps {
        let of_path = || path.segments.last().map(|segment| segment.ident.to_string());
        let own = name.as_ref().map(LitStr::value).or_else(of_path).unwrap_or_default();
        let own = own.trim_start_matches("r#").to_owned();
        if own.is_empty() {
            errors.on(name, "a step's name is a text that is not empty, such as \"refund\"");
        } else if found.iter().any(|(known, _)| *known == own) {
            errors.on(
                path,
                format!(
                    "two steps are called `{own}`; give one a name of its own, as in \
                     `undo(\"other_{own}\" = …)`"
                ),
            );
        } else {
            found.push((own, path));
        }
    }
    found
}

/// The workflows that this one calls.
fn callees<'a>(calls: &'a [NamedPath], errors: &mut Errors) -> Vec<&'a Path> {
    let mut found = Vec::new();
    for NamedPath { name, path } in calls {
        if let Some(name) = name {
            errors.on(name, "a workflow has a name already: write `calls(Ship)`");
        } else {
            found.push(path);
        }
    }
    found
}

/// The events with what their payloads are.
fn events<'a>(
    events: &'a [(LitStr, Option<Type>)],
    schemas: &'a [NamedPath],
    errors: &mut Errors,
) -> Vec<Declared<'a>> {
    let mut declared: Vec<Declared<'a>> = Vec::new();
    for (event, payload) in events {
        let name = event.value();
        if name.is_empty() {
            errors.on(event, "an event's name is a text that is not empty, such as \"shipped\"");
        } else if declared.iter().any(|known| known.name == name) {
            errors.on(event, format!("the event `{name}` is declared twice"));
        } else {
            declared.push(Declared { name, payload: payload.as_ref(), schema: None });
        }
    }
    for NamedPath { name, path } in schemas {
        let name = name.as_ref().map(LitStr::value).unwrap_or_default();
        let typed = |event: &&mut Declared<'_>| event.name == name && event.payload.is_some();
        match declared.iter_mut().find(typed) {
            Some(event) => event.schema = Some(path),
            None => errors.on(
                path,
                "a schema is that of a declared event, as in \
                 `events(\"shipped\" = Shipped), payloads(\"shipped\" = SHIPPED_SCHEMA)`",
            ),
        }
    }
    declared
}

/// The name of the `Context` argument, which the lints look for.
fn context_name(function: &ItemFn) -> Option<Ident> {
    match function.sig.inputs.first()? {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) => Some(pat.ident.clone()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

/// The user's `#[allow(…)]` and the like, which the warnings obey too.
fn lint_levels(function: &ItemFn) -> Vec<syn::Attribute> {
    let levels = ["allow", "warn", "deny", "forbid"];
    let is_level = |attr: &&syn::Attribute| levels.iter().any(|level| attr.path().is_ident(level));
    function.attrs.iter().filter(is_level).cloned().collect()
}

fn expand(workflow: &Workflow<'_>, limit: Option<&Limit>, function: &ItemFn) -> TokenStream {
    let Workflow { krate, name, revision, adopts, undos, calls, events, input, output, .. } =
        workflow;
    let (vis, ident) = (&function.vis, &function.sig.ident);
    let ty = struct_name(ident);
    let check_event = check_event(krate, events);
    let undos = registered(krate, undos);
    let callees = called(krate, calls);
    let limit = limit.map(|limit| limit.methods(krate, name));
    let events = events.iter().map(|event| &event.name);
    let fingerprint = fingerprint(function, revision);
    let input_schema = input_schema(workflow.schema);
    // Without `async` there is an error already; a second one would only hide it.
    let call = if function.sig.asyncness.is_some() {
        // An error of another type than the runtime's is reported where it is returned.
        let arguments = quote!((ctx, input));
        quote_spanned!(ident.span()=> ::std::boxed::Box::pin(#ident #arguments))
    } else {
        quote!(::core::unreachable!("{:p} {:p}", &ctx, &input))
    };
    let cfgs = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    let cfgs: Vec<_> = cfgs.map(ToTokens::to_token_stream).collect();
    let doc = format!(
        "The workflow `{name}`, to be registered with an engine; it runs [`{ident}`](fn@{ident})."
    );
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #vis struct #ty;

        #(#cfgs)*
        impl #krate::Workflow for #ty {
            type Input = #input;
            type Output = #output;

            fn definition(&self) -> #krate::Definition {
                #krate::Definition {
                    name: ::std::string::String::from(#name),
                    revision: ::std::string::String::from(#revision),
                    events: ::std::vec![
                        #(#krate::EventDef { name: ::std::string::String::from(#events) }),*
                    ],
                    adopts: ::std::vec![#(::std::string::String::from(#adopts)),*],
                }
            }

            fn run(
                &self,
                ctx: #krate::Context,
                input: Self::Input,
            ) -> ::core::pin::Pin<::std::boxed::Box<
                dyn ::core::future::Future<Output = #krate::Result<Self::Output>>,
            >> {
                #call
            }

            #fingerprint

            #input_schema

            #check_event

            #undos

            #callees

            #limit
        }
    }
}

/// A changed function is told from the one that runs were started with.
fn fingerprint(function: &ItemFn, revision: &str) -> Option<TokenStream> {
    fingerprint::fingerprint(function, revision).map(|fingerprint| {
        quote! {
            fn fingerprint(&self) -> ::core::option::Option<&'static str> {
                ::core::option::Option::Some(#fingerprint)
            }
        }
    })
}

/// What an input must be beyond its type is asked before a run is started.
fn input_schema(schema: Option<&Path>) -> Option<TokenStream> {
    schema.map(|schema| {
        // What is no text is reported where it is written.
        let schema = quote_spanned!(schema.span()=> #schema);
        quote! {
            fn input_schema(&self) -> ::core::option::Option<&str> {
                ::core::option::Option::Some(#schema)
            }
        }
    })
}

/// The steps that undo others are there to be run without the function.
fn registered(krate: &TokenStream, undos: &[(String, &Path)]) -> Option<TokenStream> {
    let steps = undos.iter().map(|(name, path)| {
        // A step that cannot undo is reported where it is written.
        quote_spanned!(path.span()=> .step(#name, #path))
    });
    (!undos.is_empty()).then(|| {
        quote! {
            fn undos(&self) -> #krate::Undos {
                #krate::Undos::new() #(#steps)*
            }
        }
    })
}

/// The workflows that it calls are registered with it.
fn called(krate: &TokenStream, calls: &[&Path]) -> Option<TokenStream> {
    let workflows = calls.iter().map(|path| {
        // What is no workflow is reported where it is written.
        quote_spanned!(path.span()=> .workflow(#path))
    });
    (!calls.is_empty()).then(|| {
        quote! {
            fn callees(&self) -> #krate::Callees {
                #krate::Callees::new() #(#workflows)*
            }
        }
    })
}

/// Declared payload types are checked when an event is sent, and what a schema says beyond them.
fn check_event(krate: &TokenStream, events: &[Declared<'_>]) -> Option<TokenStream> {
    let typed = events.iter().filter_map(|Declared { name, payload, schema }| {
        let payload = (*payload)?;
        let typed = quote!(#krate::check_payload::<#payload>(payload));
        let asked = schema.map(|schema| {
            // What is no text is reported where it is written.
            let schema = quote_spanned!(schema.span()=> #schema);
            quote!(.and_then(|()| #krate::check_payload_schema(#schema, payload)))
        });
        Some(quote!(#name => #typed #asked,))
    });
    let arms: Vec<_> = typed.collect();
    (!arms.is_empty()).then(|| {
        quote! {
            fn check_event(&self, name: &str, payload: &#krate::Json) -> #krate::Result<()> {
                match name {
                    #(#arms)*
                    _ => ::core::result::Result::Ok(()),
                }
            }
        }
    })
}

/// `order_intake` is run by `OrderIntake`.
fn struct_name(function: &Ident) -> Ident {
    let camel = camel_case(function);
    // `_1` and `self_` have no type name of their own.
    if camel.is_empty() || camel.starts_with(|c: char| c.is_ascii_digit()) || camel == "Self" {
        return format_ident!("Workflow{camel}", span = function.span());
    }
    Ident::new(&camel, function.span())
}

/// `order_intake` as `OrderIntake`.
pub(crate) fn camel_case(ident: &Ident) -> String {
    let capitalised = |word: &str| {
        let mut chars = word.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect::<String>()
    };
    ident.to_string().trim_start_matches("r#").split('_').map(capitalised).collect()
}

#[cfg(test)]
mod tests;

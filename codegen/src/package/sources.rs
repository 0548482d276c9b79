//! The Rust files around the emitted ones: `src/lib.rs`, `src/main.rs`,
//! `src/generated/{binary,triggers}.rs`, `tests/workflow.rs`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Public, stable};
use crate::check::{Body, Checked};
use crate::emit::{Emitted, EmittedCallee, docs, print};

/// `src/lib.rs`: what the crate is, and what of it others use: all its types, or of a published
/// crate the `public` ones.
pub(super) fn lib(checked: &Checked, emitted: &Emitted, public: Option<&Public>) -> String {
    let (function, structure) =
        (format_ident!("{}", emitted.function), format_ident!("{}", emitted.structure));
    let docs = docs::inner(&[
        docs::sentence(if checked.description.is_empty() {
            &checked.name
        } else {
            &checked.description
        }),
        format!(
            "[`{function}`] is the workflow; [`{structure}`] names it to an engine, which runs \
             it durably."
        ),
    ]);
    let custom = emitted.custom.as_ref().map(|_| {
        quote!(
            pub mod custom;
        )
    });
    let steps = emitted.steps.as_ref().map(|_| {
        quote!(
            pub(crate) mod steps;
        )
    });
    let types = emitted.types.as_ref().map(|_| {
        quote!(
            pub(crate) mod types;
        )
    });
    let public_steps = emitted.custom.as_ref().map(|_| {
        quote!(
            pub use generated::steps::Custom;
        )
    });
    let public_types = emitted.types.as_ref().and_then(|_| public_types(emitted, public));
    let source = emitted.types.as_deref().unwrap_or_default();
    let new = public.filter(|public| stable::has_structs(source, &public.given));
    let (new, public_new) = (
        new.map(|_| {
            quote!(
                pub mod new;
            )
        }),
        new.map(|_| {
            quote!(
                pub use generated::new;
            )
        }),
    );
    let callees = callees(emitted);
    let custom_callees = custom_callees(emitted);
    let public_callees = public_callees(emitted);
    print::file(
        &docs,
        vec![
            quote! {
                #custom
                #(#custom_callees)*
                mod generated {
                    #(#callees)*
                    #new
                    #steps
                    #[cfg(feature = "standalone")]
                    pub(crate) mod triggers;
                    #types
                    pub(crate) mod workflow;
                }
            },
            quote! {
                #public_new
                #public_steps
                #[cfg(feature = "standalone")]
                pub use generated::triggers::triggers;
                #public_types
                pub use generated::workflow::{#structure, #function};
                #(#public_callees)*
            },
        ],
    )
}

/// The types that others may name.
fn public_types(emitted: &Emitted, public: Option<&Public>) -> Option<TokenStream> {
    // What a person writes may be about any of them.
    let custom = emitted.custom.is_some();
    match public.filter(|_| !custom) {
        None => Some(quote!(
            pub use generated::types::*;
        )),
        Some(public) if public.named.is_empty() => None,
        Some(public) => {
            let names = public.named.iter().map(|name| format_ident!("{}", name));
            Some(quote!(
                pub use generated::types::{#(#names),*};
            ))
        }
    }
}

/// The modules of the workflows that it calls.
fn callees(emitted: &Emitted) -> Vec<TokenStream> {
    let module = |callee: &EmittedCallee| {
        let module = format_ident!("{}", callee.module);
        let steps = callee.steps.as_ref().map(|_| {
            quote!(
                pub(crate) mod steps;
            )
        });
        quote! {
            pub(crate) mod #module {
                #steps
                pub(crate) mod workflow;
            }
        }
    };
    emitted.callees.values().map(module).collect()
}

/// The modules with the functions that a person writes for them.
fn custom_callees(emitted: &Emitted) -> Vec<TokenStream> {
    let custom = emitted.callees.values().filter(|callee| callee.custom.is_some());
    custom
        .map(|callee| {
            let module = format_ident!("custom_{}", callee.module);
            quote!(
                pub mod #module;
            )
        })
        .collect()
}

/// Their functions and structs.
fn public_callees(emitted: &Emitted) -> Vec<TokenStream> {
    let public = |callee: &EmittedCallee| {
        let module = format_ident!("{}", callee.module);
        let (function, structure) =
            (format_ident!("{}", callee.function), format_ident!("{}", callee.structure));
        quote!(
            pub use generated::#module::workflow::{#structure, #function};
        )
    };
    emitted.callees.values().map(public).collect()
}

/// `src/main.rs`: the binary. Written once, so that it names nothing that an edit of the graph
/// changes: what it runs is in `generated/binary.rs`, what starts it in `generated/triggers.rs`.
pub(super) fn main() -> String {
    print::own_file(
        "//! The command line: run, resume, list, show, event, cancel, serve.\n",
        vec![
            quote! {
                #[doc = " Names of the workflow: this file stays when they change."]
                #[path = "generated/binary.rs"]
                mod binary;
            },
            quote! {
                use std::process::ExitCode;
            },
            quote! {
                use binary::{Workflow, triggers};
                use flowcrate::host;
            },
            quote! {
                fn main() -> ExitCode {
                    host::main(Workflow, triggers())
                }
            },
        ],
    )
}

/// `src/generated/binary.rs`: the names of this workflow, for the binary.
pub(super) fn binary(emitted: &Emitted, library: &str) -> String {
    let structure = format_ident!("{}", emitted.structure);
    let library = format_ident!("{}", library);
    print::file(
        "//! The workflow that the binary runs, under a name that no edit changes.\n",
        vec![quote! {
            pub(crate) use #library::{#structure as Workflow, triggers};
        }],
    )
}

/// `src/generated/triggers.rs`: what starts runs.
pub(super) fn triggers(checked: &Checked) -> String {
    let calls = checked.nodes.values().filter_map(|node| {
        let id = node.id.as_str();
        match &node.body {
            Body::Manual => Some(quote!(.manual(#id))),
            Body::Webhook { path } => Some(quote!(.webhook(#id, #path))),
            Body::Schedule { cron, timezone } => Some(quote!(.schedule(#id, #cron, #timezone))),
            _ => None,
        }
    });
    let is = |test: fn(&Body) -> bool| checked.nodes.values().any(|node| test(&node.body));
    let responds = is(|body| matches!(body, Body::Respond { .. }))
        && is(|body| matches!(body, Body::Webhook { .. }));
    let responds = responds.then(|| quote!(.responds()));
    print::file(
        "//! What starts runs, for the binary.\n",
        vec![
            quote!(
                use flowcrate::host::Triggers;
            ),
            quote! {
                /// The triggers of the graph.
                pub fn triggers() -> Triggers {
                    Triggers::new() #(#calls)* #responds
                }
            },
        ],
    )
}

/// `tests/workflow.rs`: the workflow rehearsed with `tests/rehearsal.json`.
pub(super) fn tests(emitted: &Emitted, library: &str) -> String {
    let structure = format_ident!("{}", emitted.structure);
    let library = format_ident!("{}", library);
    print::file(
        "//! The workflow rehearsed: its steps answer from `rehearsal.json` instead of calling \
         anyone,\n//! its waits take no time, and its events come at once.\n",
        vec![
            quote! {
                use flowcrate::testkit::Rehearsal;
                use #library::#structure;
            },
            quote! {
                fn rehearsal() -> Rehearsal<#structure> {
                    Rehearsal::read(#structure, include_str!("rehearsal.json"))
                }
            },
            quote! {
                #[test]
                fn a_replay_at_every_await_changes_nothing() {
                    rehearsal().replay_at_every_await();
                }
            },
            quote! {
                #[test]
                fn a_crash_at_every_write_loses_nothing_and_repeats_nothing() {
                    rehearsal().crash_at_every_write();
                }
            },
        ],
    )
}

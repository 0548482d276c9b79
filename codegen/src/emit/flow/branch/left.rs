//! Whether a node left by a handle, of one that a branch no longer stands behind.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::{Flow, goes_on};
use crate::check::NodeId;
use crate::emit::locals::{HandleForm, Locals};
use crate::emit::names::ident;
use crate::lower::rest;

impl Flow<'_, '_> {
    /// "The node ran and left by this handle", as a bool.
    pub(in crate::emit::flow) fn left(
        &mut self,
        id: &NodeId,
        handle: &str,
        locals: &Locals,
    ) -> TokenStream {
        if let Some(certain) = locals.certain_handle(id) {
            let left = certain == handle;
            return quote!(#left);
        }
        if self.emitter.workflow.triggers.contains(id) {
            let (input, _) = self.emitter.input_variants();
            let variant = ident(&self.emitter.input_variant(id).unwrap_or_default());
            return quote!(matches!(trigger, #input::#variant(_)));
        }
        let Some((name, form)) = locals.handle(id) else { return quote!(false) };
        match (form, handle) {
            // What cannot fail is caught by nobody.
            (
                HandleForm::Bool
                | HandleForm::OptionalBool
                | HandleForm::Event
                | HandleForm::Verdict
                | HandleForm::Answer,
                "error",
            ) => quote!(false),
            (HandleForm::Bool, "true") | (HandleForm::Ran, _) => quote!(#name),
            (HandleForm::Bool, _) => quote!(!#name),
            (HandleForm::OptionalBool, handle) => {
                let value = handle == "true";
                quote!(#name == Some(#value))
            }
            (HandleForm::Text, handle) => quote!(#name == #handle),
            (HandleForm::OptionalText, handle) => quote!(#name == Some(#handle)),
            (HandleForm::Caught, "out") => quote!(#name.is_ok()),
            (HandleForm::Event, "out") => quote!(#name.is_some()),
            (HandleForm::Event, _) | (HandleForm::Answer, "timeout") => quote!(#name.is_none()),
            (HandleForm::CaughtEvent, "out") if self.node(id).is_some_and(goes_on) => {
                quote!(!matches!(#name, Ok(None)))
            }
            (HandleForm::CaughtEvent, "out") => quote!(matches!(#name, Ok(Some(_)))),
            (HandleForm::CaughtEvent | HandleForm::CaughtAnswer, "timeout") => {
                quote!(matches!(#name, Ok(None)))
            }
            (HandleForm::CaughtBool, "true") => quote!(matches!(#name, Ok(true))),
            (HandleForm::CaughtBool, "false") => quote!(matches!(#name, Ok(false))),
            (HandleForm::Verdict, "approved") => quote!(#name.approved),
            (HandleForm::Verdict, _) => quote!(!#name.approved),
            (HandleForm::Answer | HandleForm::CaughtVerdict | HandleForm::CaughtAnswer, answer)
                if answer != "error" =>
            {
                let not = (answer == "rejected").then(|| quote!(!));
                match form {
                    HandleForm::Answer => {
                        quote!(#name.as_ref().is_some_and(|answer| #not answer.approved))
                    }
                    HandleForm::CaughtVerdict => {
                        quote!(#name.as_ref().is_ok_and(|answer| #not answer.approved))
                    }
                    _ => quote! {
                        #name.as_ref().is_ok_and(|answer| {
                            answer.as_ref().is_some_and(|answer| #not answer.approved)
                        })
                    },
                }
            }
            (_, "error") => quote!(#name.is_err()),
            (_, text) if self.node(id).is_some_and(|node| goes_on(node) && text == rest(node)) => {
                quote!(matches!(#name, Ok(#text) | Err(_)))
            }
            (_, text) => quote!(matches!(#name, Ok(#text))),
        }
    }
}

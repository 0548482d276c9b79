//! What starts a run (S30): one payload, or an enum over several triggers.

use flowcrate::types::Type;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::names::{ident, pascal};
use super::symbols::Symbols;
use super::types::{Hint, size, uneven_variants};
use super::{Emitter, docs, output_of};
use crate::check::NodeId;

impl Emitter<'_> {
    /// The Rust type of the run's input.
    pub(crate) fn input_type(&mut self) -> TokenStream {
        if self.workflow.triggers.len() > 1 {
            let name = self.symbols.import_type(&self.input_name());
            return quote!(#name);
        }
        let hint = self.payload_hint();
        self.types.rust(&self.workflow.input, &hint, &mut self.symbols)
    }

    /// Whether the input is an enum over several triggers.
    pub(crate) fn has_many_triggers(&self) -> bool {
        self.workflow.triggers.len() > 1
    }

    fn input_name(&self) -> String {
        self.own.input()
    }

    /// Names the payload of the one trigger after its label.
    pub(crate) fn payload_hint(&self) -> Hint {
        match self.workflow.triggers.first() {
            Some(id) => self.trigger_hint(id),
            None => Hint::new(self.input_name(), "What starts a run."),
        }
    }

    pub(crate) fn trigger_hint(&self, id: &NodeId) -> Hint {
        let node = self.checked.nodes.get(id);
        let label = node.map_or("", |node| node.label.as_str());
        let stem = self.names(id).stem.clone();
        Hint::new(pascal(label, &stem), format!("Payload of the trigger `{id}`."))
    }

    /// For several triggers: the input enum, and each variant with its payload's type.
    pub(crate) fn input_variants(&mut self) -> (Ident, Vec<(String, Type)>) {
        let name = self.symbols.import_type(&self.input_name());
        let variants = self
            .workflow
            .triggers
            .iter()
            .map(|id| {
                let ty = self.checked.nodes.get(id).map_or(Type::Any, output_of);
                (self.names(id).stem.clone(), ty)
            })
            .collect();
        (name, variants)
    }

    /// The variant of a trigger.
    pub(crate) fn input_variant(&self, id: &str) -> Option<String> {
        let trigger = self.workflow.triggers.iter().find(|trigger| ***trigger == *id)?;
        Some(self.names(trigger).stem.clone())
    }

    /// The method of the input that gives the payload of a trigger, if that started the run.
    pub(crate) fn input_accessor(&mut self, id: &str) -> Option<String> {
        let trigger = self.workflow.triggers.iter().find(|trigger| ***trigger == *id)?.clone();
        self.accessors.insert(trigger.clone());
        Some(format!("as_{}", self.names(&trigger).value))
    }

    /// The methods that code uses.
    fn input_accessors(&mut self, symbols: &mut Symbols) -> Option<TokenStream> {
        let name = ident(&self.input_name());
        let mut methods = Vec::new();
        for id in self.accessors.clone() {
            let ty = self.checked.nodes.get(&id).map_or(Type::Any, output_of);
            let hint = self.trigger_hint(&id);
            let payload = self.types.rust(&ty, &hint, symbols);
            let method = ident(&format!("as_{}", self.names(&id).value));
            let variant = ident(&self.names(&id).stem);
            let doc = docs::attributes(&[format!("The payload, if `{id}` started the run.")]);
            methods.push(quote! {
                #doc
                pub fn #method(&self) -> Option<&#payload> {
                    match self {
                        Self::#variant(payload) => Some(payload),
                        _ => None,
                    }
                }
            });
        }
        (!methods.is_empty()).then(|| quote!(impl #name { #(#methods)* }))
    }

    /// The enum over several triggers.
    pub(crate) fn input_items(&mut self, symbols: &mut Symbols) -> Vec<TokenStream> {
        if !self.has_many_triggers() {
            return Vec::new();
        }
        let serialize = symbols.import("serde::Serialize");
        let deserialize = symbols.import("serde::Deserialize");
        let name = ident(&self.input_name());
        let (mut variants, mut sizes) = (Vec::new(), Vec::new());
        for id in &self.workflow.triggers.clone() {
            let ty = self.checked.nodes.get(id).map_or(Type::Any, output_of);
            let hint = self.trigger_hint(id);
            let payload = self.types.rust(&ty, &hint, symbols);
            let variant = ident(&self.names(id).stem);
            let label = self.checked.nodes.get(id).map_or("", |node| node.label.as_str());
            let doc = docs::attributes(&[docs::sentence(label)]);
            let text = id.as_str();
            variants.push(quote!(#doc #[serde(rename = #text)] #variant(#payload)));
            sizes.push(size(&ty, true));
        }
        let uneven = uneven_variants(sizes, "what triggers hand over differs in size");
        let text = docs::code(&self.workflow.name);
        let doc = docs::attributes(&[format!(
            "What starts a run of `{text}`: the payload of one of its triggers."
        )]);
        let item = quote! {
            #doc
            #[derive(Clone, Debug, PartialEq, #serialize, #deserialize)]
            #uneven
            pub enum #name { #(#variants),* }
        };
        std::iter::once(item).chain(self.input_accessors(symbols)).collect()
    }
}

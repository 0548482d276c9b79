//! Names of their own for what custom nodes give.
//!
//! Equal structures are one Rust type, since values flow between them, and it is called after the
//! first that needs it. What a person writes names the types of one node, and must keep to build
//! when another node comes to need the same structure first: so each node's names stay, as aliases.

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

use super::super::docs;
use super::super::names::{ident, pascal};
use super::super::symbols::Symbols;
use super::{Hint, Known, Types, named, one_of, singular};
use crate::check::NodeId;

/// Another name of a type that `types.rs` defines.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    name: String,
    doc: String,
}

impl Types {
    /// Names the output of a custom node, and what it holds.
    pub(crate) fn name_output(&mut self, id: &NodeId, ty: &Type, hint: &Hint) {
        self.rust(ty, hint, &mut Symbols::default());
        if let Some(name) = self.alias(ty, hint)
            && matches!(ty, Type::Record(_) | Type::Enum(_) | Type::Union(_))
        {
            self.outputs.insert(id.clone(), name);
        }
    }

    /// The name of a custom node's output, where it is one of its own.
    pub(crate) fn output(&self, id: &NodeId, symbols: &mut Symbols) -> Option<TokenStream> {
        let name = symbols.import_type(self.outputs.get(id)?);
        Some(quote!(#name))
    }

    /// The node's own name of a type that is called after something else.
    fn alias(&mut self, ty: &Type, hint: &Hint) -> Option<String> {
        match ty {
            Type::List { items: inner } | Type::Map { values: inner } => {
                let hint = Hint::new(singular(&hint.name), one_of(&hint.doc));
                self.alias(inner, &hint);
                None
            }
            Type::Optional { some } => self.alias(some, hint),
            Type::Record(_) | Type::Enum(_) | Type::Union(_) if named(ty).is_none() => {
                let Some(Known::Emitted(place)) = self.known.get(ty) else { return None };
                let place = *place;
                let known = self.emitted.get(place)?.name.clone();
                let own = (known != hint.name).then(|| self.other_name(place, hint));
                let within = own.clone().unwrap_or(known);
                if let Type::Record(record) = ty {
                    for (field, inner) in &record.fields {
                        let name = format!("{within}{}", pascal(field, "Field"));
                        let doc = format!("Field `{}` of [`{within}`].", docs::code(field));
                        self.alias(&inner.ty, &Hint::new(name, doc));
                    }
                }
                own
            }
            _ => None,
        }
    }

    fn other_name(&mut self, place: usize, hint: &Hint) -> String {
        let names = self.names.get_or_insert_with(super::Allocator::types);
        let name = names.allocate(&hint.name, "Data");
        let alias = Alias { name: name.clone(), doc: hint.doc.clone() };
        self.aliases.entry(place).or_default().push(alias);
        name
    }

    /// The aliases of a type.
    pub(super) fn alias_items(&self, place: usize, symbols: &mut Symbols) -> Vec<TokenStream> {
        let aliases = self.aliases.get(&place).into_iter().flatten();
        aliases
            .map(|alias| {
                let ty = self.emitted_path(place, symbols);
                let doc = docs::attributes(&[format!("{} The same data as [`{ty}`].", alias.doc)]);
                let name = ident(&alias.name);
                quote!(#doc pub type #name = #ty;)
            })
            .collect()
    }
}

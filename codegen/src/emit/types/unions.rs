//! Unions as enums: what serde writes as it is, and what is read by its form or its tag.
//!
//! serde's own reading of such enums tries one choice after another, and takes a list for a struct
//! on the way. Ours looks at the form or the tag once, as the interpreter does.

use std::collections::BTreeMap;

use flowcrate::types::{Type, UnionType};
use proc_macro2::TokenStream;
use quote::quote;

use super::items::{derives, has_common_words, serde};
use super::{Allocator, Emitted, Hint, Types, named, pascal};
use crate::emit::docs;
use crate::emit::names::ident;
use crate::emit::symbols::Symbols;

/// Variants that differ by more bytes than this trip clippy.
const LARGE: usize = 160;

/// The Rust names of a union's variants, by the keys of its choices.
pub(super) fn variants(union: &UnionType, names: &mut Allocator) -> BTreeMap<String, String> {
    let name = |key: &str, choice: &Type| match (&union.tag, named(choice)) {
        (Some(_), _) => pascal(key, "Value"),
        (None, Some(name)) if !matches!(choice, Type::Enum(_)) => pascal(&name, "Object"),
        (None, _) => by_type(choice).to_owned(),
    };
    let choices = union.choices.iter();
    choices.map(|(key, choice)| (key.clone(), names.allocate(&name(key, choice), ""))).collect()
}

fn by_type(choice: &Type) -> &'static str {
    match choice {
        Type::Bool => "Bool",
        Type::Int => "Int",
        Type::Number => "Number",
        Type::Timestamp => "Timestamp",
        Type::Duration => "Duration",
        Type::Bytes => "Bytes",
        Type::List { .. } | Type::Tuple { .. } => "List",
        Type::Map { .. } => "Map",
        Type::Record(_) | Type::Union(_) | Type::Recursive(_) => "Object",
        _ => "Text",
    }
}

impl Types {
    /// The enum of a union, and how it is read where something reads it.
    pub(super) fn union(
        &mut self,
        emitted: &Emitted,
        union: &UnionType,
        symbols: &mut Symbols,
    ) -> Vec<TokenStream> {
        let doc = docs::attributes(std::slice::from_ref(&emitted.doc));
        let derives = derives(emitted, symbols, false);
        let tag = union.tag.as_ref().map(|tag| quote!(tag = #tag));
        let form = tag.unwrap_or_else(|| quote!(untagged));
        let read = emitted.decoded.then(|| quote!(try_from = "serde_json::Value"));
        let attribute = serde([Some(form), read]);
        let name = ident(&emitted.name);
        let lints = lints(emitted, union);
        let mut variants = Vec::new();
        for (key, choice) in &union.choices {
            let rust = emitted.members.get(key).cloned().unwrap_or_default();
            let rename = union.tag.as_ref().filter(|_| *key != rust);
            let rename = rename.map(|_| quote!(#[serde(rename = #key)]));
            let doc = match &union.tag {
                Some(tag) => format!("Where `{}` is `{}`.", docs::code(tag), docs::code(key)),
                None => format!("Where it is {}.", form_of(key)),
            };
            let doc = docs::attributes(&[doc]);
            let ty = self.held(choice, &Hint::new("", ""), symbols);
            let rust = ident(&rust);
            variants.push(quote!(#doc #rename #rust(#ty)));
        }
        let item = quote!(#doc #derives #attribute #lints pub enum #name { #(#variants),* });
        let read = emitted.decoded.then(|| reading(emitted, union, symbols));
        std::iter::once(item).chain(read).collect()
    }
}

/// `impl TryFrom<Value>`.
fn reading(emitted: &Emitted, union: &UnionType, symbols: &mut Symbols) -> TokenStream {
    let types = symbols.import("flowcrate::types");
    let value = symbols.import("serde_json::Value");
    let name = ident(&emitted.name);
    let variant = |key: &String| ident(emitted.members.get(key).map_or("", String::as_str));
    let body = if let Some(tag) = &union.tag {
        let tags = union.choices.keys();
        let last = union.choices.len().saturating_sub(1);
        let arms = union.choices.keys().enumerate().map(|(at, key)| {
            let variant = variant(key);
            let text = if at == last { quote!(_) } else { quote!(#key) };
            quote!(#text => #types::decode(&rest).map(Self::#variant))
        });
        quote! {
            let (tag, rest) = #types::split_tag(&value, #tag, &[#(#tags),*])?;
            match tag.as_str() { #(#arms),* }
        }
    } else {
        let arms = union.choices.keys().map(|key| {
            let (variant, form) = (variant(key), ident(value_of(key)));
            quote!(#value::#form(_) => #types::decode(&value).map(Self::#variant))
        });
        let forms = union.forms();
        quote! {
            match &value {
                #(#arms,)*
                other => Err(#types::ProjectError::new(#forms, other)),
            }
        }
    };
    quote! {
        impl TryFrom<#value> for #name {
            type Error = #types::ProjectError;

            fn try_from(value: #value) -> Result<Self, Self::Error> {
                #body
            }
        }
    }
}

/// What clippy would have otherwise.
fn lints(emitted: &Emitted, union: &UnionType) -> TokenStream {
    let words = has_common_words(&emitted.name, emitted.members.values())
        .then(|| quote!(#[allow(clippy::enum_variant_names, reason = "the schema names them")]));
    let reason = "the schema's choices differ in size";
    let sizes = union.choices.values().map(|ty| size(ty, !super::is_held_boxed(ty)));
    let uneven = uneven_variants(sizes, reason);
    quote!(#words #uneven)
}

/// What clippy would have otherwise of an enum whose variants are about as large as this. Whoever
/// makes or reads a value writes it as the graph has it, without a `Box` for the size of another.
pub(crate) fn uneven_variants(
    sizes: impl IntoIterator<Item = usize>,
    reason: &str,
) -> Option<TokenStream> {
    let sizes: Vec<usize> = sizes.into_iter().collect();
    let (most, least) = (sizes.iter().max()?, sizes.iter().min()?);
    (most - least > LARGE).then(|| quote!(#[allow(clippy::large_enum_variant, reason = #reason)]))
}

/// About how many bytes a value takes. `unfolds`: what holds values of itself does so in a `Box`.
pub(crate) fn size(ty: &Type, unfolds: bool) -> usize {
    match ty {
        Type::Null | Type::Bool | Type::Enum(_) => 1,
        Type::Recursive(_) if unfolds => size(&ty.unfolded(), false),
        Type::Int | Type::Number | Type::Timestamp | Type::Recursive(_) | Type::Own { .. } => 8,
        Type::Duration => 16,
        Type::String | Type::Bytes | Type::List { .. } | Type::Map { .. } => 24,
        Type::Any => 72,
        Type::Optional { some } => size(some, unfolds) + 8,
        Type::Union(union) => {
            8 + union.choices.values().map(|ty| size(ty, unfolds)).max().unwrap_or_default()
        }
        Type::Record(_) | Type::Tuple { .. } => {
            ty.parts().into_iter().map(|ty| size(ty, unfolds)).sum()
        }
    }
}

fn form_of(key: &str) -> &'static str {
    match key {
        "bool" => "`true` or `false`",
        "list" => "a list",
        "number" => "a number",
        "object" => "an object",
        _ => "text",
    }
}

fn value_of(key: &str) -> &'static str {
    match key {
        "bool" => "Bool",
        "list" => "Array",
        "number" => "Number",
        "object" => "Object",
        _ => "String",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_that_clippy_finds_uneven() {
        let uneven = |sizes: &[usize]| uneven_variants(sizes.iter().copied(), "").is_some();
        assert!(uneven(&[8, 169]) && uneven(&[500, 8]));
        assert!(!uneven(&[8, 168]) && !uneven(&[600, 500]) && !uneven(&[]));
    }

    #[test]
    fn sizes_are_about_those_of_rust() {
        let record = Type::record([
            ("a".to_owned(), Type::Int.optional()),
            ("b".to_owned(), Type::String),
            ("c".to_owned(), Type::tuple([Type::Bool, Type::Duration])),
        ]);
        assert_eq!(size(&record, true), 16 + 24 + 17);
        let link = serde_json::json!({ "type": "object", "required": ["value"], "properties": {
            "value": { "type": "integer" }, "next": { "$ref": "#" } } });
        let link = crate::schema::from_schema(&link).unwrap().ty;
        assert_eq!((size(&link, true), size(&link, false)), (24, 8));
    }
}

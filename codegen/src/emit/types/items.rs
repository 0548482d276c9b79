//! The structs and enums of `types.rs`.

use std::collections::BTreeMap;

use flowcrate::types::{RecordType, Type};
use proc_macro2::TokenStream;
use quote::quote;

use super::super::docs;
use super::super::names::ident;
use super::super::print::Items;
use super::super::symbols::Symbols;
use super::{Emitted, Hint, Types};

impl Types {
    /// Prints all items, each type right before what it holds.
    pub(crate) fn print(&mut self, symbols: &mut Symbols, items: &mut Items) {
        for place in 0..self.emitted.len() {
            let Some(emitted) = self.emitted.get(place).cloned() else { continue };
            match emitted.ty.unfolded().as_ref() {
                Type::Record(record) => items.push(self.structure(&emitted, record, symbols)),
                Type::Enum(texts) => items.push(enumeration(&emitted, &texts.values, symbols)),
                Type::Union(union) => {
                    items.extend(self.union(&emitted, union, symbols));
                    items.extend(self.accessor_items(place, &emitted, union, symbols));
                }
                _ => {}
            }
            items.extend(self.alias_items(place, symbols));
        }
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        self.emitted.is_empty()
    }

    fn structure(
        &mut self,
        emitted: &Emitted,
        record: &RecordType,
        symbols: &mut Symbols,
    ) -> TokenStream {
        let doc = docs::attributes(std::slice::from_ref(&emitted.doc));
        let derives = derives(emitted, symbols, false);
        let rename_all = rename_all(&emitted.members, &FIELD_RULES);
        let rule = rename_all.map(|(rule, _)| quote!(rename_all = #rule));
        let closed = (record.closed && emitted.decoded).then(|| quote!(deny_unknown_fields));
        let attribute = serde([rule, closed]);
        let name = ident(&emitted.name);
        let mut lines = Vec::new();
        for (key, field) in &record.fields {
            let rust = emitted.members.get(key).cloned().unwrap_or_default();
            let renamed = rename_all.map_or(key != &rust, |(_, apply)| apply(&rust) != *key);
            let mut options = Vec::new();
            if renamed {
                options.push(quote!(rename = #key));
            }
            match &field.ty {
                Type::Optional { .. } => {
                    options.push(quote!(skip_serializing_if = "Option::is_none"));
                }
                Type::Any => {
                    if emitted.decoded {
                        options.push(quote!(default));
                    }
                    options.push(quote!(skip_serializing_if = "Value::is_null"));
                }
                Type::Null if emitted.decoded => options.push(quote!(default, skip_serializing)),
                Type::Null => options.push(quote!(skip)),
                _ => {}
            }
            let options = (!options.is_empty()).then(|| quote!(#[serde(#(#options),*)]));
            let doc = field.doc.as_deref().map(|doc| docs::attributes(&[docs::sentence(doc)]));
            let ty = self.rust(field.ty.some(), &Hint::new("", ""), symbols);
            let ty = if self.is_boxed(&emitted.ty, key) { quote!(Box<#ty>) } else { ty };
            let optional = matches!(field.ty, Type::Optional { .. });
            let ty = if optional { quote!(Option<#ty>) } else { ty };
            let rust = ident(&rust);
            lines.push(quote!(#doc #options pub #rust: #ty));
        }
        quote!(#doc #derives #attribute pub struct #name { #(#lines),* })
    }
}

/// The attribute of these options, if there are any.
pub(super) fn serde(options: impl IntoIterator<Item = Option<TokenStream>>) -> Option<TokenStream> {
    let options: Vec<TokenStream> = options.into_iter().flatten().collect();
    (!options.is_empty()).then(|| quote!(#[serde(#(#options),*)]))
}

pub(super) fn derives(emitted: &Emitted, symbols: &mut Symbols, copy: bool) -> TokenStream {
    let serialize = symbols.import("serde::Serialize");
    let copy = copy.then(|| quote!(Copy,));
    let compare = (emitted.compared || emitted.decoded).then(|| quote!(PartialEq,));
    let eq = (copy.is_some() && compare.is_some()).then(|| quote!(Eq,));
    let deserialize = emitted.decoded.then(|| symbols.import("serde::Deserialize"));
    let deserialize = deserialize.map(|name| quote!(, #name));
    quote!(#[derive(Clone, #copy Debug, #compare #eq #serialize #deserialize)])
}

fn enumeration(emitted: &Emitted, values: &[String], symbols: &mut Symbols) -> TokenStream {
    let doc = docs::attributes(std::slice::from_ref(&emitted.doc));
    let derives = derives(emitted, symbols, true);
    let rename_all = rename_all(&emitted.members, &VARIANT_RULES);
    let attribute = rename_all.map(|(rule, _)| quote!(#[serde(rename_all = #rule)]));
    let name = ident(&emitted.name);
    let lint = has_common_words(&emitted.name, emitted.members.values())
        .then(|| quote!(#[allow(clippy::enum_variant_names, reason = "the schema names them")]));
    let variants = values.iter().map(|text| {
        let rust = emitted.members.get(text).cloned().unwrap_or_default();
        let renamed = rename_all.map_or(*text != rust, |(_, apply)| apply(&rust) != *text);
        let rename = renamed.then(|| quote!(#[serde(rename = #text)]));
        let shown = docs::code(text);
        let what = if shown.is_empty() {
            "Text that shows nothing.".to_owned()
        } else {
            format!("`{shown}`.")
        };
        let doc = docs::attributes(&[what]);
        let rust = ident(&rust);
        quote!(#doc #rename #rust)
    });
    quote!(#doc #derives #attribute #lint pub enum #name { #(#variants),* })
}

/// A serde rule: its name, and what it makes of a Rust name.
type Rule = (&'static str, fn(&str) -> String);

const FIELD_RULES: [Rule; 2] =
    [("camelCase", camel), ("kebab-case", |name| name.replace('_', "-"))];

const VARIANT_RULES: [Rule; 4] = [
    ("snake_case", |name| separated(name, '_')),
    ("lowercase", str::to_ascii_lowercase),
    ("SCREAMING_SNAKE_CASE", |name| separated(name, '_').to_ascii_uppercase()),
    ("kebab-case", |name| separated(name, '-')),
];

/// The name in JSON of a field that serde renames by this rule.
pub(crate) fn field_name(rust: &str, rule: Option<&str>) -> String {
    applied(&FIELD_RULES, rust, rule)
}

/// The same of a variant.
pub(crate) fn variant_name(rust: &str, rule: Option<&str>) -> String {
    applied(&VARIANT_RULES, rust, rule)
}

fn applied(rules: &[Rule], rust: &str, rule: Option<&str>) -> String {
    let rule = rules.iter().find(|(name, _)| Some(*name) == rule);
    rule.map_or_else(|| rust.to_owned(), |(_, apply)| apply(rust))
}

/// The first rule that spares most of at least two renames.
fn rename_all(members: &BTreeMap<String, String>, rules: &[Rule]) -> Option<Rule> {
    let plain = members.iter().filter(|(text, rust)| text == rust).count();
    let (rule, spared) = rules
        .iter()
        .map(|rule| (*rule, members.iter().filter(|(text, rust)| rule.1(rust) == **text).count()))
        .rev()
        .max_by_key(|(_, spared)| *spared)?;
    (spared > plain + 1 || (spared == members.len() && plain < spared)).then_some(rule)
}

/// serde's camelCase of a snake-case name.
fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            out.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// serde's words of an upper-camel-case name.
fn separated(name: &str, separator: char) -> String {
    let mut out = String::new();
    for (place, c) in name.char_indices() {
        if place > 0 && c.is_ascii_uppercase() {
            out.push(separator);
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Whether clippy's `enum_variant_names` might speak up: all variants share a first or last word.
pub(super) fn has_common_words<'a>(name: &str, variants: impl Iterator<Item = &'a String>) -> bool {
    let words: Vec<Vec<String>> = variants
        .map(|variant| separated(variant, ' ').split(' ').map(str::to_owned).collect())
        .collect();
    let same = |pick: fn(&[String]) -> Option<&String>| {
        words.first().is_some_and(|first| words.iter().all(|other| pick(other) == pick(first)))
    };
    let own = separated(name, ' ');
    words.len() > 2 && (same(<[String]>::first) || same(<[String]>::last))
        || words.iter().any(|words| {
            let text = words.join(" ");
            text.starts_with(&own) || text.ends_with(&own)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_serdes() {
        assert_eq!(camel("total_cents"), "totalCents");
        assert_eq!(separated("InStock2", '_'), "in_stock2");
        assert_eq!(field_name("total_cents", Some("camelCase")), "totalCents");
        assert_eq!(field_name("total_cents", Some("kebab-case")), "total-cents");
        assert_eq!(field_name("total_cents", None), "total_cents");
        assert_eq!(variant_name("InStock", Some("SCREAMING_SNAKE_CASE")), "IN_STOCK");
        assert_eq!(variant_name("InStock", Some("camelCase")), "InStock");
    }

    #[test]
    fn words_that_clippy_would_not_have() {
        let common = |name: &str, variants: &[&str]| {
            let variants: Vec<String> = variants.iter().map(ToString::to_string).collect();
            has_common_words(name, variants.iter())
        };
        assert!(common("Level", &["CardA", "CardB", "CardC"]));
        assert!(common("Level", &["OldCard", "NewCard", "Card"]));
        assert!(!common("Level", &["CardA", "CardB"]));
        assert!(!common("Level", &["CardA", "CardB", "Other"]));
        assert!(common("Card", &["CardA", "Other"]));
        assert!(common("Card", &["OldCard", "Other"]));
        assert!(!common("Card", &["OldCards", "NoCardAtAll"]));
    }
}

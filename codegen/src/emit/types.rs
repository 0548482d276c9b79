//! Types of the language as Rust types: one struct or enum per structure, serde names kept.

mod accessors;
mod aliases;
mod boxes;
mod items;
mod unions;

pub(crate) use boxes::is_held_boxed;
pub(crate) use items::{field_name, variant_name};
pub(crate) use unions::{size, uneven_variants};

use std::collections::BTreeMap;

use flowcrate::types::{EnumType, RecordType, Type};
use proc_macro2::TokenStream;
use quote::quote;

use super::names::{Allocator, ident, pascal, snake};
use super::symbols::Symbols;
use crate::check::NodeId;

/// Where a type comes from: a name for it, and a sentence about it.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    /// In upper camel case.
    pub(crate) name: String,
    /// Markdown.
    pub(crate) doc: String,
}

impl Hint {
    /// A name and a sentence.
    pub(crate) fn new(name: impl Into<String>, doc: impl Into<String>) -> Self {
        Self { name: name.into(), doc: doc.into() }
    }
}

/// A record or enum of the language as a Rust type.
#[derive(Clone, Debug)]
enum Known {
    /// A type of another crate: its module, its name, the type that it is generic over.
    Outside { module: String, name: String, generic: Option<Type> },
    /// A type that `types.rs` defines, by its place in [`Types::emitted`].
    Emitted(usize),
}

/// A type that `types.rs` defines.
#[derive(Clone, Debug)]
pub(crate) struct Emitted {
    pub(crate) name: String,
    ty: Type,
    doc: String,
    /// Whether something reads it from JSON.
    decoded: bool,
    /// Whether something compares it.
    compared: bool,
    /// Rust names of the fields or variants, by their names in JSON.
    members: BTreeMap<String, String>,
}

/// All records and enums of a crate.
#[derive(Debug, Default)]
pub(crate) struct Types {
    known: BTreeMap<Type, Known>,
    /// Inputs of custom nodes: each has a struct of its own, whatever its structure, so that an
    /// edit of one node changes no other's.
    inputs: BTreeMap<NodeId, usize>,
    /// Names of custom nodes' outputs that are called after something else.
    outputs: BTreeMap<NodeId, String>,
    /// Other names of types, by the type's place in [`Types::emitted`].
    aliases: BTreeMap<usize, Vec<aliases::Alias>>,
    /// The methods of unions, by the union's place in [`Types::emitted`] and the field's name.
    accessors: BTreeMap<usize, BTreeMap<String, accessors::Accessor>>,
    /// What types are called that no field is of.
    suggested: BTreeMap<Type, Hint>,
    emitted: Vec<Emitted>,
    names: Option<Allocator>,
}

impl Types {
    /// No types yet, and names that none may take: the workflows' structs and inputs.
    pub(crate) fn reserving(reserved: impl IntoIterator<Item = String>) -> Self {
        let mut names = Allocator::types();
        for name in reserved {
            names.allocate(&name, "");
        }
        Self { names: Some(names), ..Self::default() }
    }

    /// Forgets which types are those of single nodes: the next workflow has nodes of the same ids.
    pub(crate) fn next_workflow(&mut self) {
        self.inputs.clear();
        self.outputs.clear();
    }

    /// The record of `errors.<id>`: a `flowcrate::Failure`.
    pub(crate) fn failure() -> Type {
        Type::record([
            ("attempts".to_owned(), Type::Int),
            ("code".to_owned(), Type::String),
            ("message".to_owned(), Type::String),
            ("path".to_owned(), Type::String),
        ])
    }

    /// Says that this structure is a type of another crate, and so are the named ones within.
    pub(crate) fn outside(&mut self, ty: &Type, module: &str, name: &str, generic: Option<&Type>) {
        let known = Known::Outside {
            module: module.to_owned(),
            name: name.to_owned(),
            generic: generic.cloned(),
        };
        self.known.entry(ty.clone()).or_insert(known);
    }

    /// The same for the named records and enums within a plugin's type.
    pub(crate) fn outside_within(&mut self, ty: &Type, module: &str) {
        match ty {
            Type::Record(record) => {
                for field in record.fields.values() {
                    if let Some(name) = named(&field.ty) {
                        self.outside(&bare(&field.ty), module, &name, None);
                    }
                    self.outside_within(&field.ty, module);
                }
            }
            Type::List { items: inner }
            | Type::Map { values: inner }
            | Type::Optional { some: inner } => {
                if let Some(name) = named(inner) {
                    self.outside(&bare(inner), module, &name, None);
                }
                self.outside_within(inner, module);
            }
            _ => {}
        }
    }

    /// The Rust type. A record or enum that has none yet gets one, named after its own name or the
    /// hint.
    pub(crate) fn rust(&mut self, ty: &Type, hint: &Hint, symbols: &mut Symbols) -> TokenStream {
        match ty {
            Type::Null => quote!(()),
            Type::Bool => quote!(bool),
            Type::Int => quote!(i64),
            Type::Number => quote!(f64),
            Type::String => quote!(String),
            Type::Timestamp => imported(symbols, "flowcrate::Timestamp"),
            Type::Duration => symbols.duration(),
            Type::Bytes => imported(symbols, "flowcrate::Bytes"),
            // `Own` stands within a recursive type only, which is unfolded.
            Type::Any | Type::Own { .. } => imported(symbols, "serde_json::Value"),
            Type::List { items } => {
                let hint = Hint::new(singular(&hint.name), one_of(&hint.doc));
                let items = self.rust(items, &hint, symbols);
                quote!(Vec<#items>)
            }
            Type::Map { values } => {
                let hint = Hint::new(singular(&hint.name), one_of(&hint.doc));
                let values = self.rust(values, &hint, symbols);
                let map = imported(symbols, "std::collections::BTreeMap");
                quote!(#map<String, #values>)
            }
            Type::Optional { some } => {
                let some = self.rust(some, hint, symbols);
                quote!(Option<#some>)
            }
            Type::Tuple { items } => {
                let items: Vec<_> =
                    items.iter().map(|item| self.held(item, hint, symbols)).collect();
                quote!((#(#items,)*))
            }
            Type::Record(_) | Type::Enum(_) | Type::Union(_) | Type::Recursive(_) => {
                self.named(ty, hint, symbols)
            }
        }
    }

    /// The Rust type of a part of a tuple or union, which is boxed where it may hold the whole.
    fn held(&mut self, ty: &Type, hint: &Hint, symbols: &mut Symbols) -> TokenStream {
        let rust = self.rust(ty, hint, symbols);
        if boxes::is_held_boxed(ty) { quote!(Box<#rust>) } else { rust }
    }

    /// The path of a record's or enum's Rust type without generic arguments, for literals.
    pub(crate) fn path(&mut self, ty: &Type, hint: &Hint, symbols: &mut Symbols) -> TokenStream {
        match self.known(ty, hint) {
            Known::Outside { module, name, .. } => outside_path(&module, &name, symbols),
            Known::Emitted(place) => self.emitted_path(place, symbols),
        }
    }

    /// Gives the input of a custom node its struct.
    pub(crate) fn name_input(&mut self, id: &NodeId, ty: &Type, hint: &Hint) {
        if matches!(ty, Type::Record(_)) {
            let place = self.emit(ty, &hint.name, &hint.doc);
            self.inputs.insert(id.clone(), place);
            // A fork reads the input that it gives a step (R20).
            if let Some(emitted) = self.emitted.get_mut(place) {
                emitted.decoded = true;
            }
            if let Type::Record(record) = ty {
                for field in record.fields.values() {
                    self.decode(&field.ty);
                }
            }
        }
    }

    /// The struct of a custom node's input, if it has one.
    pub(crate) fn input(&self, id: &NodeId, symbols: &mut Symbols) -> Option<TokenStream> {
        let place = self.inputs.get(id)?;
        Some(self.emitted_path(*place, symbols))
    }

    /// The Rust name of a field of a custom node's input.
    pub(crate) fn input_field(&self, id: &NodeId, field: &str) -> String {
        let place = self.inputs.get(id).and_then(|place| self.emitted.get(*place));
        let name = place.and_then(|emitted| emitted.members.get(field).cloned());
        name.unwrap_or_else(|| snake(field, "field"))
    }

    fn named(&mut self, ty: &Type, hint: &Hint, symbols: &mut Symbols) -> TokenStream {
        match self.known(ty, hint) {
            Known::Outside { module, name, generic } => {
                let path = outside_path(&module, &name, symbols);
                match generic {
                    Some(generic) => {
                        let inner = Hint::new(hint.name.clone() + "Body", hint.doc.clone());
                        let generic = self.rust(&generic, &inner, symbols);
                        quote!(#path<#generic>)
                    }
                    None => path,
                }
            }
            Known::Emitted(place) => self.emitted_path(place, symbols),
        }
    }

    fn emitted_path(&self, place: usize, symbols: &mut Symbols) -> TokenStream {
        let name = self.emitted.get(place).map_or("", |emitted| emitted.name.as_str());
        let name = symbols.import_type(name);
        quote!(#name)
    }

    fn known(&mut self, ty: &Type, hint: &Hint) -> Known {
        if let Some(known) = self.known.get(ty) {
            return known.clone();
        }
        let suggested = self.suggested.get(ty).cloned();
        let hint = suggested.as_ref().unwrap_or(hint);
        let wanted = named(ty).map_or_else(|| hint.name.clone(), |name| pascal(&name, "Data"));
        let known = Known::Emitted(self.emitted.len());
        self.known.insert(ty.clone(), known.clone());
        self.emit(ty, &wanted, &hint.doc);
        known
    }

    /// Defines a type, and those within it.
    fn emit(&mut self, ty: &Type, wanted: &str, doc: &str) -> usize {
        let name = self.names.get_or_insert_with(Allocator::types).allocate(wanted, "Data");
        let place = self.emitted.len();
        self.emitted.push(Emitted {
            members: members(ty),
            name: name.clone(),
            ty: ty.clone(),
            doc: doc.to_owned(),
            decoded: false,
            compared: false,
        });
        // What it holds stands right behind it.
        match ty.unfolded().as_ref() {
            Type::Record(record) => {
                for (field, inner) in &record.fields {
                    let inner_hint = Hint::new(
                        format!("{name}{}", pascal(field, "Field")),
                        format!("Field `{}` of [`{name}`].", super::docs::code(field)),
                    );
                    self.rust(&inner.ty, &inner_hint, &mut Symbols::default());
                }
            }
            Type::Union(union) => {
                self.suggest_tag(union, &name);
                for (key, choice) in &union.choices {
                    let variant = self.variant(ty, key);
                    let doc = format!("What [`{name}::{variant}`] holds.");
                    let hint = Hint::new(format!("{name}{variant}"), doc);
                    self.rust(choice, &hint, &mut Symbols::default());
                }
            }
            _ => {}
        }
        place
    }

    /// The Rust name of a record's field.
    pub(crate) fn field(&self, record: &Type, field: &str) -> String {
        match self.known.get(record) {
            Some(Known::Emitted(place)) => self
                .emitted
                .get(*place)
                .and_then(|emitted| emitted.members.get(field).cloned())
                .unwrap_or_else(|| snake(field, "field")),
            // Fields of plugins' structs are written in Rust: raw where they are keywords.
            Some(Known::Outside { .. }) | None => snake(field, "field"),
        }
    }

    /// The Rust name of an enum's variant, by its text, or of a union's, by its key.
    pub(crate) fn variant(&self, ty: &Type, text: &str) -> String {
        match self.known.get(ty) {
            Some(Known::Emitted(place)) => self
                .emitted
                .get(*place)
                .and_then(|emitted| emitted.members.get(text).cloned())
                .unwrap_or_else(|| pascal(text, "Value")),
            Some(Known::Outside { .. }) | None => pascal(text, "Value"),
        }
    }

    /// Whether the record's Rust type is another crate's, so that fields may be left to its
    /// `Default`.
    pub(crate) fn is_outside(&self, ty: &Type) -> bool {
        matches!(self.known.get(ty), Some(Known::Outside { .. }))
    }

    /// Notes that values of this type are read from JSON.
    pub(crate) fn decode(&mut self, ty: &Type) {
        self.mark(ty, &|emitted| std::mem::replace(&mut emitted.decoded, true));
    }

    /// Notes that values of this type are compared.
    pub(crate) fn compare(&mut self, ty: &Type) {
        self.mark(ty, &|emitted| std::mem::replace(&mut emitted.compared, true));
    }

    fn mark(&mut self, ty: &Type, mark: &dyn Fn(&mut Emitted) -> bool) {
        match ty {
            Type::List { items: inner }
            | Type::Map { values: inner }
            | Type::Optional { some: inner } => self.mark(inner, mark),
            Type::Tuple { items } => items.iter().for_each(|item| self.mark(item, mark)),
            Type::Record(_) | Type::Enum(_) | Type::Union(_) | Type::Recursive(_) => {
                let place = match self.known.get(ty) {
                    Some(Known::Emitted(place)) => Some(*place),
                    Some(Known::Outside { generic: Some(generic), .. }) => {
                        let generic = generic.clone();
                        return self.mark(&generic, mark);
                    }
                    Some(Known::Outside { .. }) | None => None,
                };
                let done = place.and_then(|place| self.emitted.get_mut(place)).is_none_or(mark);
                if !done {
                    ty.unfolded().parts().into_iter().for_each(|part| self.mark(part, mark));
                }
            }
            _ => {}
        }
    }
}

fn imported(symbols: &mut Symbols, path: &str) -> TokenStream {
    let name = symbols.import(path);
    quote!(#name)
}

/// `http::Request`, the module imported; an item at a crate's root is imported itself.
fn outside_path(module: &str, name: &str, symbols: &mut Symbols) -> TokenStream {
    if module.contains("::") {
        let module = symbols.import(module);
        let name = ident(name);
        quote!(#module::#name)
    } else {
        imported(symbols, &format!("{module}::{name}"))
    }
}

fn bare(ty: &Type) -> Type {
    match ty {
        Type::Optional { some: inner } => bare(inner),
        other => other.clone(),
    }
}

fn named(ty: &Type) -> Option<String> {
    match ty {
        Type::Record(record) => record.name.clone(),
        Type::Enum(texts) => texts.name.clone(),
        Type::Union(union) => union.name.clone(),
        Type::Recursive(_) => named(&ty.unfolded()),
        Type::Optional { some } => named(some),
        _ => None,
    }
}

/// A sentence about a list as one about its items.
fn one_of(doc: &str) -> String {
    match doc.strip_prefix("Field ") {
        Some(rest) => format!("One of {rest}"),
        None => format!("One item. {doc}"),
    }
}

/// `Lines` as the name of one of them.
fn singular(name: &str) -> String {
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => match name.strip_suffix('s') {
            Some(stem) if !stem.ends_with('s') && stem.len() > 2 => stem.to_owned(),
            _ => format!("{name}Item"),
        },
    }
}

fn members(ty: &Type) -> BTreeMap<String, String> {
    let mut names = Allocator::default();
    match ty.unfolded().as_ref() {
        Type::Union(union) => unions::variants(union, &mut names),
        Type::Record(record) => {
            let RecordType { fields, .. } = record.as_ref();
            fields
                .keys()
                .map(|key| (key.clone(), names.allocate(&snake(key, "field"), "_")))
                .collect()
        }
        Type::Enum(texts) => {
            let EnumType { values, .. } = texts.as_ref();
            let variant =
                |text: &String| (text.clone(), names.allocate(&pascal(text, "Value"), ""));
            values.iter().map(variant).collect()
        }
        _ => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_after_many_its_items_after_one() {
        let names = [
            ("Lines", "Line"),
            ("Entries", "Entry"),
            ("Address", "AddressItem"),
            ("Gas", "GasItem"),
            ("Cars", "Car"),
            ("Stock", "StockItem"),
        ];
        for (many, one) in names {
            assert_eq!(singular(many), one);
        }
    }

    #[test]
    fn what_a_plugins_types_hold_is_the_plugins_too() {
        let method = |name: &str| {
            // Types with the same values are one.
            let values = vec![name.to_owned()];
            Type::Enum(EnumType { name: Some(name.to_owned()), values }.into())
        };
        let all: Vec<Type> = ["A", "B", "C", "D"].map(method).into();
        let output = Type::record([
            ("list".to_owned(), Type::list(all[0].clone())),
            ("map".to_owned(), Type::map(all[1].clone()).optional()),
            ("maybe".to_owned(), all[2].clone().optional()),
            ("one".to_owned(), all[3].clone()),
        ]);
        let mut types = Types::default();
        types.outside_within(&output, "flowcrate_plugins::http");
        for ty in &all {
            assert!(types.is_outside(ty), "{ty}");
        }
    }
}

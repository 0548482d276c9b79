//! Types of a published crate: made so that more of them is no break.
//!
//! Other programs construct and match them. `#[non_exhaustive]` leaves room for fields and
//! variants; a module `new` has, for each struct
//! that others give, one with nothing but what must be given, written
//! out by name, so that a new field that must be given is seen by the compiler, and one that may be
//! left out is not.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Field, Fields, Ident, Item, ItemStruct, ItemUse, Path, Type, parse_quote};

use crate::emit::print;

/// The types with room for more; and the module `new`, if there is a struct that others give. The
/// `named` ones are public.
pub(super) fn stable(
    types: &str,
    named: &BTreeSet<String>,
    given: &BTreeSet<String>,
) -> (String, Option<String>) {
    let mut text = String::with_capacity(types.len());
    let mut is_public = true;
    for line in types.lines() {
        if let Some(item) = ["pub struct ", "pub enum "].iter().find_map(|i| line.strip_prefix(i)) {
            text.push_str("#[non_exhaustive]\n");
            is_public = item.split([' ', ';']).next().is_some_and(|name| named.contains(name));
        }
        // Of a type of its own steps nobody reads what is nothing.
        if !is_public && line == "    #[serde(skip)]" {
            text.push_str("    #[allow(dead_code, reason = \"it holds nothing\")]\n");
        }
        // What reads a part of a choice is there where the workflow reads it, and goes with that.
        match line.strip_prefix("    pub fn ") {
            Some(reader) => text.extend(["    pub(crate) fn ", reader]),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    (text, constructors(types, given))
}

/// Whether there is a struct to construct.
pub(super) fn has_structs(types: &str, given: &BTreeSet<String>) -> bool {
    given.iter().any(|name| types.contains(&format!("\npub struct {name} {{")))
}

fn constructors(types: &str, given: &BTreeSet<String>) -> Option<String> {
    let items = syn::parse_file(types).map(|file| file.items).unwrap_or_default();
    let defined: BTreeSet<String> = items.iter().filter_map(name).collect();
    let structs = items.iter().filter_map(|item| match item {
        Item::Struct(item) if given.contains(&item.ident.to_string()) => Some(item),
        _ => None,
    });
    let mut printed: Vec<TokenStream> =
        structs.flat_map(|item| constructor(item, &defined)).collect();
    if printed.is_empty() {
        return None;
    }
    // Here `types` are the crate's; fields are of none that the runtime's module of that name has.
    let mut mentioned = words(&printed);
    mentioned.remove("types");
    let imports = items.iter().filter_map(|item| match item {
        Item::Use(item) => import(item, &mentioned),
        _ => None,
    });
    let mut uses: Vec<TokenStream> = imports.collect();
    uses.push(quote!(
        use super::types;
    ));
    printed.insert(0, quote!(#(#uses)*));
    let docs = "//! What each struct cannot be without: `.into()` makes it one, with nothing else \
                given.\n";
    Some(print::file(docs, printed))
}

fn name(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn words(tokens: &[TokenStream]) -> BTreeSet<String> {
    let text = tokens.iter().map(TokenStream::to_string).collect::<Vec<_>>().join(" ");
    text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
}

/// The import, where something is left of it.
fn import(item: &ItemUse, mentioned: &BTreeSet<String>) -> Option<TokenStream> {
    let tree = kept(&item.tree, mentioned)?;
    Some(quote!(use #tree;))
}

fn kept(tree: &syn::UseTree, mentioned: &BTreeSet<String>) -> Option<TokenStream> {
    match tree {
        syn::UseTree::Path(path) => {
            let (ident, rest) = (&path.ident, kept(&path.tree, mentioned)?);
            Some(quote!(#ident::#rest))
        }
        syn::UseTree::Group(group) => {
            let kept: Vec<TokenStream> =
                group.items.iter().filter_map(|tree| kept(tree, mentioned)).collect();
            match kept.as_slice() {
                [] => None,
                [one] => Some(one.clone()),
                all => Some(quote!({ #(#all),* })),
            }
        }
        syn::UseTree::Name(name) => {
            mentioned.contains(&name.ident.to_string()).then(|| name.to_token_stream())
        }
        syn::UseTree::Rename(name) => {
            mentioned.contains(&name.rename.to_string()).then(|| name.to_token_stream())
        }
        syn::UseTree::Glob(_) => None,
    }
}

/// The struct with what must be given, how it becomes the whole one, and how that is added to.
fn constructor(item: &ItemStruct, defined: &BTreeSet<String>) -> Vec<TokenStream> {
    let Fields::Named(named) = &item.fields else { return Vec::new() };
    let mut qualify = Qualify { defined };
    let fields: Vec<Field> = named
        .named
        .iter()
        .map(|field| {
            let mut field = field.clone();
            field.attrs.retain(is_doc);
            qualify.visit_type_mut(&mut field.ty);
            field
        })
        .collect();
    let ident = &item.ident;
    let needed: Vec<&Field> =
        fields.iter().filter(|field| sort(&field.ty) == Sort::Given).collect();
    let values = fields.iter().map(|field| {
        let name = field.ident.as_ref();
        match sort(&field.ty) {
            Sort::Given => quote!(#name: given.#name),
            Sort::Optional => quote!(#name: None),
            Sort::Unit => quote!(#name: ()),
        }
    });
    let given = if needed.is_empty() { format_ident!("_") } else { format_ident!("given") };
    let doc = format!(" What [`{ident}`](types::{ident}) cannot be without.");
    let body = if needed.is_empty() { quote!({}) } else { quote!({ #(#needed),* }) };
    let parameter = if needed.is_empty() { quote!(_: #ident) } else { quote!(#given: #ident) };
    vec![
        quote! {
            #[doc = #doc]
            #[derive(Clone, Debug)]
            pub struct #ident #body
        },
        quote! {
            impl From<#ident> for types::#ident {
                fn from(#parameter) -> Self {
                    Self { #(#values),* }
                }
            }
        },
    ]
    .into_iter()
    .chain(setters(ident, &fields))
    .collect()
}

/// `with_note(…)` for each field that may be left out.
fn setters(ident: &Ident, fields: &[Field]) -> Option<TokenStream> {
    let setters: Vec<TokenStream> = fields
        .iter()
        .filter_map(|field| {
            let (name, inner) = (field.ident.as_ref()?, optional(&field.ty)?);
            let text = name.to_string();
            let method = format_ident!("with_{}", text.trim_start_matches("r#"));
            let doc = format!(" With its `{text}`.");
            Some(quote! {
                #[doc = #doc]
                #[must_use]
                pub fn #method(mut self, value: #inner) -> Self {
                    self.#name = Some(value);
                    self
                }
            })
        })
        .collect();
    (!setters.is_empty()).then(|| quote!(impl types::#ident { #(#setters)* }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// It must be given.
    Given,
    /// It may be left out.
    Optional,
    /// It is nothing.
    Unit,
}

fn sort(ty: &Type) -> Sort {
    match ty {
        Type::Tuple(tuple) if tuple.elems.is_empty() => Sort::Unit,
        ty if optional(ty).is_some() => Sort::Optional,
        _ => Sort::Given,
    }
}

/// What an `Option` is of.
fn optional(ty: &Type) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) => Some(inner.clone()),
        _ => None,
    }
}

fn is_doc(attribute: &Attribute) -> bool {
    attribute.path().is_ident("doc")
}

/// Says of the crate's types that they are those of `types`: here their names mean others.
struct Qualify<'a> {
    defined: &'a BTreeSet<String>,
}

impl VisitMut for Qualify<'_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        if let Some(ident) = path.get_ident()
            && self.defined.contains(&ident.to_string())
        {
            *path = parse_quote!(types::#ident);
        }
    }
}

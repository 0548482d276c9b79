//! Fields and what `serde` says of them.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprLit, Field, Lit, Meta};

use crate::errors::Errors;
use crate::signature::is_named;

/// `rename_all`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const CASES: [(&str, Case); 8] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    /// The name of a variant, `NotFound`, as serde writes it.
    pub(super) fn of_variant(self, name: &str) -> String {
        let mut snake = String::new();
        for (at, c) in name.chars().enumerate() {
            if at > 0 && c.is_uppercase() {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
        }
        match self {
            Self::Lower => name.to_lowercase(),
            Self::Upper => name.to_uppercase(),
            Self::Pascal => name.to_owned(),
            Self::Camel => lower_first(name),
            other => other.of_field(&snake),
        }
    }

    /// The name of a field, `not_found`, as serde writes it.
    pub(super) fn of_field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => lower_first(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars)
        })
        .collect()
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// The `#[serde(…)]` attributes that change what the JSON looks like.
#[derive(Default)]
pub(super) struct SerdeAttributes {
    pub(super) rename: Option<String>,
    pub(super) rename_all: Option<Case>,
    pub(super) default: bool,
    pub(super) skip: bool,
}

impl SerdeAttributes {
    /// Reads them; what has no place in a type is an error.
    pub(super) fn read(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            let parse = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
            for meta in errors.keep(attribute.parse_args_with(parse)).into_iter().flatten() {
                found.apply(&meta, errors);
            }
        }
        found
    }

    fn apply(&mut self, meta: &Meta, errors: &mut Errors) {
        let Some(name) = meta.path().get_ident().map(ToString::to_string) else { return };
        match name.as_str() {
            "rename" => match text(meta) {
                Some(name) => self.rename = Some(name),
                None => errors.on(meta, "expected `rename = \"…\"`, one name for both ways"),
            },
            "rename_all" => {
                let case = text(meta);
                let case = CASES.iter().find(|(name, _)| Some(*name) == case.as_deref());
                match case {
                    Some((_, case)) => self.rename_all = Some(*case),
                    None => errors.on(meta, "expected `rename_all = \"…\"` with a case of serde's"),
                }
            }
            "default" if matches!(meta, Meta::Path(_)) => self.default = true,
            "default" => errors.on(
                meta,
                "a type cannot tell a default; make the field an `Option` with `#[serde(default)]`",
            ),
            "skip" => self.skip = true,
            "flatten" | "tag" | "untagged" | "content" | "from" | "into" | "try_from"
            | "transparent" | "with" => {
                errors
                    .on(meta, format!("`{name}` changes the JSON in a way that no type can tell"));
            }
            _ => {}
        }
    }
}

fn text(meta: &Meta) -> Option<String> {
    match meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// One entry of the record: `(name, type, documentation)`.
pub(super) fn field(
    krate: &TokenStream,
    field: &Field,
    case: Option<Case>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let serde = SerdeAttributes::read(&field.attrs, errors);
    if serde.skip {
        return None;
    }
    let ident = field.ident.as_ref()?.to_string();
    let ident = ident.trim_start_matches("r#");
    let name = serde
        .rename
        .unwrap_or_else(|| case.map_or_else(|| ident.to_owned(), |case| case.of_field(ident)));
    if serde.default && !is_named(&field.ty, "Option") && !is_named(&field.ty, "Value") {
        errors.on(
            &field.ty,
            "a field that may be left out is an `Option`, or a `Value`, whose default is null",
        );
    }
    let (ty, doc) = (&field.ty, documentation(&field.attrs));
    Some(quote_spanned! {field.ty.span()=>
        (#name, <#ty as #krate::types::Typed>::ty(), #doc)
    })
}

/// The text of the documentation comments, without the space after `///`.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| text(&attribute.meta))
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect();
    lines.join("\n").trim().to_owned()
}

//! `#[derive(Typed)]`: the workflow language's type of a Rust struct or enum.

mod fields;

pub(crate) use self::fields::documentation;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Fields, Generics};

use self::fields::{Case, SerdeAttributes};
use crate::args::{self, Accepted, Args, Form};
use crate::errors::Errors;

const ACCEPTED: [Accepted; 1] =
    [Accepted { name: "crate", form: Form::Path, example: "crate = path::to::flowcrate" }];

/// The macro over `proc_macro2` tokens.
pub(crate) fn typed(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(input) = errors.keep(syn::parse2::<DeriveInput>(item)) else {
        return errors.into_tokens();
    };
    let krate = runtime_path(&input, &mut errors);
    let serde = SerdeAttributes::read(&input.attrs, &mut errors);
    let body = match &input.data {
        Data::Struct(data) => record(&krate, &input, data, &serde, &mut errors),
        Data::Enum(data) => enumeration(&krate, &input, data, serde.rename_all, &mut errors),
        Data::Union(data) => {
            errors.on(data.union_token, "only structs with named fields and enums have a type");
            None
        }
    };
    let name = &input.ident;
    let generics = with_bounds(&krate, &input.generics);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let body = body.map(|body| {
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::types::Typed for #name #ty_generics #where_clause {
                fn ty() -> #krate::types::Type {
                    #body
                }
            }
        }
    });
    let errors = errors.into_tokens();
    quote!(#body #errors)
}

fn runtime_path(input: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let mut args = Args::default();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("typed")) {
        if let Some(list) = errors.keep(attribute.meta.require_list()) {
            args = Args::parse(list.tokens.clone(), &ACCEPTED, errors);
        }
    }
    args::krate(&args, "flowcrate")
}

fn record(
    krate: &TokenStream,
    input: &DeriveInput,
    data: &DataStruct,
    serde: &SerdeAttributes,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let Fields::Named(named) = &data.fields else {
        errors.on(&input.ident, "only structs with named fields have a type");
        return None;
    };
    let name = input.ident.to_string();
    let fields: Vec<_> = named
        .named
        .iter()
        .filter_map(|field| fields::field(krate, field, serde.rename_all, errors))
        .collect();
    Some(quote!(#krate::types::typed::record(#name, [#(#fields),*])))
}

fn enumeration(
    krate: &TokenStream,
    input: &DeriveInput,
    data: &DataEnum,
    case: Option<Case>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    if data.variants.is_empty() {
        errors.on(&input.ident, "an enum without variants has no values");
        return None;
    }
    let values: Vec<String> = data
        .variants
        .iter()
        .filter_map(|variant| {
            if !matches!(variant.fields, Fields::Unit) {
                errors.on(variant, "only enums whose variants have no fields have a type");
            }
            let serde = SerdeAttributes::read(&variant.attrs, errors);
            let name = variant.ident.to_string();
            let renamed = case.map_or_else(|| name.clone(), |case| case.of_variant(&name));
            (!serde.skip).then(|| serde.rename.unwrap_or(renamed))
        })
        .collect();
    let name = input.ident.to_string();
    Some(quote!(#krate::types::typed::enumeration(#name, [#(#values),*])))
}

/// Each type parameter must have a type too.
fn with_bounds(krate: &TokenStream, generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(#krate::types::Typed));
    }
    generics
}

#[cfg(test)]
mod tests;

//! What a union's choices have in common, as methods of its enum: `payment.kind()`.

use flowcrate::types::{Type, UnionType};
use proc_macro2::TokenStream;
use quote::quote;

use super::{Emitted, Hint, Known, Types, pascal, snake};
use crate::emit::docs;
use crate::emit::expr::is_copy;
use crate::emit::names::ident;
use crate::emit::symbols::Symbols;

/// Methods that an enum has of its traits.
const TAKEN: [&str; 12] = [
    "clone",
    "clone_from",
    "clone_into",
    "to_owned",
    "into",
    "try_into",
    "eq",
    "ne",
    "fmt",
    "borrow",
    "type_id",
    "serialize",
];

/// A method that reads a field of whichever choice it is.
#[derive(Clone, Debug)]
pub(super) struct Accessor {
    name: String,
    /// The type of the field; optional where not every choice is sure to have it.
    ty: Type,
}

impl Types {
    /// The method that reads a field of a union with a tag, and the type that it gives; `None`
    /// where its choices give it different types.
    pub(crate) fn accessor(&mut self, union: &Type, key: &str) -> Option<(String, Type)> {
        let unfolded = union.unfolded();
        let Type::Union(choices) = unfolded.as_ref() else { return None };
        let ty = common_field(choices, key)?;
        let Some(Known::Emitted(place)) = self.known.get(union) else { return None };
        let name = snake(key, "field");
        let name = if TAKEN.contains(&name.as_str()) { name + "_" } else { name };
        let of_union = self.accessors.entry(*place).or_default();
        let known = of_union.entry(key.to_owned()).or_insert(Accessor { name, ty });
        Some((known.name.clone(), known.ty.clone()))
    }

    /// What the tag of a union is called, where something reads it.
    pub(super) fn suggest_tag(&mut self, union: &UnionType, name: &str) {
        if let Some(tag) = &union.tag {
            let texts = Type::enumeration(union.choices.keys().cloned());
            let doc = format!("Field `{}` of [`{name}`].", docs::code(tag));
            let hint = Hint::new(format!("{name}{}", pascal(tag, "Tag")), doc);
            self.suggested.entry(texts).or_insert(hint);
        }
    }

    /// The methods of a union, if there are any.
    pub(super) fn accessor_items(
        &mut self,
        place: usize,
        emitted: &Emitted,
        union: &UnionType,
        symbols: &mut Symbols,
    ) -> Option<TokenStream> {
        let accessors = self.accessors.get(&place)?.clone();
        let name = ident(&emitted.name);
        let methods: Vec<TokenStream> = accessors
            .iter()
            .map(|(key, accessor)| self.method(emitted, union, (key, accessor), symbols))
            .collect();
        Some(quote!(impl #name { #(#methods)* }))
    }

    fn method(
        &mut self,
        emitted: &Emitted,
        union: &UnionType,
        (key, accessor): (&String, &Accessor),
        symbols: &mut Symbols,
    ) -> TokenStream {
        let some = self.rust(accessor.ty.some(), &Hint::new("", ""), symbols);
        let optional = accessor.ty.may_be_absent();
        let given = match (accessor.ty.some(), optional) {
            (ty, _) if is_copy(ty) => some,
            (Type::String, false) => quote!(&str),
            _ => quote!(&#some),
        };
        let given = if optional { quote!(Option<#given>) } else { given };
        let is_tag = union.tag.as_ref() == Some(key);
        let mut arms = Vec::new();
        for (choice_key, choice) in &union.choices {
            let variant = ident(emitted.members.get(choice_key).map_or("", String::as_str));
            arms.push(if is_tag {
                let path = self.path(&accessor.ty, &Hint::new("", ""), symbols);
                let text = ident(&self.variant(&accessor.ty, choice_key));
                quote!(Self::#variant(_) => #path::#text)
            } else {
                let value = self.read_of(choice, key, optional);
                value.map_or_else(
                    || quote!(Self::#variant(_) => None),
                    |value| quote!(Self::#variant(value) => #value),
                )
            });
        }
        let shown = docs::code(key);
        let doc = docs::attributes(&[match (is_tag, optional) {
            (true, _) => format!("`{shown}`: which choice it is."),
            (false, true) => format!("`{shown}`, of the choices that have it."),
            (false, false) => format!("`{shown}`, which all choices have."),
        }]);
        let method = ident(&accessor.name);
        quote!(#doc pub fn #method(&self) -> #given { match self { #(#arms),* } })
    }

    /// A field of what a variant holds, as the method gives it.
    fn read_of(&self, choice: &Type, key: &str, optional: bool) -> Option<TokenStream> {
        let unfolded = choice.unfolded();
        let Type::Record(record) = unfolded.as_ref() else { return None };
        let ty = &record.fields.get(key)?.ty;
        let field = ident(&self.field(choice, key));
        let boxed = self.is_boxed(choice, key);
        Some(match (optional, ty.may_be_absent()) {
            (false, _) | (_, true) if is_copy(ty) => quote!(value.#field),
            (_, true) if boxed => quote!(value.#field.as_deref()),
            (_, true) => quote!(value.#field.as_ref()),
            (true, false) if is_copy(ty) => quote!(Some(value.#field)),
            (true, false) if boxed => quote!(Some(value.#field.as_ref())),
            (true, false) => quote!(Some(&value.#field)),
            (false, false) => quote!(&value.#field),
        })
    }
}

/// The type of a field of a union's choices, where those that have it agree.
fn common_field(union: &UnionType, key: &str) -> Option<Type> {
    let tag = union.tag.as_ref()?;
    if tag == key {
        return Some(Type::enumeration(union.choices.keys().cloned()));
    }
    let mut fields = Vec::new();
    for choice in union.choices.values() {
        match choice.unfolded().as_ref() {
            Type::Record(record) => {
                fields.push(record.fields.get(key).map(|field| field.ty.clone()));
            }
            _ => return None,
        }
    }
    let mut there = fields.iter().flatten();
    let some = there.next()?.some().clone();
    let agree = !some.may_be_absent() && there.all(|ty| *ty.some() == some);
    let certain = fields.iter().all(|ty| ty.as_ref().is_some_and(|ty| !ty.may_be_absent()));
    agree.then(|| if certain { some } else { some.optional() })
}

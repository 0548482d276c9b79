//! Constants.

use flowcrate::types::{Shape, Type, UnionType};
use flowcrate::{Bytes, Duration, Timestamp};
use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::quote;
use serde_json::Value;

use super::{Code, Exprs, Rank};
use crate::emit::lints;
use crate::emit::names::ident;
use crate::emit::print::layout::macros;
use crate::emit::types::is_held_boxed;

impl Exprs<'_, '_> {
    /// A constant of type `ty`.
    pub(super) fn literal(&mut self, value: &Value, ty: &Type) -> Code {
        match (ty, value) {
            (Type::Any, value) => {
                if lints::holds_constant(value) {
                    self.emitter.lints.insert(lints::APPROX_CONSTANT);
                }
                self.any_literal(value)
            }
            (Type::Optional { .. }, Value::Null) => Code::value(quote!(None)),
            (Type::Optional { some }, value) => {
                let value = self.literal(value, some).owned(some);
                Code::value(quote!(Some(#value)))
            }
            (Type::String, Value::String(text)) => Code::Text(text.clone()),
            (Type::Bool, Value::Bool(value)) => Code::value(quote!(#value)),
            (Type::Int, value) => int(value.as_i64().unwrap_or_default()),
            (Type::Number, value) => {
                let value = value.as_f64().unwrap_or_default();
                if lints::approximates_constant(value) {
                    self.emitter.lints.insert(lints::APPROX_CONSTANT);
                }
                number(value)
            }
            (Type::Timestamp, Value::String(text)) => {
                let name = self.emitter.symbols.import("flowcrate::Timestamp");
                let millis = text.parse::<Timestamp>().unwrap_or_default().0;
                let millis = Literal::i64_unsuffixed(millis);
                Code::value(quote!(#name(#millis)))
            }
            (Type::Duration, Value::String(text)) => {
                let name = self.emitter.symbols.duration();
                let span = text.parse::<Duration>().unwrap_or_default().0;
                let span = duration(span, &quote!(std::time::Duration));
                Code::value(quote!(#name(#span)))
            }
            (Type::Bytes, Value::String(text)) => {
                let name = self.emitter.symbols.import("flowcrate::Bytes");
                let bytes = Literal::byte_string(&text.parse::<Bytes>().unwrap_or_default().0);
                Code::value(quote!(#name(#bytes.to_vec())))
            }
            (Type::Enum(_), Value::String(text)) => {
                let path = self.emitter.types.path(ty, &self.hint, &mut self.emitter.symbols);
                let variant = ident(&self.emitter.types.variant(ty, text));
                Code::value(quote!(#path::#variant))
            }
            (Type::List { items }, Value::Array(values)) => {
                let values: Vec<_> =
                    values.iter().map(|value| self.literal(value, items).owned(items)).collect();
                let empty = values.is_empty();
                Code::value(if empty { quote!(Vec::new()) } else { macros::list(&values) })
            }
            (Type::Map { values: ty }, Value::Object(entries)) => {
                let map = self.emitter.symbols.import("std::collections::BTreeMap");
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| {
                        let value = self.literal(value, ty).owned(ty);
                        quote!((#key.to_owned(), #value))
                    })
                    .collect();
                let empty = entries.is_empty();
                Code::value(if empty {
                    quote!(#map::new())
                } else {
                    quote!(#map::from([#(#entries),*]))
                })
            }
            (Type::Tuple { items: types }, Value::Array(values)) => {
                let values = values.iter().zip(types.iter());
                let values: Vec<_> = values.map(|(value, ty)| self.held(value, ty)).collect();
                Code::value(quote!((#(#values,)*)))
            }
            (Type::Record(_) | Type::Union(_) | Type::Recursive(_), value) => {
                self.structured(value, ty)
            }
            // Null. A literal of another form than its type is a bug of the check stage.
            _ => Code::Absent,
        }
    }

    /// A constant struct or union.
    fn structured(&mut self, value: &Value, ty: &Type) -> Code {
        match (ty.unfolded().as_ref(), value) {
            (Type::Record(record), Value::Object(entries)) => {
                let mut values = Vec::new();
                for (name, field) in &record.fields {
                    let value = entries.get(name).unwrap_or(&Value::Null);
                    values.push((name.clone(), self.literal(value, &field.ty).owned(&field.ty)));
                }
                self.structure(&values, ty)
            }
            (Type::Union(union), value) => {
                let Some((key, choice)) = choice_of(union, value) else { return Code::Absent };
                let path = self.emitter.types.path(ty, &self.hint, &mut self.emitter.symbols);
                let variant = ident(&self.emitter.types.variant(ty, key));
                let value = self.held(value, choice);
                Code::value(quote!(#path::#variant(#value)))
            }
            _ => Code::Absent,
        }
    }

    /// A constant part of a tuple or union.
    fn held(&mut self, value: &Value, ty: &Type) -> TokenStream {
        let value = self.literal(value, ty).owned(ty);
        if is_held_boxed(ty) { quote!(Box::new(#value)) } else { value }
    }

    fn any_literal(&mut self, value: &Value) -> Code {
        if value.is_null() {
            let name = self.emitter.symbols.import("serde_json::Value");
            return Code::value(quote!(#name::Null));
        }
        self.emitter.symbols.import("serde_json::json");
        Code::value(macros::json(&json_tokens(value)))
    }
}

/// The choice of a union that a constant is, and its key.
pub(super) fn choice_of<'v>(union: &'v UnionType, value: &'v Value) -> Option<(&'v str, &'v Type)> {
    let key = match &union.tag {
        Some(tag) => value.get(tag).and_then(Value::as_str),
        None => Shape::of(value).map(Shape::key),
    };
    key.and_then(|key| Some((key, union.choices.get(key)?)))
}

/// A JSON constant within `json!`.
pub(super) fn json_tokens(value: &Value) -> TokenStream {
    match value {
        Value::Null => quote!(null),
        Value::Bool(value) => quote!(#value),
        Value::Number(value) => match value.as_i64() {
            Some(value) => int(value).tokens(),
            None => number(value.as_f64().unwrap_or_default()).tokens(),
        },
        Value::String(text) => quote!(#text),
        Value::Array(items) => {
            let items = items.iter().map(json_tokens);
            quote!([#(#items),*])
        }
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.clone(), json_tokens(value)));
            macros::object(entries.collect())
        }
    }
}

fn int(value: i64) -> Code {
    if value == i64::MIN {
        return Code::value(quote!(i64::MIN));
    }
    let literal = Literal::i64_unsuffixed(value.abs());
    if value < 0 {
        Code::Value(quote!(-#literal), Rank::Unary)
    } else {
        Code::value(quote!(#literal))
    }
}

/// A number as a person writes it: one with more than 16 digits before or a handful of zeros behind
/// the point has an exponent.
fn number(value: f64) -> Code {
    let size = value.abs();
    let literal = if size == 0.0 || (1e-5..1e16).contains(&size) {
        TokenStream::from(TokenTree::from(Literal::f64_unsuffixed(size)))
    } else {
        // `1e300` is a literal of Rust as it stands.
        format!("{size:e}").parse().unwrap_or_default()
    };
    if value < 0.0 {
        Code::Value(quote!(-#literal), Rank::Unary)
    } else {
        Code::value(quote!(#literal))
    }
}

/// A `std::time::Duration` in the largest unit that holds it exactly.
pub(crate) fn duration(span: std::time::Duration, name: &TokenStream) -> TokenStream {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if millis % 1000 == 0 {
        let seconds = Literal::u64_unsuffixed(millis / 1000);
        quote!(#name::from_secs(#seconds))
    } else {
        let millis = Literal::u64_unsuffixed(millis);
        quote!(#name::from_millis(#millis))
    }
}

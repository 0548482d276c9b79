//! A value as one of a wider type, and `any` as a narrower one.

use flowcrate::types::{Type, UnionType};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::access::unboxed;
use super::{Code, Exprs, Rank};
use crate::emit::names::ident;
use crate::emit::print::layout::macros;
use crate::emit::types::is_held_boxed;
use crate::expr::{Expr, ExprKind};

impl Exprs<'_, '_> {
    pub(super) fn widen(&mut self, inner: &Expr, to: &Type) -> Code {
        if *to == Type::Any {
            return self.as_any(inner);
        }
        if let (ExprKind::Literal(value), Type::Number) = (&inner.kind, to) {
            return self.literal(value, to);
        }
        let code = self.taken(inner);
        self.widen_code(code, &inner.ty, to)
    }

    /// `code`, of type `from`, as a `to`.
    pub(super) fn widen_code(&mut self, code: Code, from: &Type, to: &Type) -> Code {
        match (from, to) {
            (from, to) if from == to => code,
            _ if matches!(code, Code::Absent) => code,
            (Type::Null, _) => Code::Absent,
            (Type::Int, Type::Number) => {
                let code = match code {
                    Code::Ref(code) => Code::Value(quote!(*#code), Rank::Unary),
                    other => other,
                };
                let code = code.ranked(Rank::Cast);
                Code::Value(quote!(#code as f64), Rank::Cast)
            }
            (Type::Optional { some: from }, Type::Optional { some: to }) => {
                let option = code.option();
                let inner = self.widen_code(Code::reference(quote!(value)), from, to).owned(to);
                Code::value(quote!(#option.map(|value| #inner)))
            }
            (from, Type::Optional { some }) => {
                let inner = self.widen_code(code, from, some).owned(some);
                Code::value(quote!(Some(#inner)))
            }
            (from, Type::Any) => {
                self.emitter.symbols.import("serde_json::json");
                let code = match code {
                    Code::Ref(code) => code,
                    other => other.owned_or_place(from),
                };
                Code::value(macros::json(&code))
            }
            (Type::Enum(_), Type::String | Type::Enum(_)) => self.widen_enum(code, from, to),
            (Type::List { items: from }, Type::List { items: to }) => {
                let list = super::call::array(code.receiver());
                let item = self.widen_code(Code::reference(quote!(item)), from, to).owned(to);
                Code::value(quote!(#list.iter().map(|item| #item).collect::<Vec<_>>()))
            }
            (Type::Map { values: from }, Type::Map { values: to }) => {
                let map = code.receiver();
                let value = self.widen_code(Code::reference(quote!(value)), from, to).owned(to);
                Code::value(quote!(#map.iter().map(|(key, value)| (key.clone(), #value)).collect()))
            }
            (Type::Tuple { items }, Type::Tuple { items: wanted }) => {
                let tuple = code.receiver();
                let parts = items.iter().zip(wanted.iter()).enumerate().map(|(at, (from, to))| {
                    let at = Literal::usize_unsuffixed(at);
                    self.widen_held(&quote!(#tuple.#at), from, to)
                });
                let parts: Vec<_> = parts.collect();
                Code::value(quote!((#(#parts,)*)))
            }
            _ => match (from.unfolded().as_ref(), to.unfolded().as_ref()) {
                (Type::Record(_), Type::Record(_)) => self.widen_record(code, from, to),
                (Type::Union(own), Type::Union(wanted)) if own.tag == wanted.tag => {
                    self.widen_union(code, from, to)
                }
                (_, Type::Union(union)) => self.as_choice(code, from, (to, union)),
                _ => code,
            },
        }
    }

    /// A value as the choice of a union that has its form.
    fn as_choice(&mut self, code: Code, from: &Type, (to, union): (&Type, &UnionType)) -> Code {
        let Some((shape, choice)) =
            from.shape().and_then(|shape| Some((shape, union.of_shape(shape)?)))
        else {
            return code;
        };
        let path = self.emitter.types.path(to, &self.hint, &mut self.emitter.symbols);
        let variant = ident(&self.emitter.types.variant(to, shape.key()));
        let value = self.widen_code(code, from, choice).owned(choice);
        let value = if is_held_boxed(choice) { quote!(Box::new(#value)) } else { value };
        Code::value(quote!(#path::#variant(#value)))
    }

    /// A value of one union as one of another that has its choices too.
    fn widen_union(&mut self, code: Code, from: &Type, to: &Type) -> Code {
        let (own, wanted) = (from.unfolded(), to.unfolded());
        let (Type::Union(own), Type::Union(wanted)) = (own.as_ref(), wanted.as_ref()) else {
            return code;
        };
        let path = self.emitter.types.path(from, &self.hint, &mut self.emitter.symbols);
        let wide = self.emitter.types.path(to, &self.hint, &mut self.emitter.symbols);
        let mut arms = Vec::new();
        for (key, choice) in &own.choices {
            let Some(wider) = wanted.choices.get(key) else { continue };
            let variant = ident(&self.emitter.types.variant(from, key));
            let wide_variant = ident(&self.emitter.types.variant(to, key));
            let value = self.widen_held(&quote!(value), choice, wider);
            arms.push(quote!(#path::#variant(value) => #wide::#wide_variant(#value)));
        }
        let code = code.borrowed();
        Code::Value(quote!(match #code { #(#arms),* }), Rank::Low)
    }

    /// A part of a tuple or union as one of a wider type: a reference, or a place.
    fn widen_held(&mut self, place: &TokenStream, from: &Type, to: &Type) -> TokenStream {
        let part = if is_held_boxed(from) {
            Code::reference(quote!(#place.as_ref()))
        } else if place.to_string() == "value" {
            Code::reference(place.clone())
        } else {
            Code::place(place.clone())
        };
        let value = self.widen_code(part, from, to).owned(to);
        if is_held_boxed(to) { quote!(Box::new(#value)) } else { value }
    }

    fn widen_record(&mut self, code: Code, from: &Type, to: &Type) -> Code {
        let (own, wanted) = (from.unfolded(), to.unfolded());
        let (Type::Record(have), Type::Record(want)) = (own.as_ref(), wanted.as_ref()) else {
            return code;
        };
        let (binding, source) = match code {
            code @ (Code::Place(_) | Code::Ref(_)) => (None, code.receiver()),
            other => {
                let value = other.owned(from);
                (Some(quote!(let record = #value;)), quote!(record))
            }
        };
        let mut values = Vec::new();
        for (name, field) in &want.fields {
            let value = match have.fields.get(name) {
                Some(own) => {
                    let place = ident(&self.emitter.types.field(from, name));
                    let place = quote!(#source.#place);
                    let place = if self.emitter.types.is_boxed(from, name) {
                        unboxed(&place, own.ty.may_be_absent())
                    } else {
                        Code::place(place)
                    };
                    self.widen_code(place, &own.ty, &field.ty).owned(&field.ty)
                }
                None => Code::Absent.owned(&field.ty),
            };
            values.push((name.clone(), value));
        }
        let code = self.structure(&values, to).tokens();
        match binding {
            Some(binding) => Code::value(quote!({ #binding #code })),
            None => Code::value(code),
        }
    }

    fn widen_enum(&mut self, code: Code, from: &Type, to: &Type) -> Code {
        let Type::Enum(texts) = from else { return code };
        let path = self.emitter.types.path(from, &self.hint, &mut self.emitter.symbols);
        let mut arms = Vec::new();
        for text in &texts.values {
            let variant = ident(&self.emitter.types.variant(from, text));
            let value = if let Type::Enum(_) = to {
                let path = self.emitter.types.path(to, &self.hint, &mut self.emitter.symbols);
                let variant = ident(&self.emitter.types.variant(to, text));
                quote!(#path::#variant)
            } else {
                quote!(#text)
            };
            arms.push(quote!(#path::#variant => #value));
        }
        let code = code.tokens();
        let matched = quote!(match #code { #(#arms),* });
        if let Type::Enum(_) = to {
            Code::Value(matched, Rank::Low)
        } else {
            Code::reference(quote!((#matched)))
        }
    }

    pub(super) fn read(&mut self, inner: &Expr, ty: &Type) -> Code {
        if let Some(code) = self.read_of_choice(inner, ty) {
            return code;
        }
        let expr = self.emitter.symbols.import("flowcrate::expr");
        let rust = self.emitter.types.rust(ty, &self.hint, &mut self.emitter.symbols);
        self.emitter.types.decode(ty);
        let inner = self.borrowed(inner);
        self.fallible = true;
        Code::value(quote!(#expr::read::<#rust>(#inner)?))
    }
}

impl Code {
    /// Owned, but a place stays one: for macros that borrow their arguments.
    fn owned_or_place(self, ty: &Type) -> proc_macro2::TokenStream {
        match self {
            Self::Place(code) | Self::Value(code, _) => code,
            other => other.owned(ty),
        }
    }
}

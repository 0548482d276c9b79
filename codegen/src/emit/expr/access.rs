//! Fields, keys, elements, and the payloads of triggers.

use std::sync::Arc;

use flowcrate::types::Type;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::call::{array, collapsed};
use super::{Code, Exprs, Rank};
use crate::emit::names::ident;
use crate::emit::types::Types;
use crate::expr::typed::Name;
use crate::expr::{Expr, ExprKind};

impl Exprs<'_, '_> {
    pub(super) fn field(&mut self, base: &Expr, name: &str, ty: &Type) -> Code {
        // A failure is the runtime's own, whose count is no `i64`.
        let attempts = name == "attempts" && *base.ty.some() == Types::failure();
        if let ExprKind::Name(Name::Trigger) = base.kind
            && self.locals.payload().is_none()
            && self.emitter.has_many_triggers()
        {
            return self.trigger_field(name, ty);
        }
        let record = match &base.ty {
            Type::Optional { some } => some.as_ref(),
            other => other,
        };
        // The record may be met here for the first time: it must have its name before its fields.
        self.emitter.types.path(record, &self.hint, &mut super::super::symbols::Symbols::default());
        let field = ident(&self.emitter.types.field(record, name));
        if self.emitter.types.is_boxed(record, name) {
            let own = record_field(record, name);
            return self.boxed_field(base, &field, own.is_some_and(|own| own.may_be_absent()));
        }
        if let Type::Optional { .. } = &base.ty {
            let (option, value) = match self.code(base) {
                Code::Absent => return Code::Absent,
                Code::Chain(option, place) => (option, place),
                other => (other.option(), quote!(value)),
            };
            return match (attempts, ty) {
                (true, _) => {
                    Code::value(quote!(#option.map(|failure| i64::from(failure.attempts))))
                }
                (false, Type::Any) => Code::value(quote!(
                    #option.map_or(serde_json::Value::Null, |value| #value.#field.clone())
                )),
                (false, _) => match record_field(record, name) {
                    Some(Type::Optional { .. }) => {
                        Code::Option(quote!(#option.and_then(|value| #value.#field.as_ref())))
                    }
                    _ => Code::Chain(option, quote!(#value.#field)),
                },
            };
        }
        match self.code(base) {
            Code::Absent => Code::Absent,
            code @ (Code::Place(_) | Code::Ref(_)) => {
                let base = code.receiver();
                if attempts {
                    return Code::value(quote!(i64::from(#base.attempts)));
                }
                Code::place(quote!(#base.#field))
            }
            other => {
                let base = other.receiver();
                if attempts {
                    return Code::value(quote!(i64::from(#base.attempts)));
                }
                Code::value(quote!(#base.#field))
            }
        }
    }

    /// A field that is a `Box`, or an `Option` of one.
    fn boxed_field(&mut self, base: &Expr, field: &Ident, optional: bool) -> Code {
        let code = self.code(base);
        if let Code::Absent = code {
            return code;
        }
        if let Type::Optional { .. } = base.ty {
            let option = code.option();
            return Code::Option(if optional {
                quote!(#option.and_then(|value| value.#field.as_deref()))
            } else {
                quote!(#option.map(|value| value.#field.as_ref()))
            });
        }
        match (code, optional) {
            (code @ (Code::Place(_) | Code::Ref(_)), optional) => {
                let base = code.receiver();
                unboxed(&quote!(#base.#field), optional)
            }
            (code, true) => {
                let base = code.receiver();
                Code::value(quote!(#base.#field.map(|value| *value)))
            }
            (code, false) => {
                let base = code.receiver();
                Code::Value(quote!(*#base.#field), Rank::Unary)
            }
        }
    }

    pub(super) fn key(&mut self, base: &Expr, key: &Expr, or_absent: bool) -> Code {
        let (some, optional) = match &base.ty {
            Type::Optional { some } => (some.as_ref(), true),
            other => (other, false),
        };
        let function = match (some, or_absent) {
            (Type::Map { .. }, true) => "map_find",
            (Type::Map { .. }, false) => "map_get",
            (_, true) => "any_find",
            (_, false) => "any_get",
        };
        self.element(base, key, function, optional, or_absent)
    }

    pub(super) fn index(&mut self, base: &Expr, index: &Expr, or_absent: bool) -> Code {
        let (some, optional) = match &base.ty {
            Type::Optional { some } => (some.as_ref(), true),
            other => (other, false),
        };
        let function = match (some, or_absent) {
            (Type::List { .. }, true) => "list_find",
            (Type::List { .. }, false) => "list_index",
            (_, true) => "any_find_index",
            (_, false) => "any_index",
        };
        self.element(base, index, function, optional, or_absent)
    }

    fn element(
        &mut self,
        base: &Expr,
        key: &Expr,
        function: &str,
        optional: bool,
        or_absent: bool,
    ) -> Code {
        let held = match base.ty.some() {
            Type::List { items: held } | Type::Map { values: held } => Some(Arc::clone(held)),
            _ => None,
        };
        let found = |option: TokenStream| match &held {
            Some(held) => Code::value(collapsed(option, held)),
            None => Code::value(option),
        };
        let expr = self.emitter.symbols.import("flowcrate::expr");
        let function = ident(function);
        if optional {
            let base = match self.code(base) {
                Code::Absent => return Code::Absent,
                other => other.option(),
            };
            let key = self.key_argument(key);
            return found(quote!(#base.and_then(|value| #expr::#function(value, #key))));
        }
        let base = array(self.borrowed(base));
        let key = self.key_argument(key);
        if or_absent {
            found(quote!(#expr::#function(#base, #key)))
        } else {
            self.fallible = true;
            Code::value(quote!(#expr::#function(#base, #key)?))
        }
    }

    fn key_argument(&mut self, key: &Expr) -> TokenStream {
        if key.ty == Type::Int { self.owned(key) } else { self.borrowed(key) }
    }

    /// `trigger`: the payload of the one trigger that may have started the run here.
    pub(super) fn trigger(&mut self, wanted: &Type) -> Code {
        if let Some((payload, ty)) = self.locals.payload() {
            return self.adapt(payload, &ty, wanted);
        }
        // Several may have: they agree in a type, to which each payload is widened.
        let (input, triggers) = self.emitter.input_variants();
        let mut arms = Vec::new();
        for (variant, ty) in triggers {
            let variant = ident(&variant);
            let payload = self.widen_code(Code::reference(quote!(payload)), &ty, wanted);
            let payload = payload.owned(wanted);
            arms.push(quote!(#input::#variant(payload) => #payload));
        }
        Code::Value(quote!(match &trigger { #(#arms),* }), super::Rank::Low)
    }

    /// A field that the payloads of several triggers may have.
    fn trigger_field(&mut self, name: &str, wanted: &Type) -> Code {
        let (input, triggers) = self.emitter.input_variants();
        let mut arms = Vec::new();
        for (variant, payload) in triggers {
            let variant = ident(&variant);
            let Some(own) = record_field(&payload, name) else {
                let absent = Code::Absent.owned(wanted);
                arms.push(quote!(#input::#variant(_) => #absent));
                continue;
            };
            let field = ident(&self.emitter.types.field(&payload, name));
            let value = self.widen_code(Code::place(quote!(payload.#field)), &own, wanted);
            let value = value.owned(wanted);
            arms.push(quote!(#input::#variant(payload) => #value));
        }
        Code::Value(quote!(match &trigger { #(#arms),* }), super::Rank::Low)
    }

    /// `triggers.<id>`: the payload if that trigger started the run.
    pub(super) fn trigger_of(&mut self, id: &str, wanted: &Type) -> Code {
        if let Some((payload, ty)) = self.locals.output(id) {
            return self.adapt(payload, &ty, wanted);
        }
        match self.emitter.input_accessor(id) {
            Some(accessor) => {
                let accessor = ident(&accessor);
                let payload = Code::Option(quote!(trigger.#accessor()));
                // It is certain which one started the run, and no arm of a branch says so.
                let certain = !matches!(wanted, Type::Optional { .. });
                if certain { self.known_reference(payload) } else { payload }
            }
            None => Code::Absent,
        }
    }
}

/// What a place with a `Box`, or an `Option` of one, holds.
pub(super) fn unboxed(place: &TokenStream, optional: bool) -> Code {
    if optional {
        Code::Option(quote!(#place.as_deref()))
    } else {
        Code::reference(quote!(#place.as_ref()))
    }
}

fn record_field(record: &Type, name: &str) -> Option<Type> {
    match record.unfolded().as_ref() {
        Type::Record(record) => record.fields.get(name).map(|field| field.ty.clone()),
        _ => None,
    }
}

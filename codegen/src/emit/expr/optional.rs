//! Optionals: `is defined`, `default`, `first_of`, and what analysis knows to be present.

use flowcrate::types::Type;
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use serde_json::Value;

use super::literal::choice_of;
use super::{Code, Exprs, Rank, is_copy};
use crate::emit::mentions::mentions;
use crate::emit::types::Hint;
use crate::expr::{Expr, ExprKind};

impl Exprs<'_, '_> {
    /// Of an optional or an `any`: the checker has answered for all others.
    pub(super) fn is_defined(&mut self, inner: &Expr) -> Code {
        if inner.ty == Type::Any {
            let code = self.code(inner).receiver();
            return Code::Value(quote!(!#code.is_null()), Rank::Unary);
        }
        match self.code(inner) {
            Code::Absent => Code::value(quote!(false)),
            Code::Chain(option, _) => Code::value(quote!(#option.is_some())),
            other => {
                let code = other.receiver();
                Code::value(quote!(#code.is_some()))
            }
        }
    }

    /// The opposite of [`Self::is_defined`].
    pub(super) fn is_absent(&mut self, inner: &Expr) -> Code {
        if inner.ty == Type::Any {
            let code = self.code(inner).receiver();
            return Code::value(quote!(#code.is_null()));
        }
        match self.code(inner) {
            Code::Absent => Code::value(quote!(true)),
            Code::Chain(option, _) => Code::value(quote!(#option.is_none())),
            other => {
                let code = other.receiver();
                Code::value(quote!(#code.is_none()))
            }
        }
    }

    pub(super) fn default(&mut self, value: &Expr, fallback: &Expr, ty: &Type) -> Code {
        if value.ty == Type::Any {
            return self.default_of_any(value, fallback);
        }
        // Where it is there after all, nothing takes its place.
        if let (ExprKind::Name(name), Type::Optional { some }) = (&value.kind, &value.ty)
            && let Some((code, have)) = self.locals.named(name)
            && have == **some
        {
            return self.adapt(code, &have, ty);
        }
        let code = self.taken(value);
        self.or_else(code, fallback, &value.ty, ty)
    }

    fn default_of_any(&mut self, value: &Expr, fallback: &Expr) -> Code {
        if let Code::Absent = self.code(value) {
            return self.code(fallback);
        }
        let (value, fallback) = (self.owned(value), self.owned(fallback));
        let null = self.emitter.symbols.import("serde_json::Value");
        let code = quote!(match #value { #null::Null => #fallback, value => value });
        Code::Value(code, Rank::Low)
    }

    /// The optional, else the fallback.
    fn or_else(&mut self, code: Code, fallback: &Expr, optional: &Type, ty: &Type) -> Code {
        if let Code::Absent = code {
            let code = self.code(fallback);
            return self.adapt(code, &fallback.ty, ty);
        }
        // What is there for certain needs no other.
        if let Code::Value(value, _) = &code
            && let Some(inner) = within_some(value)
        {
            let is_wanted = matches!(ty, Type::Optional { .. });
            return if is_wanted { code } else { Code::Value(inner, Rank::Low) };
        }
        let before = std::mem::replace(&mut self.fallible, false);
        let other = self.taken(fallback);
        let other_fails = self.fallible;
        self.fallible |= before;
        if other_fails {
            let value = code.owned(optional);
            let other = other.owned(&fallback.ty);
            let code = if let Type::Optional { .. } = ty {
                quote!(match #value { None => #other, value => value })
            } else {
                quote!(match #value { Some(value) => value, None => #other })
            };
            return Code::Value(code, Rank::Low);
        }
        if let (Type::Optional { .. }, Code::Absent) = (ty, &other) {
            return code;
        }
        if let Type::Optional { .. } = ty {
            let value = receiver(code, optional);
            let other = other.owned(ty);
            return Code::value(if is_path(&other) || is_payload(&other) {
                quote!(#value.or(#other))
            } else {
                quote!(#value.or_else(|| #other))
            });
        }
        match (code, other) {
            (code, other @ (Code::Text(_) | Code::Ref(_))) if *ty == Type::String => {
                let other = other.borrowed();
                match code {
                    Code::Place(code) | Code::Ref(code) => {
                        Code::reference(quote!(#code.as_deref().unwrap_or(#other)))
                    }
                    // A variable may hold a `&String`, and becomes a `&str` where that is known.
                    Code::Option(code) if is_path(&other) => {
                        Code::reference(quote!(#code.map(String::as_str).unwrap_or(#other)))
                    }
                    Code::Chain(base, place) if is_path(&other) => {
                        let text = quote!(#base.map(|value| #place.as_str()));
                        Code::reference(quote!(#text.unwrap_or(#other)))
                    }
                    Code::Option(code) => {
                        Code::reference(quote!(#code.map_or(#other, String::as_str)))
                    }
                    Code::Chain(base, place) => {
                        Code::reference(quote!(#base.map_or(#other, |value| #place.as_str())))
                    }
                    other_code if is_empty(fallback) => {
                        let code = other_code.ranked(Rank::Atom);
                        Code::value(quote!(#code.unwrap_or_default()))
                    }
                    other_code => {
                        let code = other_code.ranked(Rank::Atom);
                        Code::value(quote!(#code.unwrap_or_else(|| #other.to_owned())))
                    }
                }
            }
            (Code::Chain(base, place), other) if !is_empty(fallback) => {
                let place = Code::place(place).owned(ty);
                if let ExprKind::Literal(Value::Bool(other)) = &fallback.kind {
                    let test = if *other { quote!(is_none_or) } else { quote!(is_some_and) };
                    return Code::value(quote!(#base.#test(|value| #place)));
                }
                let other = other.owned(ty);
                let cheap = is_cheap(fallback) || is_path(&other) || is_payload(&other);
                Code::value(if cheap {
                    quote!(#base.map_or(#other, |value| #place))
                } else {
                    quote!(#base.map_or_else(|| #other, |value| #place))
                })
            }
            (code, other) => {
                let value = receiver(code, optional);
                if is_empty(fallback) {
                    return Code::value(quote!(#value.unwrap_or_default()));
                }
                let other = other.owned(ty);
                if is_cheap(fallback) || is_path(&other) || is_payload(&other) {
                    Code::value(quote!(#value.unwrap_or(#other)))
                } else {
                    Code::value(quote!(#value.unwrap_or_else(|| #other)))
                }
            }
        }
    }

    /// Where the checker knows that one is there and which one it cannot say, that is a
    /// [`ExprKind::Present`] around it.
    pub(super) fn first_of(&mut self, parts: &[Expr]) -> Code {
        let Some((first, rest)) = parts.split_first() else { return Code::Absent };
        let mut code = self.taken(first);
        let mut so_far = first.ty.clone();
        for (place, part) in rest.iter().enumerate() {
            let last = place + 1 == rest.len();
            let both = match (&part.ty, last) {
                (Type::Optional { .. }, _) | (_, false) => part.ty.clone().optional(),
                (other, true) => other.clone(),
            };
            if so_far == Type::Any {
                let (value, other) = (code.owned(&so_far), self.owned(part));
                let null = self.emitter.symbols.import("serde_json::Value");
                code = Code::Value(
                    quote!(match #value { #null::Null => #other, value => value }),
                    Rank::Low,
                );
                continue;
            }
            code = self.or_else(code, part, &so_far, &both);
            so_far = both;
        }
        code
    }

    /// An optional that is known to be there.
    pub(super) fn present(&mut self, inner: &Expr) -> Code {
        let tested = self.present.iter_mut().rev().find(|(expr, ..)| same(expr, inner));
        if let Some((_, variable, asked)) = tested {
            *asked = true;
            return Code::reference(variable.clone());
        }
        let Type::Optional { some } = &inner.ty else { return self.code(inner) };
        if let ExprKind::Name(name) = &inner.kind
            && let Some((code, ty)) = self.locals.named(name)
            && ty == **some
        {
            return code;
        }
        let code = self.code(inner);
        self.known(code, &inner.ty)
    }

    /// What analysis knows to be present, as a reference.
    pub(super) fn known_reference(&mut self, code: Code) -> Code {
        let expr = self.emitter.symbols.import("flowcrate::expr");
        self.fallible = true;
        let code = code.option();
        Code::reference(quote!(#expr::present(#code)?))
    }

    /// Takes an optional that analysis knows to be present; the emitted code checks it all the
    /// same, for it never panics.
    pub(super) fn known(&mut self, code: Code, ty: &Type) -> Code {
        let expr = self.emitter.symbols.import("flowcrate::expr");
        self.fallible = true;
        let code = match (code, ty) {
            // In an arm that nothing comes to: no value tells the type.
            (Code::Absent, Type::Optional { some }) => {
                let emitter = &mut *self.emitter;
                let hint = Hint::new("", "");
                let some = emitter.types.rust(some, &hint, &mut emitter.symbols);
                quote!(None::<#some>)
            }
            (code, ty) => code.owned(ty),
        };
        Code::value(quote!(#expr::present(#code)?))
    }

    /// `then if optional is defined else otherwise`.
    pub(super) fn if_present(&mut self, optional: &Expr, then: &Expr, otherwise: &Expr) -> Code {
        let option = match self.code(optional) {
            Code::Absent => return self.code(otherwise),
            other => other.option(),
        };
        let variable = super::ident(&format!("value{}", numbered(self.present.len())));
        self.present.push((optional.clone(), quote!(#variable), false));
        let before = std::mem::replace(&mut self.fallible, false);
        let then = self.owned(then);
        let fails = std::mem::replace(&mut self.fallible, before);
        self.fallible |= fails;
        // Closures within have a `value` of their own.
        let asked = self.present.pop().is_some_and(|(_, _, asked)| asked);
        let used = asked && mentions(&then, &variable.to_string());
        let otherwise = self.owned(otherwise);
        let mapped = within_some(&then).filter(|_| used && !fails && is_none(&otherwise));
        let code = if let Some(inner) = mapped {
            return Code::value(quote!(#option.map(|#variable| #inner)));
        } else if used {
            quote!(if let Some(#variable) = #option { #then } else { #otherwise })
        } else {
            let code = option;
            quote!(if #code.is_some() { #then } else { #otherwise })
        };
        Code::Value(code, Rank::Low)
    }
}

/// The value of `Some(value)`.
pub(super) fn within_some(code: &TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = code.clone().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(some), TokenTree::Group(inner)] if some == "Some" => Some(inner.stream()),
        _ => None,
    }
}

pub(super) fn is_none(code: &TokenStream) -> bool {
    code.to_string() == "None"
}

fn receiver(code: Code, optional: &Type) -> TokenStream {
    match code {
        Code::Value(..) => code.ranked(Rank::Atom),
        // A method looks through the reference by itself.
        Code::Ref(code) if is_copy(optional) => code,
        other => other.owned(optional),
    }
}

fn numbered(place: usize) -> String {
    if place == 0 { String::new() } else { (place + 1).to_string() }
}

/// Whether two expressions are the same but for where they stand in the text.
pub(crate) fn same(left: &Expr, right: &Expr) -> bool {
    match (&left.kind, &right.kind) {
        (ExprKind::Name(left), ExprKind::Name(right)) => left == right,
        (ExprKind::Field { base, name }, ExprKind::Field { base: other, name: field }) => {
            name == field && same(strip(base), strip(other))
        }
        _ => false,
    }
}

fn strip(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Present(inner) => strip(inner),
        _ => expr,
    }
}

/// What `Default` gives for the type: an empty list, text or map, as it is written.
pub(super) fn is_empty(expr: &Expr) -> bool {
    match (&expr.kind, &expr.ty) {
        (ExprKind::Literal(Value::Array(items)), Type::List { .. }) => items.is_empty(),
        (ExprKind::Literal(Value::String(text)), Type::String) => text.is_empty(),
        (ExprKind::Record(fields), Type::Map { .. }) => fields.is_empty(),
        _ => false,
    }
}

/// Whether the code only names a variable or a field of one.
fn is_path(code: &TokenStream) -> bool {
    code.clone().into_iter().all(|token| match token {
        proc_macro2::TokenTree::Ident(_) => true,
        proc_macro2::TokenTree::Punct(punct) => punct.as_char() == '.',
        proc_macro2::TokenTree::Group(_) | proc_macro2::TokenTree::Literal(_) => false,
    })
}

/// A field of whichever payload started the run.
fn is_payload(code: &TokenStream) -> bool {
    let Ok(syn::Expr::Match(code)) = syn::parse2::<syn::Expr>(code.clone()) else { return false };
    code.arms.iter().all(|arm| {
        let body = &arm.body;
        is_path(&quote!(#body))
    })
}

/// What clippy would not have in a closure.
fn is_cheap(expr: &Expr) -> bool {
    match (&expr.kind, &expr.ty) {
        (ExprKind::Literal(value), ty) => is_cheap_constant(value, ty),
        (ExprKind::Record(fields), Type::Record(_)) => {
            fields.iter().all(|(_, value)| is_cheap(value))
        }
        (ExprKind::List(items), Type::Tuple { .. }) => items.iter().all(is_cheap),
        (_, ty) if !is_copy(ty) => false,
        (ExprKind::Name(_), _) => true,
        (ExprKind::Field { base, .. }, _) => {
            matches!(base.kind, ExprKind::Name(_) | ExprKind::Field { .. })
        }
        (ExprKind::Widen(inner), _) => is_cheap(inner),
        (ExprKind::And(left, right) | ExprKind::Or(left, right), _) => {
            is_cheap(left) && is_cheap(right)
        }
        (ExprKind::Conditional { condition, then, otherwise }, _) => {
            [condition, then, otherwise].into_iter().all(|part| is_cheap(part))
        }
        (ExprKind::Call { op, args }, _) if COMPARISONS.contains(op) => {
            args.iter().all(|arg| is_number(&arg.ty) && is_cheap(arg))
        }
        _ => false,
    }
}

/// Operations that Rust has of its own for numbers and bools.
const COMPARISONS: [&str; 7] =
    ["not", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"];

fn is_number(ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Int | Type::Number)
}

/// What holds no text, list or map, and nothing in a `Box`.
fn is_cheap_constant(value: &Value, ty: &Type) -> bool {
    match (ty, value) {
        (Type::Optional { .. }, Value::Null) => true,
        (Type::Optional { some }, value) => is_cheap_constant(value, some),
        (Type::Record(record), Value::Object(fields)) => fields.iter().all(|(name, value)| {
            record.fields.get(name).is_none_or(|field| is_cheap_constant(value, &field.ty))
        }),
        (Type::Tuple { items }, Value::Array(values)) => {
            values.iter().zip(items.iter()).all(|(value, ty)| is_cheap_constant(value, ty))
        }
        (Type::Union(union), value) => {
            choice_of(union, value).is_some_and(|(_, choice)| is_cheap_constant(value, choice))
        }
        (ty, _) => is_copy(ty),
    }
}

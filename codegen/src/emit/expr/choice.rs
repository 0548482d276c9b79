//! What is read of unions and tuples.

use flowcrate::types::Type;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::{Code, Exprs, is_copy};
use crate::emit::names::ident;
use crate::emit::types::is_held_boxed;
use crate::expr::{Expr, ExprKind};

impl Exprs<'_, '_> {
    /// A part of a union or tuple, which the checker reads as a part of an `any`. `None` where
    /// `inner` is something else.
    pub(super) fn read_of_choice(&mut self, inner: &Expr, ty: &Type) -> Option<Code> {
        match &inner.kind {
            ExprKind::Key { base, key, or_absent } => {
                let union = whole(base)?;
                let ExprKind::Literal(Value::String(key)) = &key.kind else { return None };
                if let Some(code) = self.accessed(union, key, ty) {
                    return Some(code);
                }
                let function = if *or_absent { "find_field" } else { "get_field" };
                Some(self.part(union, function, &quote!(#key), ty))
            }
            ExprKind::Index { base, index, or_absent } => {
                let tuple = whole(base)?;
                if let Some(code) = self.tuple_element(tuple, index, ty) {
                    return Some(code);
                }
                let function = if *or_absent { "find_element" } else { "get_element" };
                let index = self.owned(index);
                Some(self.part(tuple, function, &index, ty))
            }
            _ => None,
        }
    }

    /// By the runtime's functions, which look at it as at any JSON.
    fn part(&mut self, whole: &Expr, function: &str, key: &TokenStream, ty: &Type) -> Code {
        let expr = self.emitter.symbols.import("flowcrate::expr");
        let read = if function.starts_with("find") { ty.some() } else { ty };
        let rust = self.emitter.types.rust(read, &self.hint, &mut self.emitter.symbols);
        self.emitter.types.decode(read);
        let whole = match self.code(whole) {
            Code::Option(code) | Code::Ref(code) => quote!(&#code),
            other => other.borrowed(),
        };
        let function = ident(function);
        self.fallible = true;
        Code::value(quote!(#expr::#function::<#rust>(#whole, #key)?))
    }

    /// By a method of the enum.
    fn accessed(&mut self, union: &Expr, key: &str, ty: &Type) -> Option<Code> {
        let of = union.ty.some();
        self.emitter.types.path(of, &self.hint, &mut super::super::symbols::Symbols::default());
        let (method, given) = self.emitter.types.accessor(of, key)?;
        if given.some() != ty.some() {
            return None;
        }
        let method = ident(&method);
        let owned = is_copy(&given);
        let code = match self.code(union) {
            Code::Absent => return Some(Code::Absent),
            code if matches!(union.ty, Type::Optional { .. }) => {
                let option = code.option();
                let call = if given.may_be_absent() {
                    quote!(#option.and_then(|value| value.#method()))
                } else {
                    quote!(#option.map(|value| value.#method()))
                };
                return Some(match (owned, given.some()) {
                    (true, _) => Code::value(call),
                    (false, Type::String) if !given.may_be_absent() => {
                        Code::value(quote!(#call.map(str::to_owned)))
                    }
                    (false, _) => Code::Option(call),
                });
            }
            code => {
                let code = code.receiver();
                quote!(#code.#method())
            }
        };
        let code = match (owned, given.may_be_absent()) {
            (true, _) => Code::value(code),
            (false, true) => Code::Option(code),
            (false, false) => Code::reference(code),
        };
        Some(self.adapt(code, &given, ty))
    }

    /// `pair.0`.
    fn tuple_element(&mut self, tuple: &Expr, index: &Expr, ty: &Type) -> Option<Code> {
        let Type::Tuple { items } = &tuple.ty else { return None };
        let ExprKind::Literal(index) = &index.kind else { return None };
        let length = i64::try_from(items.len()).ok()?;
        let index = index.as_i64()?;
        let place = usize::try_from(if index < 0 { index + length } else { index }).ok()?;
        let own = items.get(place).filter(|own| !is_held_boxed(own))?;
        let at = Literal::usize_unsuffixed(place);
        let code = match self.code(tuple) {
            Code::Absent => return Some(Code::Absent),
            code @ (Code::Place(_) | Code::Ref(_)) => {
                let base = code.receiver();
                Code::place(quote!(#base.#at))
            }
            code => {
                let base = code.receiver();
                Code::value(quote!(#base.#at))
            }
        };
        let fits = *own == *ty || own.clone().optional() == *ty;
        if fits { Some(self.adapt(code, own, ty)) } else { None }
    }
}

/// The union or tuple that an `any` was made of.
fn whole(any: &Expr) -> Option<&Expr> {
    let ExprKind::Widen(inner) = &any.kind else { return None };
    let ty = inner.ty.some().unfolded();
    matches!(ty.as_ref(), Type::Union(_) | Type::Tuple { .. }).then_some(inner)
}

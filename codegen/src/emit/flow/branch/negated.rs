//! The contrary of a condition, as a person would write it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::super::simpler::literal;
use crate::emit::names::ident;

/// The method that tells the contrary.
fn opposite(method: &Ident) -> Option<Ident> {
    let pairs = [("is_ok", "is_err"), ("is_some", "is_none")];
    let other = |(one, other): (&str, &'static str)| (method == one).then(|| ident(other));
    pairs
        .into_iter()
        .find_map(other)
        .or_else(|| pairs.into_iter().map(|(one, other)| (other, one)).find_map(other))
}

/// `!condition`, of any condition. Numbers of the language are finite, so all comparisons turn.
pub(in crate::emit::flow) fn negated(code: &TokenStream) -> TokenStream {
    if let Some(holds) = literal(code) {
        let fails = !holds;
        return quote!(#fails);
    }
    match syn::parse2::<syn::Expr>(code.clone()) {
        Ok(syn::Expr::Binary(mut binary)) => {
            let flipped = match binary.op {
                syn::BinOp::Eq(_) => Some(syn::BinOp::Ne(syn::token::Ne::default())),
                syn::BinOp::Ne(_) => Some(syn::BinOp::Eq(syn::token::EqEq::default())),
                syn::BinOp::Lt(_) => Some(syn::BinOp::Ge(syn::token::Ge::default())),
                syn::BinOp::Le(_) => Some(syn::BinOp::Gt(syn::token::Gt::default())),
                syn::BinOp::Gt(_) => Some(syn::BinOp::Le(syn::token::Le::default())),
                syn::BinOp::Ge(_) => Some(syn::BinOp::Lt(syn::token::Lt::default())),
                _ => None,
            };
            if let Some(op) = flipped {
                binary.op = op;
                quote!(#binary)
            } else {
                quote!(!(#code))
            }
        }
        Ok(syn::Expr::MethodCall(mut call)) if opposite(&call.method).is_some() => {
            call.method = opposite(&call.method).unwrap_or(call.method);
            quote!(#call)
        }
        Ok(syn::Expr::Unary(unary)) if matches!(unary.op, syn::UnOp::Not(_)) => match *unary.expr {
            syn::Expr::Paren(inner) => {
                let inner = inner.expr;
                quote!(#inner)
            }
            inner => quote!(#inner),
        },
        Ok(
            syn::Expr::Path(_)
            | syn::Expr::MethodCall(_)
            | syn::Expr::Call(_)
            | syn::Expr::Field(_)
            | syn::Expr::Macro(_),
        ) => {
            quote!(!#code)
        }
        Ok(syn::Expr::Paren(_)) => quote!(!#code),
        _ => quote!(!(#code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_turned_as_a_person_would() {
        let pairs = [
            (quote!(a == b), quote!(a != b)),
            (quote!(a != b), quote!(a == b)),
            (quote!(a < b), quote!(a >= b)),
            (quote!(a <= b), quote!(a > b)),
            (quote!(a > b), quote!(a <= b)),
            (quote!(a >= b), quote!(a < b)),
            (quote!(a || b), quote!(!(a || b))),
            (quote!(!(a || b)), quote!(a || b)),
            (quote!(!a.is_ready()), quote!(a.is_ready())),
            (quote!((a || b)), quote!(!(a || b))),
            (quote!(*flag), quote!(!(*flag))),
            (quote!(a.is_ok()), quote!(a.is_err())),
            (quote!(a.is_none()), quote!(a.is_some())),
            (quote!(a.is_ready()), quote!(!a.is_ready())),
            (quote!(order.paid), quote!(!order.paid)),
            (quote!(true), quote!(false)),
            (quote!(false), quote!(true)),
            (quote!(if a { b } else { c }), quote!(!(if a { b } else { c }))),
        ];
        for (condition, contrary) in pairs {
            assert_eq!(negated(&condition).to_string(), contrary.to_string());
        }
    }
}

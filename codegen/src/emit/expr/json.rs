//! `json!` values: what a graph sends as `any`, written as the JSON that it is.

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

use super::literal::json_tokens;
use super::{Code, Exprs};
use crate::emit::print::layout::macros;
use crate::expr::{Expr, ExprKind};

impl Exprs<'_, '_> {
    /// Anything as `any`, but what is one already, and constants, which the checker has widened.
    pub(super) fn as_any(&mut self, inner: &Expr) -> Code {
        if inner.ty == Type::Null {
            return Code::Absent;
        }
        self.emitter.symbols.import("serde_json::json");
        let value = self.json(inner);
        Code::value(macros::json(&value))
    }

    /// An expression within `json!`, which borrows what it is given.
    fn json(&mut self, expr: &Expr) -> TokenStream {
        match &expr.kind {
            ExprKind::Literal(value) => json_tokens(value),
            ExprKind::List(items) => {
                let items: Vec<_> = items.iter().map(|item| self.json(item)).collect();
                quote!([#(#items),*])
            }
            ExprKind::Record(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(key, value)| (key.clone(), self.json(value))).collect();
                macros::object(fields)
            }
            ExprKind::Widen(inner) if matches!(expr.ty, Type::Any | Type::Optional { .. }) => {
                self.json(inner)
            }
            _ => match self.code(expr) {
                Code::Option(code) => code,
                other => other.shown(),
            },
        }
    }
}

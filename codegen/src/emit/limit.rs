//! A workflow's limit (R24): what `#[workflow]` says of it, and the function that gives its key.

use flowcrate::types::Type;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::expr::Exprs;
use super::flow::without_question_mark;
use super::locals::{Form, Locals};
use super::names::ident;
use super::{Emitter, docs};
use crate::check::Limit;
use crate::expr::Expr;

impl Emitter<'_> {
    /// The attribute's part; nothing where the workflow has no limit.
    pub(super) fn limit(&mut self) -> Option<TokenStream> {
        let Limit { name, concurrency, rate, while_active, key } = self.checked.limit.as_ref()?;
        let name = name.as_ref().map(|name| quote!(name = #name));
        let concurrency = concurrency.map(|slots| {
            let slots = Literal::u32_unsuffixed(slots);
            quote!(concurrency = #slots)
        });
        let rate = rate.map(|rate| {
            let starts = Literal::u32_unsuffixed(rate.starts);
            let period = flowcrate::Duration(rate.period).to_string();
            quote!(rate(starts = #starts, period = #period))
        });
        let hold = while_active.then(|| quote!(hold = "while_active"));
        let key = key.as_ref().map(|key| {
            self.limit_key(key);
            let function = ident(&key_function(&self.own.function));
            quote!(key = #function)
        });
        let parts = [name, concurrency, rate, hold, key].into_iter().flatten();
        Some(quote!(, limit(#(#parts),*)))
    }

    /// The function that gives the key of a run from its input.
    fn limit_key(&mut self, key: &Expr) {
        let mut locals = Locals::default().borrowed();
        let ty = self.checked.input.clone();
        let owns_buffer = matches!(ty, Type::List { .. } | Type::String);
        if let [trigger] = self.workflow.triggers.as_slice() {
            locals.bind_trigger(trigger, ident("trigger"), ty, Form::Reference);
        }
        let hint = self.payload_hint();
        let mut exprs = Exprs::new(self, &locals, hint);
        let code = exprs.owned(key);
        let fallible = exprs.fallible;
        let code = match (fallible, without_question_mark(&code)) {
            (false, _) => code,
            (true, Some(call)) => quote!(#call.unwrap_or_default()),
            (true, None) => {
                let expr = self.symbols.import("flowcrate::expr");
                quote! {
                    let key = || -> std::result::Result<String, #expr::ExprError> { Ok(#code) };
                    key().unwrap_or_default()
                }
            }
        };
        let input = self.input_type();
        let function = ident(&key_function(&self.own.function));
        let counted = "By what a run counts under the limit.";
        let doc = docs::attributes(&[if fallible {
            format!("{counted} Those of which it cannot be told count together.")
        } else {
            counted.to_owned()
        }]);
        let slices = owns_buffer.then(
            || quote!(#[allow(clippy::ptr_arg, reason = "the input is a list or text of its own")]),
        );
        self.functions.push(quote! {
            #doc
            #slices
            fn #function(trigger: &#input) -> String { #code }
        });
    }
}

/// What the function is called that gives the key.
pub(super) fn key_function(workflow: &str) -> String {
    format!("{workflow}_key")
}

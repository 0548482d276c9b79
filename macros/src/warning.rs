//! Warnings on stable Rust: the use of a deprecated constant whose note is the message.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// A warning with a place in the user's code.
pub(crate) struct Warning {
    /// The token that it points at.
    pub(crate) span: Span,
    /// A word for what is wrong, part of what rustc prints: `step_in_a_loop`.
    pub(crate) name: &'static str,
    /// What is wrong and how to mend it.
    pub(crate) message: String,
}

/// The item that makes rustc print the warning; `allows` are the user's own lint levels.
pub(crate) fn tokens(warning: &Warning, allows: &[syn::Attribute]) -> TokenStream {
    let Warning { span, name, message } = warning;
    let name = Ident::new(name, *span);
    quote_spanned! {*span=>
        #(#allows)*
        const _: () = {
            #[deprecated(note = #message)]
            #[allow(non_upper_case_globals)]
            const #name: () = ();
            let () = #name;
        };
    }
}

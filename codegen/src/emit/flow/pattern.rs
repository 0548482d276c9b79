//! What a handle looks like in a `match`, by how a variable tells it.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;

use super::super::locals::{Form, HandleForm, Locals};
use super::branch::Scrutinee;
use super::{Flow, goes_on, variable};
use crate::check::Node;
use crate::ir::Part;
use crate::lower::{handles, rest};

impl Flow<'_, '_> {
    /// The pattern of a handle; binds what the arm reads of the node.
    pub(super) fn pattern(
        &mut self,
        node: &Node,
        handle: &str,
        scrutinee: &Scrutinee,
        (start, stop): (usize, usize),
        locals: &mut Locals,
    ) -> Option<Pattern> {
        let readers = &self.emitter.readers;
        if handle == "error" && locals.is_sound(&node.id) {
            return None;
        }
        // What only tells the handle leaves output and error where they are.
        let only_tells = matches!(
            scrutinee.form,
            HandleForm::Bool
                | HandleForm::OptionalBool
                | HandleForm::Text
                | HandleForm::OptionalText
                | HandleForm::Ran
        ) || goes_on(node);
        let reads = |part| !only_tells && readers.within(&node.id, part, start, stop);
        let (reads_output, reads_error) = (reads(Part::Output), reads(Part::Error));
        let names = self.emitter.names(&node.id);
        let form = if scrutinee.shared { Form::Reference } else { Form::Plain };
        if !only_tells {
            locals.forget(&node.id);
        }
        locals.bind_certain(&node.id, handle);
        let answered = is_answer(scrutinee.form) && matches!(handle, "approved" | "rejected");
        let carried = reads_output && (handle == "out" || answered);
        let value = variable(&names.value);
        if carried {
            let ty = node.output.clone().unwrap_or(flowcrate::types::Type::Null);
            locals.bind_output(&node.id, value.clone(), ty, form);
        }
        let output = if carried || answered { quote!(#value) } else { quote!(_) };
        let guard = answered.then(|| {
            if handle == "approved" { quote!(#value.approved) } else { quote!(!#value.approved) }
        });
        let error = if reads_error && handle == "error" {
            let name = variable(&names.error);
            locals.bind_error(&node.id, name.clone(), false, form);
            quote!(#name)
        } else {
            quote!(_)
        };
        let binds = carried || (reads_error && handle == "error");
        let way = if answered { "out" } else { handle };
        let pattern = match (scrutinee.form, way) {
            (HandleForm::Bool, "true" | "approved") => quote!(true),
            (HandleForm::Bool, "false" | "rejected") => quote!(false),
            (HandleForm::OptionalBool, "true") => quote!(Some(true)),
            (HandleForm::OptionalBool, "false") => quote!(Some(false)),
            (HandleForm::Caught | HandleForm::CaughtVerdict, "out") => quote!(Ok(#output)),
            (HandleForm::CaughtBool, "true") => quote!(Ok(true)),
            (HandleForm::CaughtBool, "false") => quote!(Ok(false)),
            (HandleForm::Event | HandleForm::Answer, "out") => quote!(Some(#output)),
            (HandleForm::Event | HandleForm::Answer, "timeout") => quote!(None),
            // Where it failed no value is there: what reads one finds it in the node's own variable.
            (HandleForm::CaughtEvent, "out") if goes_on(node) => quote!(Ok(Some(_)) | Err(_)),
            (HandleForm::CaughtEvent | HandleForm::CaughtAnswer, "out") => {
                quote!(Ok(Some(#output)))
            }
            (HandleForm::CaughtEvent | HandleForm::CaughtAnswer, "timeout") => quote!(Ok(None)),
            (
                HandleForm::Caught
                | HandleForm::CaughtBool
                | HandleForm::CaughtText
                | HandleForm::CaughtEvent
                | HandleForm::CaughtVerdict
                | HandleForm::CaughtAnswer,
                "error",
            ) => quote!(Err(#error)),
            (HandleForm::CaughtText, text) if text == rest(node) && goes_on(node) => quote!(_),
            (HandleForm::CaughtText, text) if text == rest(node) => quote!(Ok(_)),
            (HandleForm::CaughtText, text) => quote!(Ok(#text)),
            (HandleForm::Text, text) if text == rest(node) => quote!(_),
            (HandleForm::Text, text) => quote!(#text),
            (HandleForm::OptionalText, text) => quote!(Some(#text)),
            // Handles that a form does not have are never left by.
            _ => return None,
        };
        Some(Pattern { code: pattern, guard, binds })
    }
}

/// What a handle looks like in a `match`.
pub(super) struct Pattern {
    pub(super) code: TokenStream,
    /// What else has to hold, of what the pattern binds.
    pub(super) guard: Option<TokenStream>,
    /// Whether the code behind it uses what it binds.
    pub(super) binds: bool,
}

/// Whether the output of an approval is in there, which tells two handles.
fn is_answer(form: HandleForm) -> bool {
    matches!(form, HandleForm::Answer | HandleForm::CaughtVerdict | HandleForm::CaughtAnswer)
}

/// A pattern of which nothing is used, with `_` for what it binds.
pub(super) fn unbound(pattern: TokenStream) -> TokenStream {
    let each = |token| match token {
        TokenTree::Group(group) => {
            TokenTree::Group(Group::new(group.delimiter(), unbound(group.stream()))).into()
        }
        TokenTree::Ident(name) if is_variable(&name) => quote!(_),
        other => TokenStream::from(other),
    };
    pattern.into_iter().map(each).collect()
}

/// `true` and `false` look like names, and are what is asked for.
fn is_variable(name: &Ident) -> bool {
    let name = name.to_string();
    name.starts_with(char::is_lowercase) && name != "true" && name != "false"
}

/// The names that a pattern binds.
pub(super) fn bound_names(pattern: &TokenStream) -> Vec<String> {
    let each = |token| match token {
        TokenTree::Group(group) => bound_names(&group.stream()),
        TokenTree::Ident(name) if is_variable(&name) => vec![name.to_string()],
        _ => Vec::new(),
    };
    pattern.clone().into_iter().flat_map(each).collect()
}

/// How many patterns a form has in all.
pub(super) fn form_size(node: &Node, form: HandleForm) -> usize {
    match form {
        HandleForm::Bool | HandleForm::Caught | HandleForm::Event | HandleForm::Verdict => 2,
        HandleForm::CaughtBool
        | HandleForm::CaughtEvent
        | HandleForm::Answer
        | HandleForm::CaughtVerdict => 3 - usize::from(goes_on(node)),
        HandleForm::CaughtAnswer => 4,
        HandleForm::Text | HandleForm::CaughtText => handles(node).len(),
        HandleForm::OptionalBool | HandleForm::OptionalText | HandleForm::Ran => usize::MAX,
    }
}

//! Running one node: its code, and what becomes of its failure (S21).

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

use super::super::kinds::{self, NodeCode, Outcome};
use super::super::locals::{Form, HandleForm, Locals};
use super::{Flow, Lines, catches, variable};
use crate::check::{Body, Node};
use crate::ir::{Part, default_handle};
use crate::lower::handles;

/// What is read of a node after it ran.
struct Reads {
    output: bool,
    error: bool,
    handle: bool,
}

impl Flow<'_, '_> {
    /// A node that no branch right behind it goes by.
    pub(super) fn run(&mut self, node: &Node, locals: &mut Locals, lines: &mut Lines) {
        if node.disabled {
            locals.bind_certain(&node.id, default_handle(&node.body));
            return;
        }
        if self.emitter.checked.dropped.contains(&node.id) {
            locals.bind_certain(&node.id, "out");
            return;
        }
        let mut code = kinds::emit(self, node, locals);
        if let Some(returned) = code.returned.take() {
            lines.push(returned);
            locals.returned = (!self.doomed).then(|| (variable("output"), true));
        }
        let reads = Reads {
            output: self.emitter.readers.any(&node.id, Part::Output),
            error: self.emitter.readers.any(&node.id, Part::Error),
            handle: self.emitter.readers.any(&node.id, Part::Handle),
        };
        match (&code.outcome, catches(node) && !planted!("a failure is not caught")) {
            (Outcome::Failure(failure), caught) => {
                self.run_fail(node, (&code.prelude, failure), caught, locals, lines);
            }
            (_, true) if code.may_fail() => self.run_caught(node, code, &reads, locals, lines),
            _ => self.run_plain(node, code, &reads, locals, lines),
        }
    }

    fn run_fail(
        &mut self,
        node: &Node,
        (prelude, failure): (&[TokenStream], &TokenStream),
        caught: bool,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        if !caught {
            for line in prelude {
                lines.push(line.clone());
            }
            let failed = self.failed(failure);
            lines.push(quote!(return #failed;));
            lines.diverges = true;
            return;
        }
        let handle = if handles(node).contains(&"error") { "error" } else { "out" };
        locals.bind_certain(&node.id, handle);
        if self.emitter.readers.any(&node.id, Part::Error) {
            let name = variable(&self.emitter.names(&node.id).error);
            if prelude.is_empty() {
                lines.push(quote!(let #name = #failure;));
            } else {
                // What it says may fail itself; that is its failure, then.
                self.emitter.symbols.import("flowcrate::Caught");
                let error = self.emitter.symbols.import("flowcrate::Error");
                lines.push(quote! {
                    let #name = async { #(#prelude)* Ok::<_, #error>(#failure) }
                        .await
                        .caught()?
                        .unwrap_or_else(|failure| failure);
                });
            }
            locals.bind_error(&node.id, name, false, Form::Plain);
        }
    }

    /// A failure leaves the function.
    fn run_plain(
        &mut self,
        node: &Node,
        code: NodeCode,
        reads: &Reads,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let pure = !code.may_fail();
        locals.bind_sound(&node.id);
        for line in code.prelude {
            lines.push(line);
        }
        let value = code.outcome.unwrapped();
        let comment = super::super::comment(node);
        if let Body::Return { .. } = node.body {
            if self.doomed {
                // Nothing reads it; its own failure still comes first.
                if !pure {
                    lines.push(quote!(#value;));
                }
                return;
            }
            let name = variable("output");
            lines.push_let(None, &name, &value);
            locals.returned = Some((name, false));
            return;
        }
        let name = variable(&self.emitter.names(&node.id).value);
        let (form, needed) = match &node.body {
            Body::Condition { .. } => (Some(HandleForm::Bool), reads.handle),
            Body::Switch { .. } => (Some(HandleForm::Text), reads.handle),
            Body::WaitEvent { timeout: Some(_), .. } => {
                (Some(HandleForm::Event), reads.handle || reads.output)
            }
            Body::Approval(approval) => {
                let timed = approval.timeout.is_some();
                let form = if timed { HandleForm::Answer } else { HandleForm::Verdict };
                (Some(form), reads.handle || reads.output)
            }
            _ => (None, reads.output),
        };
        match form {
            Some(form) => locals.bind_handle(&node.id, name.clone(), form),
            None => locals.bind_certain(&node.id, "out"),
        }
        if let Some(ty) = held_type(node) {
            locals.bind_output(&node.id, name.clone(), ty, Form::Plain);
        }
        if needed {
            lines.push_let(comment.as_ref(), &name, &value);
        } else if !pure {
            lines.push(quote!(#comment #value;));
        }
    }

    /// A failure becomes a value.
    fn run_caught(
        &mut self,
        node: &Node,
        code: NodeCode,
        reads: &Reads,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let value = self.caught(code);
        let comment = super::super::comment(node);
        let returns = matches!(node.body, Body::Return { .. }) && !self.doomed;
        if returns {
            return self.return_caught(node, &value, reads, locals, lines);
        }
        if !(reads.output || reads.error || reads.handle && handles(node).len() > 1) {
            locals.bind_certain(&node.id, "out");
            lines.push(quote!(#comment let _ = #value;));
            return;
        }
        let name = variable(&self.emitter.names(&node.id).value);
        lines.push(quote!(#comment let #name = #value;));
        bind_caught(node, &name, locals);
    }

    /// A return whose failure leads somewhere: then nothing is returned, so the output is optional.
    fn return_caught(
        &mut self,
        node: &Node,
        value: &TokenStream,
        reads: &Reads,
        locals: &mut Locals,
        lines: &mut Lines,
    ) {
        let output = variable("output");
        locals.returned = Some((output.clone(), false));
        if !(reads.error || reads.handle) {
            locals.bind_certain(&node.id, "out");
            lines.push_let(None, &output, &quote!(#value.unwrap_or_default()));
            return;
        }
        let name = variable(&self.emitter.names(&node.id).value);
        lines.push(quote!(let #name = #value;));
        lines.push_let(None, &output, &quote!(#name.clone().unwrap_or_default()));
        bind_caught(node, &name, locals);
    }

    /// An expression of type `Result<T, Failure>`.
    pub(super) fn caught(&mut self, code: NodeCode) -> TokenStream {
        self.emitter.symbols.import("flowcrate::Caught");
        let NodeCode { prelude, outcome, .. } = code;
        let result = match outcome {
            Outcome::Future(future) if prelude.is_empty() => quote!(#future.await),
            Outcome::Future(future) => quote!(async { #(#prelude)* #future.await }.await),
            Outcome::Result(result) => result,
            Outcome::Value(value) => quote!(Ok(#value)),
            Outcome::Failure(failure) => quote!(Err(#failure.into())),
        };
        quote!(#result.caught()?)
    }

    /// The last node of a function whose `Result` is the function's.
    pub(super) fn run_as_tail(&mut self, node: &Node, locals: &Locals, lines: &mut Lines) {
        self.emitter.last_use = matches!(node.body, Body::Return { .. } | Body::Transform { .. });
        let code = kinds::emit(self, node, locals);
        self.emitter.last_use = false;
        for line in code.prelude {
            lines.push(line);
        }
        lines.push(match code.outcome {
            Outcome::Future(future) => quote!(#future.await),
            Outcome::Result(result) => result,
            Outcome::Value(value) => quote!(Ok(#value)),
            Outcome::Failure(failure) => self.failed(&failure),
        });
        // Nothing comes after a tail.
        lines.diverges = true;
    }
}

/// The type of what the variable of a node's output holds.
pub(super) fn held_type(node: &Node) -> Option<Type> {
    let ty = node.output.clone()?;
    Some(if node.body.times_out() { ty.optional() } else { ty })
}

/// Binds a variable that holds a `Result`.
fn bind_caught(node: &Node, name: &proc_macro2::Ident, locals: &mut Locals) {
    let id = &node.id;
    let form = match &node.body {
        Body::Condition { .. } => HandleForm::CaughtBool,
        Body::Switch { .. } => HandleForm::CaughtText,
        Body::WaitEvent { timeout: Some(_), .. } => HandleForm::CaughtEvent,
        Body::Approval(approval) if approval.timeout.is_some() => HandleForm::CaughtAnswer,
        Body::Approval(_) => HandleForm::CaughtVerdict,
        _ => HandleForm::Caught,
    };
    if handles(node).len() > 1 {
        locals.bind_handle(id, name.clone(), form);
    } else {
        locals.bind_certain(id, "out");
    }
    if let Some(ty) = held_type(node) {
        locals.bind_output(id, name.clone(), ty, Form::Caught);
    }
    locals.bind_error(id, name.clone(), false, Form::Caught);
}

//! `steps.rs` and `custom.rs`, and the types that steps bring along.

use flowcrate::types::{Field, RecordType, Type};
use proc_macro2::TokenStream;
use quote::quote;

use super::symbols::Symbols;
use super::types::{Hint, Types};
use super::{Emitter, docs, kinds, output_of, print};
use crate::check::{Approval, Body, Call, Node, OnItemError, Scope};
use crate::expr::{Expr, ExprKind};
use crate::lower::is_trigger;

impl<'a> Emitter<'a> {
    /// All nodes, those of a loop right behind it, and what undoes a step behind the step.
    fn nodes_in_order(&self) -> Vec<&'a Node> {
        fn collect<'a>(emitter: &Emitter<'a>, scope: &'a Scope, found: &mut Vec<&'a Node>) {
            for node in scope.nodes.iter().filter_map(|id| emitter.checked.nodes.get(id)) {
                found.push(node);
                found.extend(node.body.undo().map(|undo| undo.node.as_ref()));
                for (_, body) in node.body.scopes() {
                    collect(emitter, body, found);
                }
            }
        }
        let mut found = Vec::new();
        let checked = self.checked;
        collect(self, &checked.root, &mut found);
        found
    }

    /// Structures that are types of other crates.
    pub(super) fn name_all_outside_types(&mut self) {
        self.types.outside(&Types::failure(), "flowcrate", "Failure", None);
        for node in self.nodes_in_order() {
            self.name_outside_types(node);
        }
    }

    /// Gives names to the types of the graph's interface, so that none depends on which code
    /// happens to need it first; and notes what is read from JSON.
    pub(super) fn name_types(&mut self) {
        let mut ignored = Symbols::default();
        if self.workflow.triggers.len() > 1 {
            for id in &self.workflow.triggers {
                let ty = self.checked.nodes.get(id).map_or(Type::Any, output_of);
                let hint = self.trigger_hint(id);
                self.types.rust(&ty, &hint, &mut ignored);
                self.types.decode(&ty);
            }
        } else {
            let hint = self.payload_hint();
            self.types.rust(&self.workflow.input, &hint, &mut ignored);
            self.types.decode(&self.workflow.input);
        }
        for node in self.nodes_in_order() {
            self.name_node_types(node, &mut ignored);
        }
        // Last, since what a run gives is mostly what one of its nodes gave.
        let hint = self.output_hint();
        self.types.rust(&self.workflow.output, &hint, &mut ignored);
        self.types.decode(&self.workflow.output);
    }

    fn name_outside_types(&mut self, node: &Node) {
        if let Some(manifest) = self.catalogue.actions.get(&node.kind) {
            let items = &manifest.rust;
            self.types.outside(&manifest.input, &items.module, &items.input, None);
            self.types.outside_within(&manifest.input, &items.module);
            self.types.outside_within(&manifest.output, &items.module);
            let (Body::Action { generic, .. }, Some(output)) = (&node.body, &node.output) else {
                return;
            };
            let generic = match (&manifest.generic_output, generic) {
                (Some(_), Some(generic)) => Some(generic.clone()),
                (Some(_), None) => Some(Type::Any),
                (None, _) => None,
            };
            self.types.outside(output, &items.module, &items.output, generic.as_ref());
        }
        if let Body::Approval(Approval { verdict, .. }) = &node.body {
            self.types.outside(verdict, "flowcrate", "Verdict", Some(&form_of(verdict)));
        }
        if let (
            Body::ForEach { on_item_error: OnItemError::Collect, .. },
            Some(Type::List { items }),
        ) = (&node.body, &node.output)
            && let Type::Record(outcome) = items.as_ref()
        {
            self.types.outside(items, "flowcrate", "ItemOutcome", Some(&outcome_value(outcome)));
        }
    }

    fn name_node_types(&mut self, node: &Node, ignored: &mut Symbols) {
        match &node.body {
            Body::Action { input, generic, .. } => {
                if let Some(generic) = generic {
                    let hint = self.hint(&node.id, "Body", "The response of");
                    self.types.rust(generic, &hint, ignored);
                }
                let hint = self.hint(&node.id, "Input", "The input of");
                self.types.rust(&input.ty, &hint, ignored);
                self.decode_output(node, ignored);
            }
            Body::Custom { input, .. } => {
                let hint = self.hint(&node.id, "Input", "The input of");
                if matches!(input.kind, ExprKind::Record(_)) {
                    self.types.name_input(&node.id, &input.ty, &hint);
                } else {
                    self.types.rust(&input.ty, &hint, ignored);
                    self.types.decode(&input.ty);
                }
                let hint = self.hint(&node.id, "Output", "The output of");
                self.types.name_output(&node.id, &output_of(node), &hint);
                self.decode_output(node, ignored);
            }
            Body::WaitEvent { event, payload, .. } => {
                let hint = self.event_hint(node, event);
                self.types.rust(payload, &hint, ignored);
                self.types.decode(payload);
            }
            Body::Approval(Approval { event, verdict, .. }) => {
                let hint = self.event_hint(node, event);
                self.types.rust(verdict, &hint, ignored);
                self.types.decode(verdict);
            }
            Body::ForEach { body, .. } => {
                if let Some(result) = &body.result {
                    let hint = self.hint(&node.id, "Result", "What one item gives in");
                    self.types.rust(&result.ty, &hint, ignored);
                    self.types.decode(&result.ty);
                }
            }
            Body::While { init, .. } => {
                let hint = self.hint(&node.id, "State", "What one iteration leaves to the next in");
                self.types.rust(&init.ty, &hint, ignored);
                self.types.decode(&init.ty);
            }
            Body::Race { .. } | Body::Try { .. } => {
                let ty = output_of(node);
                let hint = self.hint(&node.id, "Output", "What comes of");
                self.types.rust(&ty, &hint, ignored);
                self.types.decode(&ty);
            }
            Body::CallWorkflow(call) => {
                self.name_input_of_call(call, ignored);
                let Some(callee) = self.crew.member(&call.workflow) else { return };
                let name = docs::code(&call.workflow);
                let hint = Hint::new(
                    format!("{}Output", callee.structure),
                    format!("What a run of `{name}` gives."),
                );
                let ty = output_of(node);
                self.types.rust(&ty, &hint, ignored);
                self.types.decode(&ty);
            }
            Body::StartWorkflow(call) => self.name_input_of_call(call, ignored),
            Body::Manual
            | Body::Webhook { .. }
            | Body::Schedule { .. }
            | Body::Condition { .. }
            | Body::Switch { .. }
            | Body::Transform { .. }
            | Body::Wait { .. }
            | Body::Respond { .. }
            | Body::Return { .. }
            | Body::Fail { .. } => {}
        }
    }

    fn name_input_of_call(&mut self, call: &Call, ignored: &mut Symbols) {
        let hint = self.call_hint(call);
        self.types.rust(&call.input.ty, &hint, ignored);
    }

    /// For what starts a run of another workflow: named after its trigger, as it is there.
    pub(super) fn call_hint(&self, call: &Call) -> Hint {
        let callee = self.checked.callees.get(&call.workflow);
        let triggers = callee.into_iter().flat_map(|callee| callee.nodes.values());
        let mut triggers = triggers.filter(|node| is_trigger(&node.body));
        let started = |node: &&Node| call.trigger.as_ref().is_none_or(|id| node.id == *id);
        let Some(trigger) = triggers.find(started) else { return Hint::new("Input", "") };
        let name = docs::code(&call.workflow);
        Hint::new(
            super::names::pascal(&trigger.label, "Input"),
            format!("Payload of the trigger `{}` of `{name}`.", trigger.id),
        )
    }

    fn decode_output(&mut self, node: &Node, ignored: &mut Symbols) {
        let ty = output_of(node);
        let hint = self.hint(&node.id, "Output", "The output of");
        self.types.rust(&ty, &hint, ignored);
        self.types.decode(&ty);
    }

    /// The Rust type of a step's output, in `steps.rs`.
    pub(super) fn step_output(&mut self, node: &Node, symbols: &mut Symbols) -> TokenStream {
        if let Some(own) = self.types.output(&node.id, symbols) {
            return own;
        }
        let hint = self.hint(&node.id, "Output", "The output of");
        self.types.rust(&output_of(node), &hint, symbols)
    }

    /// The Rust type of a step's input.
    pub(super) fn step_input(
        &mut self,
        node: &Node,
        input: &Expr,
        symbols: &mut Symbols,
    ) -> TokenStream {
        let hint = self.hint(&node.id, "Input", "The input of");
        match self.types.input(&node.id, symbols) {
            Some(own) => own,
            None => self.types.rust(&input.ty, &hint, symbols),
        }
    }

    /// `steps.rs`.
    pub(super) fn steps(&mut self) -> Option<String> {
        let mut items = print::Items::default();
        let mut symbols = self.own.symbols();
        let mut any = false;
        for node in self.nodes_in_order().into_iter().filter(|node| !node.disabled) {
            match &node.body {
                Body::Custom { input, policy, .. } | Body::Action { input, policy, .. }
                    if node.is_written() =>
                {
                    items.push(kinds::custom_step(self, node, (input, policy), &mut symbols));
                    any = true;
                }
                Body::Action { input, policy, .. } => {
                    if let Some(manifest) = self.catalogue.actions.get(&node.kind) {
                        items.push(kinds::action_step(
                            self,
                            node,
                            manifest,
                            (input, policy),
                            &mut symbols,
                        ));
                        any = true;
                    }
                }
                _ => {}
            }
        }
        if !any {
            return None;
        }
        self.custom_trait(&mut symbols, &mut items);
        let uses = symbols.uses();
        self.step_symbols = symbols;
        let name = docs::code(&self.workflow.name);
        let docs = docs::inner(&[format!(
            "The steps of `{name}`: what each does, and when it is tried again."
        )]);
        Some(print::file_of(&docs, uses, &items))
    }

    fn custom_nodes(&self) -> Vec<&'a Node> {
        let nodes = self.nodes_in_order().into_iter();
        nodes.filter(|node| !node.disabled && node.is_written()).collect()
    }

    /// The trait whose methods a person writes.
    fn custom_trait(&mut self, symbols: &mut Symbols, items: &mut print::Items) {
        let nodes = self.custom_nodes();
        if nodes.is_empty() {
            return;
        }
        let overridden = nodes.iter().filter(|node| node.is_overridden()).count();
        let customs = nodes.len() - overridden;
        let file = format!("src/{}.rs", self.own.custom());
        let text = format!("`{{id}}` is not written yet: see {file}");
        let mut paragraphs = Vec::new();
        if customs > 0 {
            paragraphs.push(format!(
                "The custom nodes, written in `{file}`. One that is not written yet fails."
            ));
        }
        if overridden > 0 {
            paragraphs.push(
                format!("The actions that `{file}` overrides: one that is not written there does what the action does."),
            );
        }
        let doc = docs::attributes(&paragraphs);
        let methods = nodes.into_iter().filter_map(|node| {
            let input = node.body.step_input()?;
            Some(kinds::custom_method(self, node, input, symbols))
        });
        items.push_members(quote!(#doc pub trait Custom), methods);
        if customs > 0 {
            items.push(quote! {
                /// The failure of a custom node that nobody has written.
                fn not_written(id: &str) -> StepError {
                    StepError::fatal("not_written", format!(#text))
                }
            });
        }
    }

    /// `custom.rs` as it is first written.
    pub(super) fn custom(&mut self) -> Option<String> {
        let nodes = self.custom_nodes();
        if nodes.is_empty() {
            return None;
        }
        let mut symbols = Symbols::outside();
        symbols.import(&format!("{}::Custom", self.own.path("steps")));
        let mut items = print::Items::default();
        items.push(quote! {
            /// The functions of this workflow's custom nodes.
            pub struct Functions;
        });
        let methods = nodes.into_iter().filter_map(|node| {
            let input = node.body.step_input()?;
            Some(kinds::written_method(self, node, input, &mut symbols))
        });
        items.push_members(quote!(impl Custom for Functions), methods);
        let docs = docs::inner(&[
            "The custom nodes: yours to write.".to_owned(),
            "An export writes this file once and never again. A node that is added later fails with `not_written` until its method of [`Custom`] is written here.".to_owned(),
        ]);
        Some(print::own_file_of(&docs, symbols.uses(), &items))
    }
}

/// The type of what the form of an answer holds.
pub(super) fn form_of(verdict: &Type) -> Type {
    let Type::Record(verdict) = verdict else { return Type::Null };
    verdict.fields.get("form").map_or(Type::Null, |form| form.ty.clone())
}

/// The type of `value` in the outcome of an item.
fn outcome_value(outcome: &RecordType) -> Type {
    match outcome.fields.get("value") {
        Some(Field { ty: Type::Optional { some }, .. }) => some.as_ref().clone(),
        Some(Field { ty, .. }) => ty.clone(),
        None => Type::Null,
    }
}

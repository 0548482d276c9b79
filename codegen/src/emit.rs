//! From the IR to Rust source: the workflow function, its steps, its types.
//!
//! Items are built with quote and printed with prettyplease; every identifier comes from one
//! allocator (`names`), every outside item through `symbols`, so that `use` lines and the
//! manifest follow from the code. Same graph, same bytes.

pub(crate) mod docs;
mod expr;
mod flow;
mod input;
mod kinds;
mod lints;
mod locals;
mod names;
pub(crate) mod print;
mod readers;
mod steps;
mod symbols;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::catalogue::Catalogue;
use flowcrate::types::Type;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::check::{Body, Checked, Node, NodeId};
use crate::ir::Workflow;

use flow::{Final, Flow};
use locals::{HandleForm, Held, Locals};
use names::{NodeNames, ident, pascal, snake};
use readers::Readers;
use symbols::Symbols;
use types::{Hint, Types};

/// The emitted sources of a crate, one string per file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// `src/generated/workflow.rs`: the workflow function.
    pub workflow: String,
    /// `src/generated/steps.rs`: one function per step; none where the graph has no steps.
    pub steps: Option<String>,
    /// `src/generated/types.rs`: the data; none where the graph needs no types of its own.
    pub types: Option<String>,
    /// `src/custom.rs` as it is first written; none where the graph has no custom nodes.
    pub custom: Option<String>,
    /// The workflow function's name: `order_intake`.
    pub function: String,
    /// The struct that implements `flowcrate::Workflow`: `OrderIntake`.
    pub structure: String,
    /// The Rust type of the input: a name in `types`, `serde_json::Value`, or a built-in type.
    pub input_type: String,
    /// The Rust type of the output, likewise.
    pub output_type: String,
    /// The packages that the sources name, `flowcrate` among them, with the features they need.
    pub dependencies: BTreeMap<String, BTreeSet<String>>,
}

/// Emits a lowered workflow.
pub fn emit(workflow: &Workflow, checked: &Checked, catalogue: &Catalogue) -> Emitted {
    let mut emitter = Emitter::new(workflow, checked, catalogue);
    emitter.name_types();
    let function = emitter.workflow_function();
    let (steps, custom) = (emitter.steps(), emitter.custom());
    emitter.finish(function, steps, custom)
}

/// What all parts of the emitter share.
pub(crate) struct Emitter<'a> {
    workflow: &'a Workflow,
    checked: &'a Checked,
    catalogue: &'a Catalogue,
    /// The workflow function's name.
    function: String,
    /// The struct's name, as `#[workflow]` makes it.
    structure: String,
    names: BTreeMap<NodeId, NodeNames>,
    readers: Readers,
    types: Types,
    /// How many loops stand around the code that is being emitted.
    loop_depth: usize,
    /// The triggers whose payload code asks the input for.
    accessors: BTreeSet<NodeId>,
    /// Whether the code that is being emitted is the last of its function.
    last_use: bool,
    /// Lints that the code since the last function trips by saying what the graph says.
    lints: BTreeSet<&'static str>,
    /// Functions of `workflow.rs` besides the workflow's.
    functions: Vec<TokenStream>,
    /// Imports of `workflow.rs`.
    symbols: Symbols,
    /// Imports of `steps.rs`.
    step_symbols: Symbols,
}

impl<'a> Emitter<'a> {
    fn new(workflow: &'a Workflow, checked: &'a Checked, catalogue: &'a Catalogue) -> Self {
        let function =
            names::Allocator::values().allocate(&snake(&workflow.name, "run"), "_workflow");
        let structure = camel_case(&function);
        let mut readers = Readers::default();
        readers.add(checked, &checked.root, &workflow.body);
        for (id, block) in &workflow.scopes {
            let scopes = checked.nodes.get(&id.scope).map(|node| node.body.scopes());
            let body = scopes.into_iter().flatten().find(|(region, _)| *region == id.name);
            if let Some((_, body)) = body {
                readers.add(checked, body, block);
            }
        }
        Self {
            names: names::node_names(checked, &function),
            types: Types::reserving(&structure),
            readers,
            workflow,
            checked,
            catalogue,
            function,
            structure,
            loop_depth: 0,
            accessors: BTreeSet::new(),
            last_use: false,
            lints: BTreeSet::new(),
            functions: Vec::new(),
            symbols: Symbols::default(),
            step_symbols: Symbols::default(),
        }
    }

    /// The names of a node.
    fn names(&self, id: &NodeId) -> NodeNames {
        self.names.get(id).cloned().unwrap_or_else(|| NodeNames::of(id))
    }

    /// The variable of the closures in which `item` is an element of the node's list.
    fn item_of(&self, id: &str) -> Ident {
        self.names.get(id).map_or_else(|| ident("item"), |names| ident(&names.item))
    }

    /// A name and a sentence for a type that belongs to a node.
    fn hint(&self, id: &NodeId, suffix: &str, what: &str) -> Hint {
        let stem = self.names(id).stem;
        let label = self.checked.nodes.get(id).map_or("", |node| node.label.as_str());
        let doc = match what {
            "" => String::new(),
            what => format!("{what} `{id}` ({}).", docs::plain(label)),
        };
        Hint::new(format!("{stem}{suffix}"), doc)
    }

    /// For the run's output.
    fn output_hint(&self) -> Hint {
        Hint::new(
            format!("{}Output", self.structure),
            format!("What a run of `{}` gives.", docs::code(&self.workflow.name)),
        )
    }

    /// The type of the run's output.
    fn workflow_output(&self) -> Type {
        self.workflow.output.clone()
    }

    /// The Rust type of what a variable holds, and whether it is passed by reference.
    fn held_type(&mut self, held: &Held, hint: &Hint) -> (TokenStream, bool) {
        match held {
            Held::Value(ty) => (self.types.rust(ty, hint, &mut self.symbols), true),
            Held::Caught(ty) => {
                let ty = self.types.rust(ty, hint, &mut self.symbols);
                let failure = self.symbols.import("flowcrate::Failure");
                (quote!(std::result::Result<#ty, #failure>), true)
            }
            Held::Index => (quote!(i64), false),
            Held::Handle(form) => match form {
                HandleForm::Bool | HandleForm::Ran => (quote!(bool), false),
                HandleForm::Text => (quote!(&'static str), false),
                HandleForm::OptionalBool => (quote!(Option<bool>), false),
                HandleForm::OptionalText => (quote!(Option<&'static str>), false),
                HandleForm::CaughtBool => self.held_result(&quote!(bool)),
                HandleForm::CaughtText => self.held_result(&quote!(&'static str)),
                // Held by the variable of the output.
                HandleForm::Caught
                | HandleForm::Event
                | HandleForm::CaughtEvent
                | HandleForm::Verdict
                | HandleForm::Answer
                | HandleForm::CaughtVerdict
                | HandleForm::CaughtAnswer => self.held_result(&quote!(())),
            },
        }
    }

    fn held_result(&mut self, ty: &TokenStream) -> (TokenStream, bool) {
        let failure = self.symbols.import("flowcrate::Failure");
        (quote!(std::result::Result<#ty, #failure>), true)
    }

    /// For an event's payload.
    fn event_hint(&self, node: &Node, event: &str) -> Hint {
        let stem = self.names(&node.id).stem;
        Hint::new(pascal(event, &stem), format!("Payload of the event `{}`.", docs::code(event)))
    }

    /// The workflow function with its attribute.
    fn workflow_function(&mut self) -> TokenStream {
        let mut locals = Locals::default();
        if let [trigger] = self.workflow.triggers.as_slice() {
            let ty = self.checked.input.clone();
            locals.bind_trigger(trigger, ident("trigger"), ty, locals::Form::Plain);
            locals.bind_certain(trigger, "out");
        }
        let workflow = self.workflow;
        let end = Final::Output(workflow.output.clone());
        let body = Flow::new(self).body(&workflow.body, locals, &end);
        let attribute = self.symbols.import("flowcrate::workflow");
        let context = self.symbols.import("flowcrate::Context");
        let result = self.symbols.import("flowcrate::Result");
        let input = self.input_type();
        let output = self.output_type();
        let (name, revision) = (&workflow.name, &workflow.revision);
        let (undos, events) = (self.undos(), self.events());
        let parameter = |name: &str| {
            if expr::mentions(&body, name) { ident(name) } else { ident(&format!("_{name}")) }
        };
        let (ctx, trigger) = (parameter("ctx"), parameter("trigger"));
        let function = ident(&self.function);
        let mut paragraphs = docs::paragraphs(&workflow.description);
        paragraphs.push(format!(
            "The workflow `{}`, started by {}.",
            docs::code(name),
            self.started_by()
        ));
        let doc = docs::attributes(&paragraphs);
        let lints = lints::attributes(&std::mem::take(&mut self.lints));
        quote! {
            #doc
            #lints
            #[#attribute(name = #name, revision = #revision #undos #events)]
            pub async fn #function(#ctx: #context, #trigger: #input) -> #result<#output> { #body }
        }
    }

    /// The steps that undo others, each by the id of what it undoes.
    fn undos(&mut self) -> Option<TokenStream> {
        let nodes = self.checked.nodes.values().filter(|node| !node.disabled);
        let undone = nodes.filter_map(|node| Some((node.id.as_str(), node.body.undo()?)));
        let mut registered = Vec::new();
        for (id, undo) in undone.collect::<Vec<_>>() {
            let name = self.names(&undo.node.id).value.clone();
            let function = self.symbols.import(&format!("super::steps::{name}"));
            registered.push(quote!(#id = #function));
        }
        (!registered.is_empty()).then(|| quote!(, undo(#(#registered),*)))
    }

    /// The events that the workflow waits for, each with its payload's type.
    fn events(&mut self) -> Option<TokenStream> {
        let mut declared = Vec::new();
        for event in &self.workflow.events {
            let name = &event.name;
            let waits = |node: &&Node| node.body.event().is_some_and(|(event, _)| event == name);
            let Some(node) = self.checked.nodes.values().find(waits) else { continue };
            let hint = self.event_hint(node, name);
            let payload = self.types.rust(&event.payload, &hint, &mut self.symbols);
            declared.push(quote!(#name = #payload));
        }
        (!declared.is_empty()).then(|| quote!(, events(#(#declared),*)))
    }

    fn started_by(&self) -> String {
        let names = self.workflow.triggers.iter().filter_map(|id| self.checked.nodes.get(id));
        let names: Vec<String> =
            names.map(|node| format!("`{}` ({})", node.id, docs::code(&node.kind))).collect();
        names.join(" or ")
    }

    fn output_type(&mut self) -> TokenStream {
        let hint = self.output_hint();
        self.types.rust(&self.workflow.output, &hint, &mut self.symbols)
    }

    fn finish(
        mut self,
        function: TokenStream,
        steps: Option<String>,
        custom: Option<String>,
    ) -> Emitted {
        let input_type = type_text(&self.input_type());
        let output_type = type_text(&self.output_type());
        let name = docs::code(&self.workflow.name);
        let docs = docs::inner(&[format!("The control flow of `{name}`.")]);
        // A function stands before those that it calls.
        let functions = std::mem::take(&mut self.functions).into_iter().rev();
        let items: Vec<TokenStream> = std::iter::once(function).chain(functions).collect();
        let items = self.symbols.uses_of(&items).into_iter().chain(items).collect();
        let workflow = print::file(&docs, items);
        let mut type_symbols = Symbols::at("super::types");
        let types = self.types_file(&mut type_symbols);
        let mut dependencies = BTreeMap::new();
        for symbols in [&self.symbols, &self.step_symbols, &type_symbols] {
            for (package, features) in symbols.needs() {
                let all: &mut BTreeSet<String> = dependencies.entry(package.clone()).or_default();
                all.extend(features.iter().cloned());
            }
        }
        dependencies.entry("flowcrate".to_owned()).or_default().insert("engine".to_owned());
        Emitted {
            workflow,
            steps,
            types,
            custom,
            function: self.function,
            structure: self.structure,
            input_type,
            output_type,
            dependencies,
        }
    }

    fn types_file(&mut self, symbols: &mut Symbols) -> Option<String> {
        let mut items = self.input_items(symbols);
        if items.is_empty() && self.types.is_empty() {
            return None;
        }
        items.extend(self.types.items(symbols));
        let items = symbols.uses().into_iter().chain(items).collect();
        let name = docs::code(&self.workflow.name);
        let docs =
            docs::inner(&[format!("The data of `{name}`: names in JSON are those of the graph.")]);
        Some(print::file(&docs, items))
    }
}

/// The name that `#[workflow]` gives to the struct of a function.
fn camel_case(function: &str) -> String {
    let mut name = String::new();
    for word in function.split('_').filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.extend(chars);
    }
    name
}

/// A type as text, without the spaces between tokens.
fn type_text(ty: &TokenStream) -> String {
    let text = ty.to_string();
    let mut out = String::new();
    for token in text.split(' ') {
        let tight = out.is_empty()
            || out.ends_with(['<', ':', '('])
            || token.starts_with(['<', '>', ':', ',', ')']);
        if !tight {
            out.push(' ');
        }
        out.push_str(token);
    }
    out
}

/// The node's type in JSON, `any` where it has none.
fn output_of(node: &Node) -> Type {
    node.output.clone().unwrap_or(Type::Any)
}

/// What a node is about, as a comment before its statement, for nodes that have no function
/// whose documentation says it.
pub(crate) fn comment(node: &Node) -> Option<TokenStream> {
    let is_pure =
        matches!(node.body, Body::Condition { .. } | Body::Switch { .. } | Body::Transform { .. });
    let says_more = snake(&node.label, "node") != snake(&node.id, "node");
    (is_pure && says_more).then(|| print::comment(&node.label))
}

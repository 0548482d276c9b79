//! From the IR to Rust source: the workflow function, its steps, its types.
//!
//! Items are built with quote and printed straight from their tokens where that is plain, else by
//! way of prettyplease (`print`); every identifier comes from one allocator (`names`), every outside
//! item through `symbols`, so that `use` lines and the manifest follow from the code. Same graph,
//! same bytes.

mod constraints;
mod crew;
pub(crate) mod docs;
mod expr;
mod flow;
mod input;
mod kinds;
mod limit;
mod lints;
mod locals;
mod mentions;
mod names;
pub(crate) mod print;
mod readers;
mod steps;
mod symbols;
mod types;

pub(crate) use constraints::INPUT_SCHEMA;
pub(crate) use types::{field_name, variant_name};

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use flowcrate::catalogue::Catalogue;
use flowcrate::types::Type;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::check::{Body, Checked, Node, NodeId};
use crate::ir::Workflow;

use crew::{Crew, Member};
use flow::{Final, Flow};
use locals::{HandleForm, Held, Locals};
use mentions::{Mentioned, mentions};
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
    /// The packages that the sources name, `flowcrate` among them, with the features they need.
    pub dependencies: BTreeMap<String, BTreeSet<String>>,
    /// The workflows that it calls, directly or through others, by name.
    pub callees: BTreeMap<String, EmittedCallee>,
}

/// The emitted sources of a workflow that another calls: a module of that one's crate. Their types
/// are in one file, so that what passes between them has one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmittedCallee {
    /// The module within `generated`.
    pub module: String,
    /// `src/generated/<module>/workflow.rs`.
    pub workflow: String,
    /// `src/generated/<module>/steps.rs`; none where the graph has no steps.
    pub steps: Option<String>,
    /// `src/custom_<module>.rs` as it is first written; none where the graph has no custom nodes.
    pub custom: Option<String>,
    /// The workflow function's name.
    pub function: String,
    /// The struct that implements `flowcrate::Workflow`.
    pub structure: String,
}

/// Emits a lowered workflow, and those that it calls.
pub fn emit(workflow: &Workflow, checked: &Checked, catalogue: &Catalogue) -> Emitted {
    let crew = Crew::new(workflow);
    let mut types = Types::reserving(crew.reserved());
    let all = checked.all_callees().into_iter();
    let callees = all.filter_map(|(name, callee)| Some((workflow.callees.get(name)?, callee)));
    let mut own = Emitter::new(workflow, checked, catalogue, &crew);
    let mut callees: Vec<Emitter<'_>> =
        callees.map(|(callee, checked)| Emitter::new(callee, checked, catalogue, &crew)).collect();
    // What is another crate's type is that in all of them.
    for emitter in std::iter::once(&mut own).chain(&mut callees) {
        emitter.lend(&mut types, Emitter::name_all_outside_types);
    }
    let mut whole = Whole::default();
    let sources = whole.add(&mut own, &mut types);
    for callee in &mut callees {
        whole.add_callee(callee, &mut types);
    }
    whole.finish(&own, sources, types)
}

/// What the workflows of a crate have in common.
#[derive(Default)]
struct Whole {
    /// Enums over several triggers, for `types.rs`.
    inputs: Vec<TokenStream>,
    /// Imports of `types.rs`.
    symbols: Option<Symbols>,
    dependencies: BTreeMap<String, BTreeSet<String>>,
    callees: BTreeMap<String, EmittedCallee>,
}

/// The sources of one workflow.
struct Sources {
    workflow: String,
    steps: Option<String>,
    custom: Option<String>,
}

impl Whole {
    fn symbols(&mut self) -> &mut Symbols {
        self.symbols.get_or_insert_with(|| Symbols::at("super::types"))
    }

    /// The sources of one workflow.
    fn add(&mut self, emitter: &mut Emitter<'_>, types: &mut Types) -> Sources {
        let sources = emitter.lend(types, |emitter| emitter.sources(self));
        types.next_workflow();
        self.note(&emitter.symbols);
        self.note(&emitter.step_symbols);
        sources
    }

    fn add_callee(&mut self, emitter: &mut Emitter<'_>, types: &mut Types) {
        let Sources { workflow, steps, custom, .. } = self.add(emitter, types);
        let Member { function, structure, module, .. } = emitter.own.clone();
        let module = module.unwrap_or_default();
        let callee = EmittedCallee { module, workflow, steps, custom, function, structure };
        self.callees.insert(emitter.workflow.name.clone(), callee);
    }

    /// Notes the packages that imports need.
    fn note(&mut self, symbols: &Symbols) {
        for (package, features) in symbols.needs() {
            let all = self.dependencies.entry(package.clone()).or_default();
            all.extend(features.iter().cloned());
        }
    }

    fn finish(mut self, own: &Emitter<'_>, sources: Sources, types: Types) -> Emitted {
        let types = self.types(&own.workflow.name, types);
        let symbols = std::mem::take(self.symbols());
        self.note(&symbols);
        self.dependencies.entry("flowcrate".to_owned()).or_default().insert("engine".to_owned());
        Emitted {
            workflow: sources.workflow,
            steps: sources.steps,
            types,
            custom: sources.custom,
            function: own.own.function.clone(),
            structure: own.own.structure.clone(),
            dependencies: self.dependencies,
            callees: self.callees,
        }
    }

    fn types(&mut self, workflow: &str, mut types: Types) -> Option<String> {
        let inputs = std::mem::take(&mut self.inputs);
        if inputs.is_empty() && types.is_empty() {
            return None;
        }
        let mut items = print::Items::default();
        items.extend(inputs);
        let symbols = self.symbols();
        types.print(symbols, &mut items);
        let name = docs::code(workflow);
        let docs =
            docs::inner(&[format!("The data of `{name}`: names in JSON are those of the graph.")]);
        Some(print::file_of(&docs, symbols.uses(), &items))
    }
}

/// What all parts of the emitter share.
pub(crate) struct Emitter<'a> {
    workflow: &'a Workflow,
    checked: &'a Checked,
    catalogue: &'a Catalogue,
    /// How the crate's workflows are called.
    crew: &'a Crew,
    /// How this one is.
    own: Member,
    names: BTreeMap<NodeId, Rc<NodeNames>>,
    readers: Readers,
    types: Types,
    /// How many loops stand around the code that is being emitted.
    loop_depth: usize,
    /// Whether the graph has nodes that fail.
    fails: bool,
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
    fn new(
        workflow: &'a Workflow,
        checked: &'a Checked,
        catalogue: &'a Catalogue,
        crew: &'a Crew,
    ) -> Self {
        let own = crew.member(&workflow.name).cloned().unwrap_or_default();
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
            names: shared(names::node_names(checked, &own.function)),
            types: Types::default(),
            readers,
            workflow,
            checked,
            catalogue,
            crew,
            symbols: own.symbols(),
            step_symbols: own.symbols(),
            own,
            loop_depth: 0,
            fails: checked.nodes.values().any(|node| matches!(node.body, Body::Fail { .. })),
            accessors: BTreeSet::new(),
            last_use: false,
            lints: BTreeSet::new(),
            functions: Vec::new(),
        }
    }

    /// Works on the types that all workflows of the crate share.
    fn lend<T>(&mut self, types: &mut Types, work: impl FnOnce(&mut Self) -> T) -> T {
        std::mem::swap(&mut self.types, types);
        let done = work(self);
        std::mem::swap(&mut self.types, types);
        done
    }

    /// All files of this workflow.
    fn sources(&mut self, whole: &mut Whole) -> Sources {
        self.name_types();
        let schema = self.input_schema();
        let (attribute, schema) = schema.unzip();
        let (payloads, schemas) = self.event_schemas();
        let function = self.workflow_function(&quote!(#attribute #payloads));
        let (steps, custom) = (self.steps(), self.custom());
        let inputs = self.input_items(whole.symbols());
        whole.inputs.extend(inputs);
        let name = docs::code(&self.workflow.name);
        let docs = docs::inner(&[format!("The control flow of `{name}`.")]);
        // A function stands before those that it calls.
        let functions = std::mem::take(&mut self.functions).into_iter().rev();
        let mut named = Mentioned::default();
        let mut items = print::Items::default();
        items.extend(schema.into_iter().chain(schemas));
        items.extend(called(function, functions, &mut named));
        let workflow = print::file_of(&docs, self.symbols.uses_of(&mut named), &items);
        Sources { workflow, steps, custom }
    }

    /// The names of a node.
    fn names(&self, id: &NodeId) -> Rc<NodeNames> {
        self.names.get(id).cloned().unwrap_or_else(|| Rc::new(NodeNames::of(id)))
    }

    /// The variable of the closures in which `item` is an element of the node's list.
    fn item_of(&self, id: &str) -> Ident {
        self.names.get(id).map_or_else(|| ident("item"), |names| ident(&names.item))
    }

    /// A name and a sentence for a type that belongs to a node.
    fn hint(&self, id: &NodeId, suffix: &str, what: &str) -> Hint {
        let names = self.names(id);
        let stem = &names.stem;
        let label = self.checked.nodes.get(id).map_or("", |node| node.label.as_str());
        let doc = match what {
            "" => String::new(),
            what => format!("{what} `{id}` ({}).", docs::plain(label)),
        };
        // `Self_` is a name, `Self_Output` none in Rust's style.
        let stem = if suffix.is_empty() { stem } else { stem.trim_end_matches('_') };
        Hint::new(format!("{stem}{suffix}"), doc)
    }

    /// For the run's output.
    fn output_hint(&self) -> Hint {
        Hint::new(
            format!("{}Output", self.own.structure),
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
        let stem = &self.names(&node.id).stem;
        Hint::new(pascal(event, stem), format!("Payload of the event `{}`.", docs::code(event)))
    }

    /// The workflow function with its attribute.
    fn workflow_function(&mut self, schemas: &TokenStream) -> TokenStream {
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
        let (undos, calls, events) = (self.undos(), self.calls(), self.events());
        let limit = self.limit();
        let parameter = |name: &str| {
            if mentions(&body, name) { ident(name) } else { ident(&format!("_{name}")) }
        };
        let (ctx, trigger) = (parameter("ctx"), parameter("trigger"));
        let function = ident(&self.own.function);
        let mut paragraphs = docs::paragraphs(&workflow.description);
        paragraphs.push(format!(
            "The workflow `{}`, started by {}.",
            docs::code(name),
            self.started_by()
        ));
        let doc = docs::attributes(&paragraphs);
        let lints = lints::attributes(&std::mem::take(&mut self.lints));
        let head = quote! {
            #doc
            #lints
            #[#attribute(name = #name, revision = #revision #undos #calls #events #schemas #limit)]
            pub async fn #function(#ctx: #context, #trigger: #input) -> #result<#output>
        };
        print::braced(head, body)
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

    /// The workflows that it calls, which are registered with it.
    fn calls(&mut self) -> Option<TokenStream> {
        let mut structures = Vec::new();
        for callee in self.checked.callees.keys() {
            structures.extend(self.callee(callee));
        }
        (!structures.is_empty()).then(|| quote!(, calls(#(#structures),*)))
    }

    /// The struct of a workflow that this one calls.
    fn callee(&mut self, workflow: &str) -> Option<Ident> {
        let member = self.crew.member(workflow)?;
        let module = member.path_from(&self.own, "workflow");
        Some(self.symbols.import(&format!("{module}::{}", member.structure)))
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
}

/// Names that are asked for often.
fn shared(names: BTreeMap<NodeId, NodeNames>) -> BTreeMap<NodeId, Rc<NodeNames>> {
    names.into_iter().map(|(id, names)| (id, Rc::new(names))).collect()
}

/// The node's type in JSON, `any` where it has none.
fn output_of(node: &Node) -> Type {
    node.output.clone().unwrap_or(Type::Any)
}

/// A function and those that it calls, also through others: some were written for code that was
/// left out, such as what stands behind the failure of what cannot fail. `named` learns what all
/// of them name.
fn called(
    function: TokenStream,
    functions: impl Iterator<Item = TokenStream>,
    named: &mut Mentioned,
) -> Vec<TokenStream> {
    named.add(function.clone());
    let mut kept = vec![function];
    for function in functions {
        let mut tokens = function.clone().into_iter();
        let name = tokens.find(|token| token.to_string() == "fn").and_then(|_| tokens.next());
        if name.is_none_or(|name| named.has(&name.to_string())) {
            named.add(function.clone());
            kept.push(function);
        }
    }
    kept
}

/// What a node is about, as a comment before its statement, for nodes that have no function
/// whose documentation says it.
pub(crate) fn comment(node: &Node) -> Option<TokenStream> {
    let is_pure =
        matches!(node.body, Body::Condition { .. } | Body::Switch { .. } | Body::Transform { .. });
    let says_more = snake(&node.label, "node") != snake(&node.id, "node");
    (is_pure && says_more).then(|| print::comment(&node.label))
}

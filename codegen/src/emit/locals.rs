//! The variables in scope where code stands, and what they hold.

mod layers;

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::types::Type;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::expr::Code;
use super::types::Types;
use crate::check::NodeId;
use crate::expr::typed::Name;
use layers::Layers;

/// What is in scope. Cheap enough to clone at every block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locals {
    outputs: Layers<NodeId, Variable>,
    errors: Layers<NodeId, Variable>,
    handles: Layers<NodeId, (Ident, HandleForm)>,
    /// Nodes that ran and cannot have failed, whatever edges they have.
    sound: Layers<NodeId, ()>,
    /// Handles that are certain, of nodes that need no variable to tell.
    certain: Layers<NodeId, String>,
    loops: Layers<NodeId, LoopVariables>,
    /// What the body of a try failed with, in its catch; and whether that is a reference.
    caught: BTreeMap<NodeId, (Ident, bool)>,
    /// The one trigger that started the run, where that is certain.
    started: Option<NodeId>,
    /// Names of variables that belong to the function or async block itself.
    own: Layers<String, ()>,
    /// Variables that something borrows until the end of the block.
    lent: Layers<String, ()>,
    /// Variables of what was caught that are references, as parameters are.
    borrowed: BTreeSet<String>,
    /// Whether `trigger` is a reference.
    trigger_borrowed: bool,
    /// The run's output so far, and whether it may be absent.
    pub(crate) returned: Option<(Ident, bool)>,
    /// Whether the run's id and start stand in variables of their own, since there is no context.
    pub(crate) run_is_kept: bool,
}

/// The variable of `run.id` where there is no context.
pub(crate) const RUN_ID: &str = "this_run";

/// The variable of `run.started_at` where there is no context.
pub(crate) const STARTED_AT: &str = "this_start";

/// The variables of a loop's body.
#[derive(Clone, Debug)]
struct LoopVariables {
    item: Ident,
    index: Ident,
    /// The item's type.
    ty: Type,
    /// Whether the item is a reference.
    borrowed: bool,
}

/// A variable that holds an output or an error.
#[derive(Clone, Debug)]
struct Variable {
    name: Ident,
    /// The type of what it holds: of the `Ok` where it is caught.
    ty: Type,
    form: Form,
}

/// How a variable holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Plain,
    /// A reference to it.
    Reference,
    /// The `Ok` (for an error, the `Err`) of a `Result`.
    Caught,
    /// An `Option` of a reference: none where nobody knows whether there is an output.
    Doubted,
}

/// What a variable holds, for the parameters of a function that uses it.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// A value of this type.
    Value(Type),
    /// A `Result` of one.
    Caught(Type),
    /// How a node was left.
    Handle(HandleForm),
    /// A loop's index.
    Index,
}

/// How a variable tells the handle that a node left by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandleForm {
    /// A `bool`: `true` or `false`.
    Bool,
    /// A `bool`: whether the node ran. For nodes with one handle.
    Ran,
    /// A `&'static str`: the handle.
    Text,
    /// An `Option` of `Bool`; none where the node did not run.
    OptionalBool,
    /// An `Option` of `Text`.
    OptionalText,
    /// A `Result` of the output: `Ok` is `out`.
    Caught,
    /// A `Result<bool, Failure>`.
    CaughtBool,
    /// A `Result<&str, Failure>`.
    CaughtText,
    /// An `Option` of the payload: none is `timeout`.
    Event,
    /// A `Result` of an `Event`.
    CaughtEvent,
    /// The answer to an approval: its `approved` tells.
    Verdict,
    /// An `Option` of a `Verdict`: none is `timeout`.
    Answer,
    /// A `Result` of a `Verdict`.
    CaughtVerdict,
    /// A `Result` of an `Answer`.
    CaughtAnswer,
}

impl Locals {
    /// Binds `steps.<id>`.
    pub(crate) fn bind_output(&mut self, id: &NodeId, name: Ident, ty: Type, form: Form) {
        self.note(&name, form);
        self.outputs.insert(id.clone(), Variable { name, ty, form });
    }

    /// Binds `errors.<id>`.
    pub(crate) fn bind_error(&mut self, id: &NodeId, name: Ident, optional: bool, form: Form) {
        let ty = if optional { Types::failure().optional() } else { Types::failure() };
        self.note(&name, form);
        self.errors.insert(id.clone(), Variable { name, ty, form });
    }

    fn note(&mut self, name: &Ident, form: Form) {
        if !self.borrowed.is_empty() {
            self.borrowed.remove(&name.to_string());
        }
        if form == Form::Plain {
            self.own.insert(name.to_string(), ());
        } else {
            self.own.remove(&name.to_string());
        }
    }

    /// The same variables seen from within an async block or closure, which borrows them.
    pub(crate) fn captured(&self) -> Self {
        Self { own: Layers::default(), ..self.clone() }
    }

    /// Notes that something borrows variables until the end of the block: those that it `names`.
    pub(crate) fn lend(&mut self, names: &mut dyn FnMut(&str) -> bool) {
        self.own = Layers::default();
        let outputs = self.outputs.entries().into_values();
        let variables = outputs.chain(self.errors.entries().into_values());
        let plain = variables.filter(|variable| variable.form == Form::Plain);
        let lent: Vec<String> = plain.map(|variable| variable.name.to_string()).collect();
        for name in lent.into_iter().filter(|name| names(name)) {
            self.lent.insert(name, ());
        }
    }

    /// Whether the value of a variable may be given away.
    fn is_free(&self, variable: &Variable) -> bool {
        variable.form == Form::Plain && self.lent.get(&variable.name.to_string()).is_none()
    }

    /// Whether the variable of a name may be given away at the end of the block.
    pub(crate) fn owns(&self, name: &Name) -> bool {
        let variable = match name {
            Name::Step(id) | Name::TriggerOf(id) => {
                self.outputs.get(id.as_str()).map(|variable| &variable.name)
            }
            Name::Error(id) => self.errors.get(id.as_str()).map(|variable| &variable.name),
            Name::Trigger => self
                .started
                .as_ref()
                .and_then(|id| self.outputs.get(id))
                .map(|variable| &variable.name),
            Name::Item(id) | Name::State(id) => {
                self.loops.get(id.as_str()).map(|variables| &variables.item)
            }
            _ => None,
        };
        variable.is_some_and(|variable| self.own.get(variable.to_string().as_str()).is_some())
    }

    /// Binds the handle that a node left by.
    pub(crate) fn bind_handle(&mut self, id: &NodeId, name: Ident, form: HandleForm) {
        self.handles.insert(id.clone(), (name, form));
    }

    /// Notes that the node left by this handle.
    pub(crate) fn bind_certain(&mut self, id: &NodeId, handle: &str) {
        self.certain.insert(id.clone(), handle.to_owned());
    }

    /// Notes that the node ran and cannot have failed.
    pub(crate) fn bind_sound(&mut self, id: &NodeId) {
        self.sound.insert(id.clone(), ());
    }

    /// Whether the node ran and cannot have failed.
    pub(crate) fn is_sound(&self, id: &str) -> bool {
        self.sound.get(id).is_some()
    }

    /// The handle that the node is certain to have left by.
    pub(crate) fn certain_handle(&self, id: &str) -> Option<&str> {
        self.certain.get(id).map(String::as_str)
    }

    /// Forgets how a node was left: only its arms know now.
    pub(crate) fn forget(&mut self, id: &NodeId) {
        self.outputs.remove(id);
        self.errors.remove(id);
        self.handles.remove(id);
    }

    /// Binds a loop's item, or state, and index.
    pub(crate) fn bind_loop(&mut self, id: &NodeId, item: Ident, index: Ident, ty: Type) {
        self.note(&item, Form::Plain);
        self.loops.insert(id.clone(), LoopVariables { item, index, ty, borrowed: false });
    }

    /// Binds what the body of a try failed with.
    pub(crate) fn bind_caught(&mut self, id: &NodeId, name: Ident) {
        self.note(&name, Form::Plain);
        self.caught.insert(id.clone(), (name, false));
    }

    /// What the body of a try failed with.
    pub(crate) fn caught(&self, id: &str) -> Option<Code> {
        self.caught.get(id).map(|(name, borrowed)| {
            if *borrowed { Code::reference(quote!(#name)) } else { Code::place(quote!(#name)) }
        })
    }

    /// The same where the item is a reference.
    pub(crate) fn bind_loop_reference(&mut self, id: &NodeId, item: Ident, index: Ident, ty: Type) {
        self.note(&item, Form::Reference);
        self.loops.insert(id.clone(), LoopVariables { item, index, ty, borrowed: true });
    }

    /// The same variables where each is a reference to its value, as the parameters of a function
    /// of its own hold them. What is cheap to copy stays as it is.
    pub(crate) fn borrowed(&self) -> Self {
        self.captured_by(Form::Reference)
    }

    /// The same variables where each is a value of its own, as a closure holds them that outlives
    /// the code around it.
    pub(crate) fn kept(&self) -> Self {
        Self { run_is_kept: true, ..self.captured_by(Form::Plain) }
    }

    /// The same variables within code that holds their values in this form; what was caught or is
    /// in doubt stays as it is.
    fn captured_by(&self, form: Form) -> Self {
        let borrowed = form == Form::Reference;
        let mut inner = Self { returned: None, trigger_borrowed: borrowed, ..self.captured() };
        let held = |variable: &Variable| {
            let is_value = matches!(variable.form, Form::Plain | Form::Reference);
            Variable { form: if is_value { form } else { variable.form }, ..variable.clone() }
        };
        inner.borrowed.clear();
        if borrowed {
            let all =
                self.outputs.entries().into_values().chain(self.errors.entries().into_values());
            let caught = all.filter(|variable| variable.form == Form::Caught);
            inner.borrowed.extend(caught.map(|variable| variable.name.to_string()));
        }
        inner.outputs = inner.outputs.map(held);
        inner.errors = inner.errors.map(held);
        inner.loops = inner.loops.map(|loop_| LoopVariables { borrowed, ..loop_.clone() });
        for (_, reference) in inner.caught.values_mut() {
            *reference = borrowed;
        }
        inner
    }

    /// Whether the variable is a reference already.
    pub(crate) fn is_reference(&self, name: &str) -> bool {
        let is = |variable: &&Variable| variable.name == name && variable.form == Form::Reference;
        (name == "trigger" && self.trigger_borrowed)
            || self.borrowed.contains(name)
            || self.outputs.entries().values().any(is)
            || self.errors.entries().values().any(is)
            || self.loops.entries().values().any(|loop_| loop_.item == name && loop_.borrowed)
            || self.caught.values().any(|(caught, borrowed)| caught == name && *borrowed)
    }

    /// All variables with what they hold, by name.
    pub(crate) fn variables(&self) -> BTreeMap<String, Held> {
        let mut all = BTreeMap::new();
        for (name, form) in self.handles.entries().into_values() {
            all.insert(name.to_string(), Held::Handle(*form));
        }
        let (outputs, errors) = (self.outputs.entries(), self.errors.entries());
        let held = |variable: &Variable, ok: &Type| match variable.form {
            Form::Caught => Held::Caught(ok.clone()),
            _ => Held::Value(variable.ty.clone()),
        };
        for variable in outputs.into_values() {
            all.insert(variable.name.to_string(), held(variable, &variable.ty));
        }
        for variable in errors.into_values() {
            let name = variable.name.to_string();
            // A failure that was caught stands in the variable of the output or of the handle.
            if variable.form != Form::Caught || !all.contains_key(&name) {
                all.insert(name, held(variable, &Type::Null));
            }
        }
        for (name, _) in self.caught.values() {
            all.insert(name.to_string(), Held::Value(Types::failure()));
        }
        for variables in self.loops.entries().into_values() {
            all.insert(variables.item.to_string(), Held::Value(variables.ty.clone()));
            all.insert(variables.index.to_string(), Held::Index);
        }
        all
    }

    /// Binds the payload of the trigger that started the run.
    pub(crate) fn bind_trigger(&mut self, id: &NodeId, name: Ident, ty: Type, form: Form) {
        self.started = Some(id.clone());
        self.bind_output(id, name, ty, form);
    }

    /// `steps.<id>`.
    pub(crate) fn output(&self, id: &str) -> Option<(Code, Type)> {
        self.outputs.get(id).map(|variable| variable.code(&quote!(ok)))
    }

    /// `errors.<id>`.
    pub(crate) fn error(&self, id: &str) -> Option<(Code, Type)> {
        self.errors.get(id).map(|variable| variable.code(&quote!(err)))
    }

    /// What a name of either sort holds.
    pub(crate) fn named(&self, name: &Name) -> Option<(Code, Type)> {
        match name {
            Name::Step(id) | Name::TriggerOf(id) => self.output(id),
            Name::Error(id) => self.error(id),
            Name::Trigger => self.payload(),
            _ => None,
        }
    }

    /// The variable of an output that this block may give away, since it is its own.
    pub(crate) fn movable(&self, id: &str) -> Option<&Ident> {
        let variable = self.outputs.get(id)?;
        self.is_free(variable).then_some(&variable.name)
    }

    /// The same for an error.
    pub(crate) fn movable_error(&self, id: &str) -> Option<&Ident> {
        let variable = self.errors.get(id)?;
        self.is_free(variable).then_some(&variable.name)
    }

    /// The handle that a node left by.
    pub(crate) fn handle(&self, id: &str) -> Option<(&Ident, HandleForm)> {
        self.handles.get(id).map(|(name, form)| (name, *form))
    }

    /// A loop's item or state.
    pub(crate) fn item(&self, id: &str) -> Option<Code> {
        self.loops.get(id).map(|LoopVariables { item, borrowed, .. }| {
            if *borrowed { Code::reference(quote!(#item)) } else { Code::place(quote!(#item)) }
        })
    }

    /// A loop's index.
    pub(crate) fn index(&self, id: &str) -> Option<Code> {
        self.loops.get(id).map(|LoopVariables { index, .. }| Code::place(quote!(#index)))
    }

    /// The payload of the trigger that started the run, where it is certain which.
    pub(crate) fn payload(&self) -> Option<(Code, Type)> {
        self.output(self.started.as_ref()?)
    }
}

impl Variable {
    fn code(&self, side: &TokenStream) -> (Code, Type) {
        let name = &self.name;
        match self.form {
            Form::Plain => (Code::place(quote!(#name)), self.ty.clone()),
            Form::Reference => (Code::reference(quote!(#name)), self.ty.clone()),
            Form::Caught | Form::Doubted => {
                let mut code = if self.form == Form::Caught {
                    quote!(#name.as_ref().#side())
                } else {
                    quote!(#name)
                };
                if let Type::Optional { .. } = &self.ty {
                    code = quote!(#code.and_then(|value| value.as_ref()));
                }
                match &self.ty {
                    Type::Any => {
                        (Code::value(quote!(#code.cloned().unwrap_or_default())), Type::Any)
                    }
                    ty => (Code::Option(code), ty.clone().optional()),
                }
            }
        }
    }
}

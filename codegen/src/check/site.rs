//! Where an expression or setting stands: a node, or the end of a loop's body.

use std::cell::{Cell, RefCell};

use flowcrate::types::Type;
use petgraph::graph::NodeIndex;
use serde_json::{Value, json};

use super::guards::Place;
use super::stage::{Output, Stage};
use crate::diagnostic::{Code, Diagnostic, Fix, code, listed, nearest, pointer_token};
use crate::expr::{self, Binding, Edit, Expr, FieldIssue, Name, Understood};
use crate::resolve::Node;
use crate::schema::example;

/// A place in the graph from which names are read, and the findings there.
pub(super) struct Site<'a> {
    pub(super) stage: &'a Stage<'a>,
    /// The node whose fields are read.
    pub(super) index: NodeIndex,
    pub(super) node: &'a Node<'a>,
    /// When the expressions here are evaluated.
    pub(super) place: Place,
    /// Whether this is the end of the node's own body (its `result`), not the node itself.
    pub(super) inside: bool,
    /// The region at whose end this is.
    pub(super) region: String,
    /// What the node gave, where what undoes it is looked at.
    pub(super) undone: Option<Undone>,
    /// The scopes around, the nearest first; with `inside` the node itself is the first.
    pub(super) loops: Vec<NodeIndex>,
    /// The type of `item` once an input over the elements of a list is checked.
    item: RefCell<Option<Type>>,
    found: RefCell<Vec<Diagnostic>>,
    broken: Cell<bool>,
}

/// Where in a node's data stands what undoes it.
const COMPENSATE: &str = "/compensate";

/// What a node gave that is undone.
pub(super) struct Undone {
    /// Its output's type, if that is known.
    pub(super) output: Output,
    /// Whether nobody may know whether it took effect: then there is no output.
    pub(super) in_doubt: bool,
}

/// What was found at one place or more of a node.
pub(super) struct Findings {
    /// Whether an error is among them.
    pub(super) broken: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// Adds what was found at another place.
    pub(super) fn add(&mut self, other: Self) {
        self.broken |= other.broken;
        self.diagnostics.extend(other.diagnostics);
    }
}

impl<'a> Site<'a> {
    /// At a node.
    pub(super) fn at(stage: &'a Stage<'a>, index: NodeIndex) -> Self {
        let loops = stage.graph.around(index).collect();
        Self::new(stage, index, stage.guards.at(index), loops, false)
    }

    /// Where nothing is known of a run but that a trigger starts it; `trigger` is any of them.
    pub(super) fn of_any_run(stage: &'a Stage<'a>, trigger: NodeIndex) -> Self {
        Self::new(stage, trigger, stage.guards.end(None), Vec::new(), false)
    }

    /// At the end of a scope's body, or of one of its regions.
    pub(super) fn end_of(stage: &'a Stage<'a>, index: NodeIndex, region: &str) -> Self {
        let loops = std::iter::once(index).chain(stage.graph.around(index)).collect();
        let site = Self::new(stage, index, stage.guards.end(Some(index)), loops, true);
        Self { region: region.to_owned(), ..site }
    }

    /// In which region of a scope around this place stands.
    pub(super) fn region_in(&self, scope: NodeIndex) -> &str {
        if scope == self.index {
            return &self.region;
        }
        let within = |index: NodeIndex| self.stage.graph.node(index).parent == Some(scope);
        let chain = std::iter::once(self.index).chain(self.stage.graph.around(self.index));
        chain
            .into_iter()
            .find(|index| within(*index))
            .map_or("", |index| self.stage.graph.node(index).region.as_str())
    }

    fn new(
        stage: &'a Stage<'a>,
        index: NodeIndex,
        place: Place,
        loops: Vec<NodeIndex>,
        inside: bool,
    ) -> Self {
        let node = stage.graph.node(index);
        let (item, found, broken) = (RefCell::default(), RefCell::default(), Cell::new(false));
        let region = String::new();
        let undone = None;
        Self { stage, index, node, place, inside, region, undone, loops, item, found, broken }
    }

    /// Where what undoes a node is described, which sees what the node sees, and its output.
    pub(super) fn undoing(stage: &'a Stage<'a>, index: NodeIndex, undone: Undone) -> Option<Self> {
        let node = stage.graph.node(index).compensate.as_deref()?;
        Some(Self { node, undone: Some(undone), ..Self::at(stage, index) })
    }

    /// From now on `item` is an element of this node's list, of this type (S16): what reads it comes
    /// last.
    pub(super) fn bind_item(&self, ty: Type) {
        self.item.replace(Some(ty));
    }

    /// `item`, where it is an element of this node's list.
    pub(super) fn bound_item(&self) -> Option<Binding> {
        let ty = self.item.borrow().clone()?;
        Some(Binding { name: Name::Item(self.node.raw.id.to_string()), ty })
    }

    /// Where a `while` looks at its state, before an iteration.
    pub(super) fn before(stage: &'a Stage<'a>, index: NodeIndex) -> Self {
        let loops = std::iter::once(index).chain(stage.graph.around(index)).collect();
        Self::new(stage, index, stage.guards.at(index), loops, false)
    }

    /// Whether an error was found here.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// What was found here.
    pub(super) fn into_findings(self) -> Findings {
        Findings { broken: self.broken.get(), diagnostics: self.found.into_inner() }
    }

    /// A finding about this node.
    pub(super) fn finding(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message).node(&*self.node.raw.id)
    }

    pub(super) fn report(&self, mut diagnostic: Diagnostic) {
        if let (Some(_), Some(field)) = (&self.undone, &mut diagnostic.field) {
            field.insert_str(0, COMPENSATE);
        }
        self.broken.set(self.broken.get() || diagnostic.is_error());
        self.found.borrow_mut().push(diagnostic);
    }

    /// JSON pointer of the node's data in the document, for fixes.
    pub(super) fn data_pointer(&self) -> String {
        let within = if self.undone.is_some() { COMPENSATE } else { "" };
        format!("/nodes/{}/data{within}", self.node.raw.index)
    }

    /// A value whose texts may hold expressions, typed. `None` if it has errors.
    pub(super) fn typed(
        &self,
        pointer: &str,
        value: &Value,
        expected: Option<&Type>,
    ) -> Option<Expr> {
        self.found(pointer, value, expr::check_json(value, self, expected))
    }

    /// A scope's result, typed: it may be optional.
    pub(super) fn typed_result(&self, pointer: &str, value: &Value) -> Option<Expr> {
        self.found(pointer, value, expr::check_result(value, self))
    }

    fn found(
        &self,
        pointer: &str,
        value: &Value,
        checked: Result<Understood, Vec<FieldIssue>>,
    ) -> Option<Expr> {
        let (expr, issues) = match checked {
            Ok(Understood { expr, warnings }) => (Some(expr), warnings),
            Err(issues) => {
                self.broken.set(true);
                (None, issues)
            }
        };
        for mut field in issues {
            let text = value.pointer(&field.pointer).and_then(Value::as_str);
            let pointer = format!("{pointer}{}", field.pointer);
            let edit = field.issue.edit.take();
            let mut found = field.issue.at(&self.node.raw.id, &pointer);
            if let (Some(edit), Some(text), None) = (edit, text, &found.fix) {
                let path = format!("{}{pointer}", self.data_pointer());
                found.fix = fix_of(&path, text, &edit);
            }
            self.report(found);
        }
        expr
    }

    /// The input of this name, unless it is absent or null.
    pub(super) fn raw_input(&self, name: &str) -> Option<&'a Value> {
        self.node.raw.inputs.get(name).filter(|value| !value.is_null())
    }

    /// All inputs as one value, without those that are null.
    pub(super) fn all_inputs(&self) -> Value {
        let inputs = self.node.raw.inputs.iter().filter(|(_, value)| !value.is_null());
        Value::Object(inputs.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// An input, where there is one.
    pub(super) fn input(&self, name: &str, expected: Option<&Type>) -> Option<Expr> {
        let value = self.raw_input(name)?;
        self.typed(&format!("/inputs/{}", pointer_token(name)), value, expected)
    }

    /// An input that must be there.
    pub(super) fn required_input(&self, name: &str, expected: Option<&Type>) -> Option<Expr> {
        if self.raw_input(name).is_none() {
            self.missing_input(name, expected.unwrap_or(&Type::Any));
        }
        self.input(name, expected)
    }

    /// Reports that a required input is missing.
    pub(super) fn missing_input(&self, name: &str, expected: &Type) {
        let label = self.node.quoted();
        let message = format!("{label} has no input `{name}`, expected {expected}");
        let inputs = format!("{}/inputs", self.data_pointer());
        let mut patch = Vec::new();
        if self.node.raw.inputs.is_empty() {
            patch.push(json!({"op": "add", "path": inputs, "value": {}}));
        }
        let pointer = format!("{inputs}/{}", pointer_token(name));
        patch.push(json!({"op": "add", "path": pointer, "value": placeholder(expected)}));
        self.report(
            self.finding(code::MISSING_INPUT, message)
                .field(format!("/inputs/{}", pointer_token(name)))
                .help(format!("set the input `{name}`"))
                .fix(format!("add the input `{name}`"), patch),
        );
    }

    /// Reports inputs that the kind does not have.
    pub(super) fn only_inputs(&self, known: &[&str]) {
        for (name, value) in &self.node.raw.inputs {
            // Null is absent (S10).
            if !value.is_null() && !known.contains(&name.as_str()) {
                self.unknown_input(name, known);
            }
        }
    }

    fn unknown_input(&self, name: &str, known: &[&str]) {
        let shown = crate::diagnostic::quoted(name);
        let names = listed(known.iter().copied());
        let expected = if names.is_empty() { "none".to_owned() } else { names };
        let label = self.node.quoted();
        let pointer = format!("/inputs/{}", pointer_token(name));
        let finding = self
            .finding(
                code::UNKNOWN_INPUT,
                format!("{label} has the unknown input {shown}, expected {expected}"),
            )
            .field(&*pointer);
        let free = known.iter().copied().filter(|known| self.raw_input(known).is_none());
        self.report(match nearest(name, free) {
            Some(near) => {
                let base = self.data_pointer();
                let patch = json!({
                    "op": "move",
                    "from": format!("{base}{pointer}"),
                    "path": format!("{base}/inputs/{}", pointer_token(near)),
                });
                let finding = finding.help(format!("did you mean `{near}`?"));
                finding.fix(format!("rename it to `{near}`"), vec![patch])
            }
            None => finding.help("remove the input"),
        });
    }
}

/// The change to the document that an edit of the text at `path` is.
pub(super) fn fix_of(path: &str, text: &str, edit: &Edit) -> Option<Fix> {
    let (before, old, after) = (
        text.get(..edit.span.start)?,
        text.get(edit.span.start..edit.span.end)?,
        text.get(edit.span.end..)?,
    );
    let quote = old.chars().next().filter(|first| matches!(first, '\'' | '"'));
    let quote = quote.map(String::from).unwrap_or_default();
    let new = format!("{quote}{}{quote}", edit.text);
    let value = format!("{before}{new}{after}");
    let title = if old.is_empty() {
        format!("add `{}`", new.trim())
    } else {
        format!("change `{old}` to `{new}`")
    };
    Some(Fix { title, patch: vec![json!({"op": "replace", "path": path, "value": value})] })
}

/// A value of a type, to be written over by a person.
fn placeholder(ty: &Type) -> Value {
    match ty {
        Type::Null | Type::Any | Type::Optional { .. } | Type::String | Type::Bytes => json!(""),
        Type::Bool => json!("{{ true }}"),
        Type::Int => json!(0),
        Type::Number => json!(0.0),
        Type::Timestamp => json!("{{ run.started_at }}"),
        Type::Duration => json!("1m"),
        Type::List { .. } => json!([]),
        Type::Map { .. } => json!({}),
        Type::Record(record) => {
            let required = record.fields.iter().filter(|(_, field)| !field.ty.may_be_absent());
            required.map(|(name, field)| (name.clone(), placeholder(&field.ty))).collect()
        }
        Type::Enum(texts) => texts.values.first().map_or(json!(""), |text| json!(text)),
        Type::Tuple { .. } | Type::Union(_) | Type::Recursive(_) | Type::Own { .. } => example(ty),
    }
}

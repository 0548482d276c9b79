//! The allocator of identifiers: whatever a person typed becomes a legal, unused Rust name.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span};

use super::limit::key_function;
use crate::check::{Body, Checked, NodeId, UNDO_SUFFIX};
use crate::expr::{Expr, ExprKind};

/// Words that no emitted variable, function, field or module may be called: keywords of every
/// edition, and names that emitted code or the `#[workflow]` lint gives a meaning.
const RESERVED: &[&str] = &[
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "macro_rules",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Names of items and variables that emitted functions use beside the nodes' own.
const TAKEN_VALUES: &[&str] = &[
    "alloc",
    "bool",
    "char",
    "core",
    "crate",
    "ctx",
    "drop",
    "element",
    "error",
    "expr",
    "f32",
    "f64",
    "failure",
    "flowcrate",
    "flowcrate_plugins",
    "fs",
    "i64",
    "index",
    "input",
    "item",
    "join",
    "json",
    "main",
    "not_written",
    "output",
    "rand",
    "serde",
    "serde_json",
    "sleep",
    "spawn",
    "spawn_blocking",
    "state",
    "std",
    "step",
    "str",
    "string",
    "task",
    "test",
    "this_run",
    "this_start",
    "thread",
    "trigger",
    "u32",
    "value",
    "vec",
    "workflow",
];

/// Names of types that emitted code imports or finds in the prelude.
const TAKEN_TYPES: &[&str] = &[
    "Approval",
    "Box",
    "BTreeMap",
    "Bytes",
    "Caught",
    "Clone",
    "Context",
    "Copy",
    "Custom",
    "Debug",
    "Default",
    "Deserialize",
    "Drop",
    "Duration",
    "Err",
    "Error",
    "Failure",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "Functions",
    "Future",
    "Into",
    "ItemOutcome",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "PartialEq",
    "Result",
    "Self",
    "Send",
    "Serialize",
    "Some",
    "StepContext",
    "StepError",
    "String",
    "Sync",
    "Timestamp",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Value",
    "Vec",
    "Undo",
    "Verdict",
    "WaitEvent",
    "Workflow",
];

/// Makes an identifier of text that [`snake`], [`pascal`] or an allocator gave.
pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// `text` as a legal snake-case name; `fallback` where nothing of it can be kept.
pub(crate) fn snake(text: &str, fallback: &str) -> String {
    let name = letters(text).to_snake_case();
    let name = if name.is_empty() { fallback.to_owned() } else { name };
    let name = if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{fallback}_{name}")
    } else {
        name
    };
    if RESERVED.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// `text` as a legal upper-camel-case name; `fallback` where nothing of it can be kept.
pub(crate) fn pascal(text: &str, fallback: &str) -> String {
    let name = letters(text).to_upper_camel_case();
    let name = if name.is_empty() { fallback.to_owned() } else { name };
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{fallback}{name}")
    } else if name == "Self" {
        "Self_".to_owned()
    } else {
        name
    }
}

/// The ASCII letters and digits of a text, words apart, short enough for a name.
fn letters(text: &str) -> String {
    let kept: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let mut short = String::new();
    for word in kept.split_whitespace() {
        if short.len() + word.len() > 40 && !short.is_empty() {
            break;
        }
        short.push_str(&word[..word.len().min(40)]);
        short.push(' ');
    }
    short
}

/// A set of names in which each is given out once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allocator {
    taken: BTreeSet<String>,
}

impl Allocator {
    /// A scope of variables and functions.
    pub(crate) fn values() -> Self {
        Self { taken: TAKEN_VALUES.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// A scope of types.
    pub(crate) fn types() -> Self {
        Self { taken: TAKEN_TYPES.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// The first free one of `wanted`, `wanted` + `suffix`, `wanted` + `suffix` + a number.
    pub(crate) fn allocate(&mut self, wanted: &str, suffix: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while self.taken.contains(&name) {
            name = if number == 1 && !suffix.is_empty() {
                format!("{wanted}{suffix}")
            } else {
                format!("{wanted}{suffix}{}", number.max(2))
            };
            number += 1;
        }
        self.taken.insert(name.clone());
        name
    }

    /// Takes the name, if nobody has it.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_owned())
    }
}

/// The name that `#[workflow]` gives to the struct of a function.
pub(crate) fn camel_case(function: &str) -> String {
    let mut name = String::new();
    for word in function.split('_').filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.extend(chars);
    }
    name
}

/// The names of everything that belongs to a node.
#[derive(Clone, Debug)]
pub(crate) struct NodeNames {
    /// Its function and the variable that holds its output: `charge`.
    pub(crate) value: String,
    /// The variable that holds its failure: `charge_error`.
    pub(crate) error: String,
    /// The variable that says how it was left, where the output has a variable too.
    pub(crate) handle: String,
    /// The stem of its types: `Charge`.
    pub(crate) stem: String,
    /// For a loop, its item and index.
    pub(crate) item: String,
    /// See `item`.
    pub(crate) index: String,
}

impl NodeNames {
    /// Names that follow from the id alone.
    pub(crate) fn of(id: &str) -> Self {
        let value = snake(id, "node");
        Self {
            error: joined(&value, "error"),
            handle: joined(&value, "left_by"),
            stem: pascal(id, "Node"),
            item: "item".to_owned(),
            index: "index".to_owned(),
            value,
        }
    }
}

/// Names for all nodes. A node's name follows from its id, so that an edit elsewhere does not
/// change it.
pub(crate) fn node_names(checked: &Checked, function: &str) -> BTreeMap<NodeId, NodeNames> {
    let mut values = Allocator::values();
    values.taken.insert(function.to_owned());
    if checked.limit.as_ref().is_some_and(|limit| limit.key.is_some()) {
        values.taken.insert(key_function(function));
    }
    let mut stems = Allocator::default();
    // Ids are unique, so plain names come first and none depends on another's.
    let mut names = BTreeMap::new();
    for (id, node) in &checked.nodes {
        let value = values.allocate(&snake(id, "node"), "_step");
        let error = values.allocate(&joined(&value, "error"), "_");
        let handle = values.allocate(&joined(&value, "left_by"), "_");
        let stem = stems.allocate(&pascal(id, "Node"), "Step");
        let nested = node.parent.is_some();
        let (item, index) = match &node.body {
            Body::ForEach { .. } if nested => (
                values.allocate(&joined(&value, "item"), "_"),
                values.allocate(&joined(&value, "index"), "_"),
            ),
            Body::While { .. } if nested => (
                values.allocate(&joined(&value, "state"), "_"),
                values.allocate(&joined(&value, "index"), "_"),
            ),
            Body::While { .. } => ("state".to_owned(), "index".to_owned()),
            // The elements of a filter beside the items of the loops around it.
            Body::Transform { value: list } if nested && binds_item(list) => {
                (values.allocate(&joined(&value, "item"), "_"), "index".to_owned())
            }
            _ => ("item".to_owned(), "index".to_owned()),
        };
        names.insert(id.clone(), NodeNames { value, error, handle, stem, item, index });
    }
    // What undoes a step is called after it, where that leaves the nodes their names.
    for undo in checked.nodes.values().filter_map(|node| node.body.undo()) {
        let id = undo.node.id.strip_suffix(UNDO_SUFFIX).unwrap_or_default();
        let of = NodeNames::of(&format!("undo_{id}"));
        let value = values.allocate(&of.value, "_step");
        let stem = stems.allocate(&of.stem, "Step");
        names.insert(undo.node.id.clone(), NodeNames { value, stem, ..of });
    }
    names
}

/// `match_` and `error` as `match_error`: two underscores are no snake case.
pub(crate) fn joined(value: &str, what: &str) -> String {
    format!("{}_{what}", value.trim_end_matches('_'))
}

/// Whether a closure in the expression has an element of its own.
fn binds_item(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Each { .. }) || expr.children().into_iter().any(binds_item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_given_out_once() {
        let mut types = Allocator::types();
        assert_eq!(types.allocate("Context", "Data"), "ContextData");
        let orders = ["Order"; 4].map(|wanted| types.allocate(wanted, "Data"));
        assert_eq!(orders, ["Order", "OrderData", "OrderData2", "OrderData3"]);
        assert!(types.take("Line") && !types.take("Line") && !types.take("Order"));
        let mut values = Allocator::values();
        assert_eq!(
            ["line"; 3].map(|wanted| values.allocate(wanted, "")),
            ["line", "line2", "line3"]
        );
    }

    #[test]
    fn any_text_becomes_a_name() {
        assert_eq!(snake("Charge the card!", "node"), "charge_the_card");
        assert_eq!(snake("match", "node"), "match_");
        assert_eq!(snake("日本語", "node"), "node");
        assert_eq!(snake("2 fast", "field"), "field_2_fast");
        assert_eq!(pascal("order received", "Type"), "OrderReceived");
        assert_eq!(pascal("*/ \u{1F600}", "Type"), "Type");
        assert_eq!(pascal("self", "Type"), "Self_");
        for word in RESERVED {
            assert!(syn::parse_str::<Ident>(&snake(word, "node")).is_ok(), "{word}");
        }
    }

    #[test]
    fn names_are_given_out_once() {
        let mut names = Allocator::values();
        assert_eq!(names.allocate("charge", "_step"), "charge");
        assert_eq!(names.allocate("charge", "_step"), "charge_step");
        assert_eq!(names.allocate("charge", "_step"), "charge_step2");
        assert_eq!(names.allocate("ctx", "_step"), "ctx_step");
    }
}

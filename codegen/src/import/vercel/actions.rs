//! Actions without a counterpart: functions to be written by hand.

use serde_json::{Map, Value};

use super::Translated;
use super::document::{Node, Role};
use super::names::Names;
use super::references::{self, Piece};
use super::text::{self, Unresolved};
use crate::Diagnostic;
use crate::diagnostic::{code, pointer_token};

/// A `custom@1` node with the inputs kept, and a warning that says what is left to do.
pub(super) fn translate(node: &Node, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> Translated {
    if node.role == Role::Code { code_node(node, names, found) } else { action(node, names, found) }
}

fn action(node: &Node, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> Translated {
    let mut inputs = Map::new();
    let settings = node.config.iter().filter(|(key, _)| *key != "actionType");
    for (key, setting) in settings {
        match text::value(names, setting) {
            Ok(input) => {
                inputs.insert(key.clone(), input);
            }
            Err(unresolved) => report(node, key, unresolved, found),
        }
    }
    let word = node.role.word();
    found.push(
        Diagnostic::new(
            code::UNKNOWN_ACTION,
            format!("{} does `{word}`, which has no counterpart here", node.quoted()),
        )
        .node(&node.id)
        .field("/config/actionType")
        .help("write its function in `custom.rs` of the exported crate; its inputs are kept"),
    );
    Translated {
        kind: "custom@1",
        inputs,
        note: Some(format!("Did `{word}` in the original.")),
        ..Translated::default()
    }
}

fn code_node(node: &Node, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> Translated {
    let source = node.setting("code").unwrap_or_default();
    let (inputs, unresolved) = referenced(names, &source);
    report(node, "code", unresolved, found);
    found.push(
        Diagnostic::new(
            code::FOREIGN_CODE,
            format!("{} runs JavaScript, which is not translated", node.quoted()),
        )
        .node(&node.id)
        .field("/config/code")
        .help(
            "write its function in `custom.rs` of the exported crate; what the code reads is \
             its input, the code itself stands in the description",
        ),
    );
    let fence = fence(&source);
    Translated {
        kind: "custom@1",
        inputs,
        note: Some(format!(
            "The JavaScript of the original:\n\n{fence}js\n{}\n{fence}",
            source.trim_end()
        )),
        ..Translated::default()
    }
}

/// A fence that is longer than any in the code.
fn fence(source: &str) -> String {
    let longest = source.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat((longest + 1).max(3))
}

/// What code reads: an input for each reference in it, named after the reference.
fn referenced(names: &Names<'_>, source: &str) -> (Map<String, Value>, Vec<Unresolved>) {
    let mut inputs = Map::new();
    let mut unresolved = Vec::new();
    for piece in references::pieces(source) {
        let Piece::Braces(inner, span) = piece else { continue };
        if !references::is_reference(inner) {
            continue;
        }
        match names.resolve(inner) {
            Ok(reference) => {
                let name = input_name(&reference.text);
                inputs.insert(name, format!("{{{{ {} }}}}", reference.text).into());
            }
            Err(why) => {
                unresolved.push(Unresolved { quoted: format!("{{{{{inner}}}}}"), span, why });
            }
        }
    }
    (inputs, unresolved)
}

/// `steps.oracle_eth.result.value` as `oracle_eth_result_value`.
fn input_name(reference: &str) -> String {
    let text = reference.strip_prefix("steps.").unwrap_or(reference);
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}

/// Reports references that cannot be resolved.
pub(super) fn report(
    node: &Node,
    setting: &str,
    unresolved: Vec<Unresolved>,
    found: &mut Vec<Diagnostic>,
) {
    for Unresolved { quoted, span, why } in unresolved {
        found.push(
            Diagnostic::new(
                code::FOREIGN_REFERENCE,
                format!("{} refers to {quoted}, which cannot be resolved: {why}", node.quoted()),
            )
            .node(&node.id)
            .field(format!("/config/{}", pointer_token(setting)))
            .span(span)
            .help("let it name a node of this graph, as in `{{@nodeId:Label.field}}`"),
        );
    }
}

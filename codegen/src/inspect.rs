//! What the compiler thinks of a graph, as text: `flowcrate compile --emit guards|types|ir`.

use std::fmt::Write as _;

use crate::check::{Checked, check_source, guards_of_source};
use crate::diagnostic::Diagnostic;
use crate::known::Known;
use crate::lower::lower;

/// What to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// When each node runs (S6), as the check stage decides it.
    Guards,
    /// The type of each node's output, and of the workflow's input and output.
    Types,
    /// The lowered program.
    Ir,
}

/// The view of a graph document where it has no error, and all diagnostics in any case.
///
/// ```
/// use flowcrate::catalogue::Catalogue;
/// use flowcrate_codegen::inspect::{View, inspect};
///
/// let graph = br#"{
///   "name": "hello",
///   "nodes": [
///     { "id": "start", "data": { "kind": "manual@1", "config": { "sample": { "vip": true } } } },
///     { "id": "vip", "data": { "kind": "condition@1", "inputs": { "condition": "{{ trigger.vip }}" } } },
///     { "id": "gift", "data": { "kind": "transform@1", "inputs": { "value": 1 } } }
///   ],
///   "edges": [
///     { "source": "start", "target": "vip" },
///     { "source": "vip", "sourceHandle": "true", "target": "gift" }
///   ]
/// }"#;
/// let (guards, _) = inspect(graph, &Catalogue::default(), View::Guards);
/// assert_eq!(guards.unwrap(), "gift   vip.true\nstart  always\nvip    always\n");
/// ```
pub fn inspect<'c>(
    source: &[u8],
    known: impl Into<Known<'c>>,
    view: View,
) -> (Option<String>, Vec<Diagnostic>) {
    let known = known.into();
    if view == View::Guards {
        return guards_of_source(source, known);
    }
    let (checked, mut diagnostics) = check_source(source, known);
    let text = checked.and_then(|checked| match view {
        View::Guards | View::Types => Some(types(&checked)),
        View::Ir => match lower(&checked) {
            Ok(workflow) => Some(workflow.to_string()),
            Err(bugs) => {
                diagnostics.extend(bugs);
                None
            }
        },
    });
    (text, diagnostics)
}

fn types(checked: &Checked) -> String {
    let mut lines = vec![
        ("trigger".to_owned(), checked.input.to_string()),
        ("(output)".to_owned(), checked.output.to_string()),
    ];
    for node in checked.nodes.values() {
        let ty = node.output.as_ref().map_or("(none)".to_owned(), ToString::to_string);
        lines.push((format!("steps.{}", node.id), ty));
    }
    columns(&lines)
}

/// Two columns.
pub(crate) fn columns(lines: &[(String, String)]) -> String {
    let width = lines.iter().map(|(left, _)| left.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for (left, right) in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{left:width$}  {right}");
    }
    text
}

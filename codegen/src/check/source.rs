//! From the bytes of a document to the checked graph: `parse -> resolve -> check`.

use std::collections::BTreeMap;

use flowcrate::catalogue::Catalogue;
use flowcrate::types::Type;
use serde::Serialize;

use super::stage::{self, Output, Stage};
use super::warnings::unused;
use super::{Checked, NodeId, assemble};
use crate::diagnostic::{self, Diagnostic, code};
use crate::graph::react_flow;
use crate::resolve::resolve;

/// What an editor shows of a node, known as far as errors leave it known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeTypes {
    /// Type of `steps.<id>` where it left by a handle with a value; `None` where it has no
    /// output, or none that is known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Type>,
    /// Its output handles, in the order in which a canvas shows them.
    pub handles: Vec<String>,
}

/// Everything that is known of a document.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The checked graph; `None` if any diagnostic is an error.
    pub checked: Option<Checked>,
    /// Each node's types, also where other nodes have errors.
    pub types: BTreeMap<NodeId, NodeTypes>,
    /// All findings, errors first, then by node.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a document: the checked graph where nothing is wrong, and all findings in any case.
///
/// ```
/// use flowcrate::catalogue::Catalogue;
/// let (checked, diagnostics) = flowcrate_codegen::check_source(b"{", &Catalogue::default());
/// assert!(checked.is_none());
/// assert_eq!(diagnostics[0].code, "E101");
/// ```
pub fn check_source(source: &[u8], catalogue: &Catalogue) -> (Option<Checked>, Vec<Diagnostic>) {
    let Report { checked, diagnostics, .. } = check_source_types(source, catalogue);
    (checked, diagnostics)
}

/// Checks a document, and gives the types of its nodes even where some have errors.
pub fn check_source_types(source: &[u8], catalogue: &Catalogue) -> Report {
    let (raw, mut diagnostics) = react_flow::parse(source);
    let Some(raw) = raw else {
        diagnostic::sort(&mut diagnostics);
        return Report { diagnostics, ..Report::default() };
    };
    // Of nodes that could not be read nobody knows where they stand in the flow.
    let readable = !diagnostic::any_error(&diagnostics);
    let (mut graph, found) = resolve(raw, catalogue);
    diagnostics.extend(found);
    graph.whole &= readable;
    let mut stage = stage::run(&graph);
    diagnostics.append(&mut stage.out);
    let mut checked = None;
    if !diagnostic::any_error(&diagnostics) {
        checked = assemble::checked(&mut stage);
        diagnostics.extend(checked.iter().flat_map(unused::check));
        if checked.is_none() {
            diagnostics.push(
                Diagnostic::new(code::INTERNAL, "a node without errors was not understood")
                    .help("report this graph: it shows a bug in the compiler"),
            );
        }
    }
    diagnostic::sort(&mut diagnostics);
    Report { checked, types: types(&stage), diagnostics }
}

/// When each node of a document runs, where no diagnostic is an error.
pub(crate) fn guards_of_source(
    source: &[u8],
    catalogue: &Catalogue,
) -> (Option<String>, Vec<Diagnostic>) {
    let (raw, mut diagnostics) = react_flow::parse(source);
    let mut text = None;
    if let Some(raw) = raw {
        let readable = !diagnostic::any_error(&diagnostics);
        let (mut graph, found) = resolve(raw, catalogue);
        diagnostics.extend(found);
        graph.whole &= readable;
        let mut stage = stage::run(&graph);
        diagnostics.append(&mut stage.out);
        text = (!diagnostic::any_error(&diagnostics)).then(|| stage.guards.text(&graph));
    }
    diagnostic::sort(&mut diagnostics);
    (text, diagnostics)
}

fn types(stage: &Stage<'_>) -> BTreeMap<NodeId, NodeTypes> {
    let ids = stage.graph.ids.iter();
    ids.map(|(id, index)| {
        let output = match stage.outputs.get(*index) {
            Some(Output::Is(ty)) => Some(ty.clone()),
            Some(Output::None | Output::Unknown) | None => None,
        };
        let handles = &stage.graph.node(*index).handles.names;
        let handles = handles.iter().map(ToString::to_string).collect();
        (id.clone(), NodeTypes { output, handles })
    })
    .collect()
}

//! From the bytes of a document to the checked graph: `parse -> resolve -> check`.

use std::collections::BTreeMap;

use flowcrate::catalogue::Catalogue;
use flowcrate::types::Type;
use serde::Serialize;

use super::callees::{self, Verdicts};
use super::stage::{self, Output, Stage};
use super::warnings::unused;
use super::{Checked, NodeId, assemble};
use crate::diagnostic::{self, Diagnostic, code};
use crate::graph::{RawGraph, react_flow};
use crate::known::Known;
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
/// What it may name is the catalogue's kinds and, where [`Known`] says so, other workflows.
///
/// ```
/// use flowcrate::catalogue::Catalogue;
/// let (checked, diagnostics) = flowcrate_codegen::check_source(b"{", &Catalogue::default());
/// assert!(checked.is_none());
/// assert_eq!(diagnostics[0].code, "E101");
/// ```
pub fn check_source<'c>(
    source: &[u8],
    known: impl Into<Known<'c>>,
) -> (Option<Checked>, Vec<Diagnostic>) {
    let Report { checked, diagnostics, .. } = check_source_types(source, known);
    (checked, diagnostics)
}

/// Checks a document, and gives the types of its nodes even where some have errors.
pub fn check_source_types<'c>(source: &[u8], known: impl Into<Known<'c>>) -> Report {
    let known = known.into();
    let (raw, diagnostics) = react_flow::parse(source);
    let callees = raw.as_ref().map(|raw| callees::check(raw, known)).unwrap_or_default();
    parsed((raw, diagnostics), known.catalogue, &callees)
}

/// Checks a document; the workflows that it calls have been.
pub(super) fn report(source: &[u8], catalogue: &Catalogue, callees: &Verdicts) -> Report {
    parsed(react_flow::parse(source), catalogue, callees)
}

fn parsed(
    (raw, mut diagnostics): (Option<RawGraph>, Vec<Diagnostic>),
    catalogue: &Catalogue,
    callees: &Verdicts,
) -> Report {
    let Some(raw) = raw else {
        diagnostic::sort(&mut diagnostics);
        return Report { diagnostics, ..Report::default() };
    };
    // Of nodes that could not be read nobody knows where they stand in the flow.
    let readable = !diagnostic::any_error(&diagnostics);
    let (mut graph, found) = resolve(raw, catalogue);
    diagnostics.extend(found);
    graph.whole &= readable;
    let mut stage = stage::run(&graph, callees);
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
    known: Known<'_>,
) -> (Option<String>, Vec<Diagnostic>) {
    let (raw, mut diagnostics) = react_flow::parse(source);
    let mut text = None;
    if let Some(raw) = raw {
        let readable = !diagnostic::any_error(&diagnostics);
        let callees = callees::check(&raw, known);
        let (mut graph, found) = resolve(raw, known.catalogue);
        diagnostics.extend(found);
        graph.whole &= readable;
        let mut stage = stage::run(&graph, &callees);
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

//! What a graph may name beside its own nodes: kinds, and other workflows (S35).

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::catalogue::Catalogue;

use crate::check::kinds;
use crate::graph::react_flow;

/// The graph documents of workflows that others may call, by name.
///
/// The compiler reads no files: whoever calls it hands over what may be called. More than is
/// called does no harm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callees(BTreeMap<String, Vec<u8>>);

impl Callees {
    /// None.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds the document of a workflow.
    pub fn insert(&mut self, name: impl Into<String>, document: impl Into<Vec<u8>>) {
        self.0.insert(name.into(), document.into());
    }

    /// The document of a workflow.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl<N: Into<String>, D: Into<Vec<u8>>> FromIterator<(N, D)> for Callees {
    fn from_iter<I: IntoIterator<Item = (N, D)>>(all: I) -> Self {
        Self(all.into_iter().map(|(name, document)| (name.into(), document.into())).collect())
    }
}

/// Everything that a graph may name. A catalogue alone is all kinds, and no other workflow.
#[derive(Clone, Copy, Debug)]
pub struct Known<'c> {
    /// All kinds of steps.
    pub catalogue: &'c Catalogue,
    /// The workflows that may be called.
    pub callees: &'c Callees,
}

static NO_CALLEES: Callees = Callees::new();

impl<'c> From<&'c Catalogue> for Known<'c> {
    fn from(catalogue: &'c Catalogue) -> Self {
        Self { catalogue, callees: &NO_CALLEES }
    }
}

/// The workflows that a document's nodes call, as far as it can be read: what its compilation needs
/// in [`Callees`], and of each of these again.
///
/// ```
/// let graph = br#"{ "name": "sell", "nodes": [
///   { "id": "start", "data": { "kind": "manual@1" } },
///   { "id": "ship", "data": { "kind": "call_workflow@1", "config": { "workflow": "ship" } } }
/// ] }"#;
/// assert!(flowcrate_codegen::called(graph).contains("ship"));
/// ```
pub fn called(source: &[u8]) -> BTreeSet<String> {
    let (raw, _) = react_flow::parse(source);
    raw.map(|raw| kinds::called(&raw.nodes)).unwrap_or_default()
}

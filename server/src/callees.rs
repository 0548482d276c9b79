//! The workflows that a graph may call (S35): their documents, for the compiler, and how the engine
//! knows them.

use std::collections::BTreeMap;

use flowcrate_codegen::Callees;

/// The workflows that a graph may call.
#[derive(Clone, Debug, Default)]
pub struct Linked {
    /// Their documents.
    pub documents: Callees,
    /// By name, what the engine calls them where that is something else.
    pub ids: BTreeMap<String, String>,
}

impl Linked {
    /// What the engine calls a workflow.
    pub fn id<'n>(&'n self, name: &'n str) -> &'n str {
        self.ids.get(name).map_or(name, String::as_str)
    }
}

impl From<Callees> for Linked {
    fn from(documents: Callees) -> Self {
        Self { documents, ids: BTreeMap::new() }
    }
}

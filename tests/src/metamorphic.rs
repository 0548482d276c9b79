//! Changes of a graph that must change nothing of what a run of it does (design 10.5).
//!
//! Each takes a case and gives another with the same meaning; [`Changed::back`] says how the other's
//! paths read in the first. Orderings and places on the canvas ([`scrambled`], [`moved`]) must not
//! even change a byte of the emitted crate.

mod order;
mod rename;
mod scopes;
mod structure;

use serde_json::Value;

use crate::random::{Case, Rng};

pub use order::{moved, scrambled};

/// A change without a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// All ids are others (S16).
    Rename,
    /// Nodes that never run (S2, S4, S14).
    AddDead,
    /// A transform stands amid an edge (S3, S37).
    DivideEdge,
    /// A condition asks the contrary, and its edges change places.
    Negate,
    /// A transform becomes two, one behind the other.
    Split,
    /// A node stands within a try that catches nothing (S21, S23).
    Wrap,
    /// A transform that cannot fail stands within a try whose catch never runs (S23).
    Catch,
    /// The body of a try that cannot fail stands beside it.
    Inline,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Rename,
        Self::AddDead,
        Self::DivideEdge,
        Self::Negate,
        Self::Split,
        Self::Wrap,
        Self::Catch,
        Self::Inline,
    ];

    /// The changed case; nothing where the graph has no place for the change. All but
    /// [`Change::Rename`] ask for ids that [`Change::Rename`] gave.
    pub fn apply(self, case: &Case, rng: &mut Rng) -> Option<Changed> {
        match self {
            Self::Rename => Some(rename::rename(case)),
            Self::AddDead => structure::add_dead(case, rng),
            Self::DivideEdge => structure::divide_edge(case, rng),
            Self::Negate => structure::negate(case, rng),
            Self::Split => structure::split(case, rng),
            Self::Wrap => scopes::wrap(case, rng),
            Self::Catch => scopes::catch(case, rng),
            Self::Inline => scopes::inline(case, rng),
        }
    }
}

/// A case that was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The other graph, and its world.
    pub case: Case,
    /// Parts of its paths, and what the first graph has in their place.
    pub back: Vec<(String, String)>,
    /// Parts of the first graph's paths that the other one does not have.
    pub gone: Vec<String>,
    /// A scope that only one of them has; its own entry stands at its id.
    pub scope: Option<String>,
}

impl Changed {
    /// Of a case whose paths are those of the first.
    fn same(case: Case) -> Self {
        Self { case, back: Vec::new(), gone: Vec::new(), scope: None }
    }

    /// What was told of the changed run, in the words of the first graph.
    pub fn told_back(&self, told: &str) -> String {
        let replace = |told: String, (from, to): &(String, String)| told.replace(from, to);
        self.back.iter().fold(told.to_owned(), replace)
    }

    /// What was told of the first run, without what the changed one cannot tell.
    pub fn told_less(&self, told: &str) -> String {
        self.gone.iter().fold(told.to_owned(), |told, part| told.replace(part, ""))
    }
}

/// The nodes of a document.
fn nodes(graph: &Value) -> &[Value] {
    graph["nodes"].as_array().map_or(&[], Vec::as_slice)
}

/// The edges of a document.
fn edges(graph: &Value) -> &[Value] {
    graph["edges"].as_array().map_or(&[], Vec::as_slice)
}

/// Adds to one of the document's lists.
fn push(graph: &mut Value, list: &str, item: Value) {
    if let Some(items) = graph[list].as_array_mut() {
        items.push(item);
    }
}

/// Whether two nodes stand in one region.
fn place(node: &Value) -> (&Value, &str) {
    (&node["parentId"], node["data"]["region"].as_str().unwrap_or_default())
}

/// Gives a new node the place of another.
fn placed_like(mut node: Value, like: &Value) -> Value {
    for (of, key) in [("parentId", None), ("region", Some("data"))] {
        let value = key.map_or(&like[of], |key| &like[key][of]).clone();
        if !value.is_null() {
            match key {
                Some(key) => node[key][of] = value,
                None => node[of] = value,
            }
        }
    }
    node
}

/// An id that no node of a renamed graph has.
fn fresh(graph: &Value) -> String {
    let taken = |id: &str| nodes(graph).iter().any(|node| node["id"] == id);
    let mut number = nodes(graph).len();
    while taken(&format!("zz{number:03}")) {
        number += 1;
    }
    format!("zz{number:03}")
}

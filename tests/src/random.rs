//! Random graphs that the checker should accept, and their worlds.
//!
//! The generator holds its own view of what is well typed: which names can be read at a place, of
//! which type, and whether they are sure to be there. It is cautious: what it writes is to be
//! accepted, so that a refusal is looked at.

pub mod callees;
pub mod constructs;
mod exprs;
mod graph;
mod kinds;
mod lists;
mod patterns;
mod rng;
mod scopes;
mod shapes;
pub mod shrink;
mod types;
mod world;

use serde_json::Value;

use crate::model::Script;
pub use rng::Rng;

/// A graph and the world in which it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The document.
    pub graph: Value,
    /// Its world.
    pub script: Script,
}

/// The case of a seed.
pub fn case(seed: u64) -> Case {
    let mut rng = Rng::new(seed);
    let (graph, events) = graph::document(&mut rng, seed);
    let script = world::script(&mut rng, &graph, &events);
    Case { graph, script }
}

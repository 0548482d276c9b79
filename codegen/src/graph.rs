//! The graph document and its petgraph form.

mod ids;

pub use ids::{EdgeId, HandleId, NodeId};

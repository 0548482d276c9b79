//! The graph document and its petgraph form.

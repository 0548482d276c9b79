//! Including a workflow that a build script compiled from a graph.

/// The workflow that `build.rs` compiled from a graph, by the name of the graph's file: its
/// function, the struct that an engine registers, and its types.
///
/// ```ignore
/// mod greet {
///     flowcrate::include_workflow!("greet"); // flows/greet.json
/// }
/// ```
///
/// `examples/from-graph` is a whole program with its `build.rs`.
#[macro_export]
macro_rules! include_workflow {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/flowcrate/", $name, ".rs"));
    };
}

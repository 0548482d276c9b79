//! Emitted Rust as one file, for a module of another crate.

use crate::emit::Emitted;

/// What whoever includes the file may make of it: a part of a program, and not all of it.
const ALLOWED: &str = "#[allow(\n    unreachable_pub,\n    unused_imports,\n    reason = \"the \
                       module stands in a crate that takes what it needs of it\"\n)]\n";

/// The sources as modules of one file, which a `build.rs` writes and `flowcrate::include_workflow!`
/// includes. Custom nodes are written as methods of `Custom` for `crate::custom::Functions`.
pub fn module(emitted: &Emitted) -> String {
    let files = [
        ("types", emitted.types.as_ref()),
        ("steps", emitted.steps.as_ref()),
        ("workflow", Some(&emitted.workflow)),
    ];
    let mut text = String::new();
    for (name, source) in files {
        if let Some(source) = source {
            // The docs at the top of each source are those of its module.
            text.extend([ALLOWED, "mod ", name, " {\n", source, "}\n\n"]);
        }
    }
    let (structure, function) = (&emitted.structure, &emitted.function);
    text.extend([ALLOWED, "pub use workflow::{", structure, ", ", function, "};\n"]);
    if emitted.types.is_some() {
        text.extend([ALLOWED, "pub use types::*;\n"]);
    }
    if emitted.custom.is_some() {
        text.extend([ALLOWED, "pub use steps::Custom;\n"]);
    }
    text
}

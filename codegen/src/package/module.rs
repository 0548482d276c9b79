//! Emitted Rust as one file, for a module of another crate.

use crate::emit::Emitted;

/// What whoever includes the file may make of it: a part of a program, and not all of it.
const ALLOWED: &str = "#[allow(\n    unreachable_pub,\n    unused_imports,\n    reason = \"the \
                       module stands in a crate that takes what it needs of it\"\n)]\n";

/// The sources as modules of one file, which a `build.rs` writes and `flowcrate::include_workflow!`
/// includes. Custom nodes are written as methods of `Custom` for `crate::custom::Functions`; those
/// of a workflow that is called, say `ship`, for `crate::custom_ship::Functions`.
pub fn module(emitted: &Emitted) -> String {
    let mut text = String::new();
    write(
        &[
            ("types", emitted.types.as_ref()),
            ("steps", emitted.steps.as_ref()),
            ("workflow", Some(&emitted.workflow)),
        ],
        "mod",
        &mut text,
    );
    for callee in emitted.callees.values() {
        text.extend([ALLOWED, "pub mod ", &callee.module, " {\n"]);
        text.push_str("//! A workflow that is called.\n\n");
        let files = [("steps", callee.steps.as_ref()), ("workflow", Some(&callee.workflow))];
        write(&files, "pub(super) mod", &mut text);
        text.extend(["pub use workflow::{", &callee.structure, ", ", &callee.function, "};\n"]);
        if callee.custom.is_some() {
            text.push_str("pub use steps::Custom;\n");
        }
        text.push_str("}\n\n");
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

/// Sources as modules; the docs at the top of each are those of its module.
fn write(files: &[(&str, Option<&String>)], module: &str, text: &mut String) {
    for (name, source) in files {
        if let Some(source) = source {
            text.extend([ALLOWED, module, " ", name, " {\n", source, "}\n\n"]);
        }
    }
}

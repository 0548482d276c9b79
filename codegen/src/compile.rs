//! The compiler, top down: `parse -> resolve -> check -> lower -> emit -> package`.
//!
//! The first three are [`check_source`], which editor and server also call
//! on their own; each stage gives all its diagnostics, and an error stops the pipeline behind it.

use crate::check::check_source;
use crate::diagnostic::{self, Diagnostic, code};
use crate::emit::emit;
use crate::known::Known;
use crate::lower::lower;
use crate::package::{self, CrateFiles, Support, package};

/// What [`compile`] gives: files where there is no error, and all diagnostics in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// The files of the crate.
    pub files: Option<CrateFiles>,
    /// Everything that was found, errors first, then by node.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a graph document to the files of a Rust crate. The workflows that it calls are modules
/// of the crate.
///
/// ```
/// use flowcrate::catalogue::Catalogue;
/// use flowcrate_codegen::{compile, package::Support};
///
/// let graph = br#"{
///   "format": 1, "name": "hello",
///   "nodes": [
///     { "id": "start", "data": { "label": "Start", "kind": "manual@1" } },
///     { "id": "done", "data": { "label": "Done", "kind": "return@1", "inputs": { "value": 42 } } }
///   ],
///   "edges": [ { "id": "e1", "source": "start", "target": "done" } ]
/// }"#;
/// let compiled = compile(graph, &Catalogue::default(), &Support::Vendored);
/// let files = compiled.files.expect("no errors").files;
/// assert!(files.contains_key("src/generated/workflow.rs"));
/// ```
pub fn compile<'c>(source: &[u8], known: impl Into<Known<'c>>, support: &Support) -> Compiled {
    let known = known.into();
    let (checked, mut diagnostics) = check_source(source, known);
    let files = checked.and_then(|checked| {
        let crate_ = lower(&checked).and_then(|workflow| {
            let emitted = emit(&workflow, &checked, known.catalogue);
            package(&checked, emitted, (source, known.callees), support)
                .map_err(|error| bug(&error))
        });
        crate_.map_err(|bugs| diagnostics.extend(bugs)).ok()
    });
    diagnostic::sort(&mut diagnostics);
    Compiled { files, diagnostics }
}

/// Compiles a graph document to one Rust file, for a module of a crate that is there already:
/// what a `build.rs` writes. The workflows that it calls are modules of that. See
/// [`package::module()`].
pub fn compile_module<'c>(
    source: &[u8],
    known: impl Into<Known<'c>>,
) -> (Option<String>, Vec<Diagnostic>) {
    let known = known.into();
    let (checked, mut diagnostics) = check_source(source, known);
    let text = checked.and_then(|checked| match lower(&checked) {
        Ok(workflow) => Some(package::module(&emit(&workflow, &checked, known.catalogue))),
        Err(bugs) => {
            diagnostics.extend(bugs);
            None
        }
    });
    diagnostic::sort(&mut diagnostics);
    (text, diagnostics)
}

/// What no graph should bring about.
fn bug(error: &minijinja::Error) -> Vec<Diagnostic> {
    let message = format!("a template of the compiler failed: {error}");
    let help = "report this graph: it shows a bug in the compiler";
    vec![Diagnostic::new(code::INTERNAL, message).help(help)]
}

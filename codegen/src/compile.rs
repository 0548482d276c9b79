//! The compiler, top down: `parse -> resolve -> check -> lower -> emit -> package`.

use flowcrate::catalogue::Catalogue;

use crate::Diagnostic;

/// What [`compile`] gives: files where there is no error, and all diagnostics in any case.
#[derive(Debug)]
pub struct Compiled {
    /// Everything that was found, errors first, then by node.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles a graph document.
pub fn compile(_source: &[u8], _catalogue: &Catalogue) -> Compiled {
    Compiled { diagnostics: Vec::new() }
}

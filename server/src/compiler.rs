//! The one place where the server calls the compiler.

use std::sync::Arc;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::{Checked, Report};
use flowcrate_codegen::inspect::View;
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::package::Support;
use flowcrate_codegen::upgrade::{Upgrade, upgrade_source};
use flowcrate_codegen::{Compiled, Diagnostic, Mended};
use flowcrate_plugins::Actions;

use crate::interpret::Plan;

/// The compiler with the catalogue of everything that this server can run.
#[derive(Debug)]
pub struct Compiler {
    /// All plugin actions.
    pub catalogue: Catalogue,
    actions: Arc<Actions>,
}

impl Default for Compiler {
    fn default() -> Self {
        Self::new()
    }
}

impl Compiler {
    /// The compiler with all plugins of this build.
    pub fn new() -> Self {
        Self::with(flowcrate_plugins::actions())
    }

    /// The compiler with these actions.
    pub fn with(actions: Actions) -> Self {
        Self { catalogue: actions.catalogue(), actions: Arc::new(actions) }
    }

    /// Checks a graph document: its meaning where it has no error, and all diagnostics.
    pub fn check(&self, source: &[u8]) -> (Option<Checked>, Vec<Diagnostic>) {
        flowcrate_codegen::check_source(source, &self.catalogue)
    }

    /// Applies every fix that the findings of a graph document offer.
    pub fn mend(&self, source: &str) -> Mended {
        flowcrate_codegen::mend(source, &self.catalogue)
    }

    /// Everything that is known of a graph document, types too, as far as errors leave them known.
    pub fn report(&self, source: &[u8]) -> Report {
        flowcrate_codegen::check_source_types(source, &self.catalogue)
    }

    /// Compiles a graph to the files of a crate that finds ours in `vendor/`.
    pub fn compile(&self, source: &[u8]) -> Compiled {
        flowcrate_codegen::compile(source, &self.catalogue, &Support::Vendored)
    }

    /// What the compiler thinks of a graph, as text.
    pub fn inspect(&self, source: &[u8], view: View) -> (Option<String>, Vec<Diagnostic>) {
        flowcrate_codegen::inspect::inspect(source, &self.catalogue, view)
    }

    /// What becomes of the runs of one graph under another, and what was found in either.
    pub fn upgrade(&self, running: &[u8], new: &[u8]) -> (Option<Upgrade>, [Vec<Diagnostic>; 2]) {
        upgrade_source(running, new, &self.catalogue)
    }

    /// Compiles a graph for the interpreter.
    pub fn plan(&self, source: &[u8]) -> Result<Plan, Vec<Diagnostic>> {
        let (checked, diagnostics) = self.check(source);
        let checked = checked.ok_or(diagnostics)?;
        let ir = lower(&checked)?;
        Ok(Plan { ir, checked, actions: Arc::clone(&self.actions) })
    }
}

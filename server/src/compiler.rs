//! The one place where the server calls the compiler.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::{Checked, Report};
use flowcrate_codegen::inspect::View;
use flowcrate_codegen::ir;
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::package::Support;
use flowcrate_codegen::upgrade::{Upgrade, upgrade_source};
use flowcrate_codegen::{Callees, Compiled, Diagnostic, Known, Mended};
use flowcrate_plugins::Actions;

use crate::callees::Linked;
use crate::interpret::{Interpreted, Limits, Plan};

/// The compiler with the catalogue of everything that this server can run.
#[derive(Debug)]
pub struct Compiler {
    /// All plugin actions.
    pub catalogue: Catalogue,
    actions: Arc<Actions>,
    /// Under which limits the workflows are that plans call.
    pub limits: Limits,
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
        let limits = Limits::default();
        Self { catalogue: actions.catalogue(), actions: Arc::new(actions), limits }
    }

    /// Checks a graph document: its meaning where it has no error, and all diagnostics.
    pub fn check(&self, source: &[u8], callees: &Callees) -> (Option<Checked>, Vec<Diagnostic>) {
        flowcrate_codegen::check_source(source, self.known(callees))
    }

    /// Applies every fix that the findings of a graph document offer.
    pub fn mend(&self, source: &str, callees: &Callees) -> Mended {
        flowcrate_codegen::mend(source, self.known(callees))
    }

    /// Everything that is known of a graph document, types too, as far as errors leave them known.
    pub fn report(&self, source: &[u8], callees: &Callees) -> Report {
        flowcrate_codegen::check_source_types(source, self.known(callees))
    }

    /// Compiles a graph to the files of a crate that finds ours in `vendor/`.
    pub fn compile(&self, source: &[u8], callees: &Callees) -> Compiled {
        self.compile_for(source, callees, &Support::Vendored)
    }

    /// Compiles a graph to the files of a crate that finds ours where `support` says.
    pub fn compile_for(&self, source: &[u8], callees: &Callees, support: &Support) -> Compiled {
        flowcrate_codegen::compile(source, self.known(callees), support)
    }

    /// What the compiler thinks of a graph, as text.
    pub fn inspect(
        &self,
        source: &[u8],
        callees: &Callees,
        view: View,
    ) -> (Option<String>, Vec<Diagnostic>) {
        flowcrate_codegen::inspect::inspect(source, self.known(callees), view)
    }

    /// What becomes of the runs of one graph under another, each with what it may call, and what
    /// was found in either.
    pub fn upgrade(
        &self,
        (running, pinned): (&[u8], &Callees),
        (new, callees): (&[u8], &Callees),
    ) -> (Option<Upgrade>, [Vec<Diagnostic>; 2]) {
        upgrade_source((running, self.known(pinned)), (new, self.known(callees)))
    }

    /// Compiles a graph for the interpreter, with all that it calls.
    pub fn plan(&self, source: &[u8], linked: &Linked) -> Result<Plan, Vec<Diagnostic>> {
        let (checked, diagnostics) = self.check(source, &linked.documents);
        let checked = Arc::new(checked.ok_or(diagnostics)?);
        let ir = Arc::new(lower(&checked)?);
        Ok(self.link(&checked, &ir, (&ir, linked), &mut BTreeMap::new()))
    }

    /// The plan of a workflow, `whole`'s own or that of one that it calls. Chains of calls are
    /// short: the compiler bounds what one graph reaches.
    fn link(
        &self,
        checked: &Arc<Checked>,
        ir: &Arc<ir::Workflow>,
        (whole, linked): (&ir::Workflow, &Linked),
        done: &mut BTreeMap<String, Interpreted>,
    ) -> Plan {
        let mut callees = BTreeMap::new();
        for (name, callee) in &checked.callees {
            let Some(ir) = whole.callees.get(name) else { continue };
            if !done.contains_key(name) {
                let plan = self.link(callee, ir, (whole, linked), done);
                let revision = callee.revision.clone();
                let callee = Interpreted::new(linked.id(name), revision, Arc::new(plan));
                done.insert(name.clone(), callee.under(&self.limits));
            }
            callees.extend(done.get(name).map(|callee| (name.clone(), callee.clone())));
        }
        let actions = Arc::clone(&self.actions);
        Plan { ir: Arc::clone(ir), checked: Arc::clone(checked), callees, actions }
    }

    fn known<'c>(&'c self, callees: &'c Callees) -> Known<'c> {
        Known { catalogue: &self.catalogue, callees }
    }
}

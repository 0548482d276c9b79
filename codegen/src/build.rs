//! For a `build.rs`: the graphs of a package become modules of it.
//!
//! The one place in this crate with a file system, behind the feature `build`.
//!
//! ```no_run
//! // build.rs
//! use std::process::ExitCode;
//!
//! use flowcrate::catalogue::Catalogue;
//! use flowcrate_codegen::build::Build;
//!
//! fn main() -> ExitCode {
//!     // Of a graph with actions: `flowcrate_plugins::catalogue()`.
//!     Build::new(Catalogue::default()).graph("flows/greet.json").run()
//! }
//! ```
//!
//! The program includes what was written by the graph's name:
//!
//! ```ignore
//! mod greet {
//!     flowcrate::include_workflow!("greet");
//! }
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use flowcrate::catalogue::Catalogue;
use serde_json::Value;

use crate::compile::compile_module;
use crate::diagnostic::{Diagnostic, any_error};
use crate::known::{Callees, Known};

/// The graphs to compile.
#[derive(Debug)]
pub struct Build {
    catalogue: Catalogue,
    graphs: Vec<PathBuf>,
    callees: Vec<PathBuf>,
    out: Option<PathBuf>,
}

/// Why nothing was written for a graph.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The graph has errors.
    #[error("{} has errors", path.display())]
    Graph {
        /// The graph.
        path: PathBuf,
        /// All that was found.
        diagnostics: Vec<Diagnostic>,
    },
    /// This is no build script, and no folder was named.
    #[error("OUT_DIR is not set: call this from a build.rs, or name a folder with `out_dir`")]
    NoFolder,
}

impl Build {
    /// With the actions that the graphs may use.
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue, graphs: Vec::new(), callees: Vec::new(), out: None }
    }

    /// Adds a graph document, by its path from the package.
    #[must_use]
    pub fn graph(mut self, path: impl Into<PathBuf>) -> Self {
        self.graphs.push(path.into());
        self
    }

    /// Adds a graph document that others call, and that is a module of theirs alone. Those of
    /// [`Self::graph`] may be called, too.
    #[must_use]
    pub fn callee(mut self, path: impl Into<PathBuf>) -> Self {
        self.callees.push(path.into());
        self
    }

    /// Writes to this folder in place of `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out = Some(folder.into());
        self
    }

    /// Compiles all graphs, and tells cargo when to do so again and what was found.
    pub fn run(self) -> ExitCode {
        for graph in self.graphs.iter().chain(&self.callees) {
            println!("cargo::rerun-if-changed={}", graph.display());
        }
        match self.write() {
            Ok(found) => {
                for (path, warning) in &found {
                    println!("cargo::warning={}", said(path, warning));
                }
                ExitCode::SUCCESS
            }
            Err(error) => {
                if let BuildError::Graph { path, diagnostics } = &error {
                    for diagnostic in diagnostics {
                        println!("cargo::error={}", said(path, diagnostic));
                    }
                }
                println!("cargo::error={error}");
                ExitCode::FAILURE
            }
        }
    }

    /// Compiles all graphs into `<out>/flowcrate/<name>.rs`, each by its file's name; gives the
    /// warnings.
    pub fn write(&self) -> Result<Vec<(PathBuf, Diagnostic)>, BuildError> {
        let set = || std::env::var_os("OUT_DIR").map(PathBuf::from);
        let out = self.out.clone().or_else(set).ok_or(BuildError::NoFolder)?.join("flowcrate");
        fs::create_dir_all(&out).map_err(|source| failed(&out, source))?;
        let callees = self.read_all()?;
        let known = Known { catalogue: &self.catalogue, callees: &callees };
        let mut warnings = Vec::new();
        for path in &self.graphs {
            let source = fs::read(path).map_err(|source| failed(path, source))?;
            let (text, found) = compile_module(&source, known);
            let Some(text) = text.filter(|_| !any_error(&found)) else {
                return Err(BuildError::Graph { path: path.clone(), diagnostics: found });
            };
            warnings.extend(found.into_iter().map(|warning| (path.clone(), warning)));
            let file = out.join(path.file_stem().unwrap_or_default()).with_extension("rs");
            fs::write(&file, text).map_err(|source| failed(&file, source))?;
        }
        Ok(warnings)
    }
}

impl Build {
    /// All documents, by the names of their workflows.
    fn read_all(&self) -> Result<Callees, BuildError> {
        let mut callees = Callees::new();
        for path in self.graphs.iter().chain(&self.callees) {
            let source = fs::read(path).map_err(|source| failed(path, source))?;
            let document: Option<Value> = serde_json::from_slice(&source).ok();
            let name = document.as_ref().and_then(|document| document.get("name")?.as_str());
            // One without a name is called by none, and its own check says so.
            if let Some(name) = name {
                callees.insert(name, source);
            }
        }
        Ok(callees)
    }
}

fn failed(path: &Path, source: io::Error) -> BuildError {
    BuildError::Io { path: path.to_owned(), source }
}

/// A finding on one line, as cargo shows it.
fn said(path: &Path, found: &Diagnostic) -> String {
    let place = [found.node.as_deref(), found.field.as_deref()];
    let place = place.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let help = found.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!("{}: {place}: {} [{}]{help}", path.display(), found.message, found.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_becomes_a_module_and_a_wrong_one_says_why() {
        let folder = std::env::temp_dir().join(format!("flowcrate-build-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let graph = folder.join("greet.json");
        let build = || Build::new(Catalogue::default()).graph(&graph).out_dir(&folder);
        let node = r#"{ "id": "start", "data": { "kind": "manual@1" } }"#;
        fs::write(&graph, format!(r#"{{ "name": "greet", "nodes": [ {node} ] }}"#)).unwrap();
        assert_eq!(build().write().unwrap(), []);
        let text = fs::read_to_string(folder.join("flowcrate/greet.rs")).unwrap();
        assert!(text.contains("pub use workflow::{Greet, greet};"), "{text}");
        assert!(syn::parse_file(&text).is_ok(), "{text}");
        fs::write(&graph, r#"{ "name": "greet", "nodes": [] }"#).unwrap();
        let error = build().write().unwrap_err();
        let BuildError::Graph { diagnostics, .. } = &error else { panic!("{error}") };
        assert_eq!(diagnostics[0].code, "E207");
        assert!(said(&graph, &diagnostics[0]).contains("[E207]"));
        assert_eq!(build().run(), ExitCode::FAILURE);
        let call = r#""kind": "call_workflow@1", "config": { "workflow": "shout" }"#;
        let nodes = format!(r#"{node}, {{ "id": "call", "data": {{ {call} }} }}"#);
        let edges = r#"{ "source": "start", "target": "call" }"#;
        let calls = format!(r#"{{ "name": "greet", "nodes": [ {nodes} ], "edges": [ {edges} ] }}"#);
        fs::write(&graph, calls).unwrap();
        let BuildError::Graph { diagnostics, .. } = build().write().unwrap_err() else { panic!() };
        assert_eq!(diagnostics[0].code, "E231");
        let shout = folder.join("loud.json");
        fs::write(&shout, format!(r#"{{ "name": "shout", "nodes": [ {node} ] }}"#)).unwrap();
        build().callee(&shout).write().unwrap();
        let text = fs::read_to_string(folder.join("flowcrate/greet.rs")).unwrap();
        assert!(text.contains("pub mod shout {") && syn::parse_file(&text).is_ok(), "{text}");
        fs::remove_file(&graph).unwrap();
        assert!(matches!(build().write(), Err(BuildError::Io { .. })));
        fs::remove_dir_all(&folder).unwrap();
    }
}

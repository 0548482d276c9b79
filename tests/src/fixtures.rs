//! The fixtures: a folder each, with a graph, an input and the output that a run of it gives.

use std::fs;
use std::path::{Path, PathBuf};

use flowcrate_codegen::emit::{Emitted, emit};
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::{Callees, Known, Severity, check_source};
use serde_json::Value;

/// A graph that compiles.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// The graph document.
    pub graph: Vec<u8>,
    /// The workflows that it may call: `workflows/<name>.json`.
    pub callees: Callees,
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The part of a name that `FLOWCRATE_FIXTURE` asks for, while one fixture is worked on.
pub fn wanted() -> Option<String> {
    std::env::var("FLOWCRATE_FIXTURE").ok()
}

/// The graphs that also run: `tests/fixtures/run`, sorted by name.
pub fn running() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/run");
    let mut fixtures: Vec<Fixture> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fixture(entry.path(), "graph.json"))
        .filter(|fixture| wanted().is_none_or(|wanted| fixture.name.contains(&wanted)))
        .collect();
    fixtures.sort_by(|left, right| left.name.cmp(&right.name));
    fixtures
}

/// The graphs of `examples/`; their golden files stand in `tests/fixtures/examples/<name>`.
pub fn examples() -> Vec<Fixture> {
    let files = fs::read_dir(root().join("examples")).into_iter().flatten().flatten();
    let mut fixtures: Vec<Fixture> = files
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let folder =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/examples").join(&name);
            Some(Fixture { name, folder, graph: fs::read(path).ok()?, callees: Callees::new() })
        })
        .collect();
    fixtures.sort_by(|left, right| left.name.cmp(&right.name));
    fixtures
}

fn fixture(folder: PathBuf, graph: &str) -> Option<Fixture> {
    let name = folder.file_name()?.to_str()?.to_owned();
    let graph = fs::read(folder.join(graph)).ok()?;
    let callees = callees(&folder);
    Some(Fixture { name, folder, graph, callees })
}

/// The workflows that a fixture's graph may call: `workflows/<name>.json` in its folder.
pub fn callees(folder: &Path) -> Callees {
    let entries = fs::read_dir(folder.join("workflows")).into_iter().flatten().flatten();
    let documents = entries.filter_map(|entry| {
        let path = entry.path();
        Some((path.file_stem()?.to_str()?.to_owned(), fs::read(&path).ok()?))
    });
    documents.collect()
}

impl Fixture {
    /// A JSON file of the folder, null where there is none.
    pub fn json(&self, file: &str) -> Value {
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The emitted sources, or all errors as text.
    pub fn emit(&self) -> Result<(String, Emitted), String> {
        let catalogue = flowcrate_plugins::catalogue();
        let known = Known { catalogue: &catalogue, callees: &self.callees };
        let (checked, diagnostics) = check_source(&self.graph, known);
        let errors: Vec<String> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| format!("{diagnostic:?}"))
            .collect();
        let checked = checked.ok_or_else(|| errors.join("\n"))?;
        let workflow = lower(&checked).map_err(|diagnostics| format!("{diagnostics:?}"))?;
        let ir = workflow.to_string();
        Ok((ir, emit(&workflow, &checked, &catalogue)))
    }
}

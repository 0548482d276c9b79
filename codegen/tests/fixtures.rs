//! The fixtures, against what is recorded of them: findings, types, guards, IR and emitted sources.
//! `tests/tests/` asks more of them; this is what of it can be asked within the package, in seconds:
//! what cargo-mutants runs for each mutant.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::{Checked, check_source_types};
use flowcrate_codegen::emit::emit;
use flowcrate_codegen::inspect::{View, inspect};
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::{Callees, Known};
use serde_json::Value;

fn folders(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(kind);
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn graph(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("graph.json")).unwrap()
}

/// The plugins' actions as they are recorded, since the compiler depends on no plugin.
fn catalogue() -> Catalogue {
    serde_json::from_str(include_str!("catalogue.json")).unwrap()
}

fn callees(folder: &Path) -> Callees {
    let entries = fs::read_dir(folder.join("workflows")).into_iter().flatten().flatten();
    let documents = entries.map(|entry| {
        let path = entry.path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(&path).unwrap())
    });
    documents.collect()
}

/// The emitted sources by their file's name.
fn sources(checked: &Checked, catalogue: &Catalogue) -> Vec<(&'static str, Option<String>)> {
    let workflow = lower(checked).unwrap();
    let emitted = emit(&workflow, checked, catalogue);
    vec![
        ("ir.txt", Some(workflow.to_string())),
        ("workflow.rs", Some(emitted.workflow)),
        ("steps.rs", emitted.steps),
        ("types.rs", emitted.types),
        ("custom.rs", emitted.custom),
    ]
}

#[test]
fn running_fixtures_compile_to_what_is_recorded() {
    let catalogue = catalogue();
    let mut compared = 0;
    for folder in folders("run") {
        let source = graph(&folder);
        let callees = callees(&folder);
        let known = Known { catalogue: &catalogue, callees: &callees };
        let report = check_source_types(&source, known);
        let checked = report.checked.unwrap();
        let view = |view| inspect(&source, known, view).0;
        let mut files = sources(&checked, &catalogue);
        files.push(("guards.txt", view(View::Guards)));
        files.push(("typing.txt", view(View::Types)));
        for (name, text) in files {
            let recorded = fs::read_to_string(folder.join("golden").join(name)).ok();
            assert!(text == recorded, "{}: {name} differs", folder.display());
            compared += usize::from(text.is_some());
        }
    }
    assert!(compared > 250, "only {compared} files");
}

#[test]
fn findings_are_as_recorded() {
    let catalogue = catalogue();
    let mut compared = 0;
    for folder in folders("fail").into_iter().chain(folders("pass")) {
        let source = graph(&folder);
        let callees = callees(&folder);
        let known = Known { catalogue: &catalogue, callees: &callees };
        let report = check_source_types(&source, known);
        let recorded = fs::read_to_string(folder.join("expected.json")).unwrap();
        let recorded: Value = serde_json::from_str(&recorded).unwrap();
        let found = serde_json::to_value(&report.diagnostics).unwrap();
        assert_eq!(recorded["diagnostics"], found, "{}", folder.display());
        if let Some(checked) = &report.checked {
            assert_eq!(recorded["output"], checked.output.to_string(), "{}", folder.display());
            let always: Vec<&str> = checked
                .nodes
                .values()
                .filter(|node| node.always_runs)
                .map(|node| node.id.as_str())
                .collect();
            assert_eq!(recorded["always_runs"], Value::from(always), "{}", folder.display());
            sources(checked, &catalogue);
        }
        compared += 1;
    }
    assert!(compared > 120, "only {compared} fixtures");
}

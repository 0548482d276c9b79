//! Golden files: each fixture's guards, types, IR and emitted sources, byte by byte.
//!
//! `UPDATE_GOLDEN=1 cargo test -p flowcrate-tests --test emit_golden` rewrites them; read the diff.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use flowcrate_codegen::Known;
use flowcrate_codegen::inspect::{View, inspect};
use flowcrate_tests::fixtures::{Fixture, examples, running};

fn files(fixture: &Fixture, faults: &mut Vec<String>) -> Vec<(String, Option<String>)> {
    let (ir, emitted) = match fixture.emit() {
        Ok(emitted) => emitted,
        Err(errors) => {
            faults.push(format!("{}: {errors}", fixture.name));
            return Vec::new();
        }
    };
    let catalogue = flowcrate_plugins::catalogue();
    let known = Known { catalogue: &catalogue, callees: &fixture.callees };
    let view = |view| inspect(&fixture.graph, known, view).0.unwrap_or_default();
    let mut files = vec![
        ("guards.txt".to_owned(), Some(view(View::Guards))),
        ("typing.txt".to_owned(), Some(view(View::Types))),
        ("ir.txt".to_owned(), Some(ir)),
        ("workflow.rs".to_owned(), Some(emitted.workflow)),
        ("steps.rs".to_owned(), emitted.steps),
        ("types.rs".to_owned(), emitted.types),
        ("custom.rs".to_owned(), emitted.custom),
    ];
    for callee in emitted.callees.into_values() {
        let module = &callee.module;
        files.push((format!("{module}/workflow.rs"), Some(callee.workflow)));
        files.push((format!("{module}/steps.rs"), callee.steps));
        files.push((format!("custom_{module}.rs"), callee.custom));
    }
    files
}

fn check(fixture: &Fixture, faults: &mut Vec<String>) {
    let folder = fixture.folder.join("golden");
    for (name, text) in files(fixture, faults) {
        let path = folder.join(&name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            update(&path, text.as_deref());
        } else if fs::read_to_string(&path).ok() != text {
            faults.push(format!("{} differs", path.display()));
        }
        if let Some(text) = &text {
            limits(fixture, &name, text, faults);
        }
    }
}

fn update(path: &Path, text: Option<&str>) {
    match text {
        Some(text) => {
            fs::create_dir_all(path.parent().expect("a golden file has a folder")).unwrap();
            fs::write(path, text).unwrap();
        }
        None => drop(fs::remove_file(path)),
    }
}

/// What holds for every emitted file: it parses, and its lines are short.
fn limits(fixture: &Fixture, name: &str, text: &str, faults: &mut Vec<String>) {
    if name.strip_suffix(".txt").is_some() {
        return;
    }
    if let Err(error) = syn::parse_file(text) {
        faults.push(format!("{}/{name} does not parse: {error}", fixture.name));
    }
    for (number, line) in text.lines().enumerate() {
        if line.chars().count() > 100 {
            faults.push(format!("{}/{name}:{} is too long", fixture.name, number + 1));
        }
    }
}

#[test]
fn emitted_sources_are_as_recorded() {
    let mut faults = Vec::new();
    for fixture in running().iter().chain(&examples()) {
        check(fixture, &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_same_graph_gives_the_same_bytes() {
    for fixture in running() {
        assert_eq!(fixture.emit(), fixture.emit(), "{}", fixture.name);
    }
}

//! The fixtures, against what is recorded of them: findings, types, guards, IR and emitted sources.
//! `tests/tests/` asks more of them; this is what of it can be asked within the package, in seconds:
//! what `tests/mutants` runs for each mutant, of the fixtures that come past it (`run/name`, with
//! commas between, in `FLOWCRATE_FIXTURES`).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "fixtures/checked.rs"]
mod checked;
#[path = "fixtures/upgraded.rs"]
mod upgraded;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::{Checked, check_source, check_source_types};
use flowcrate_codegen::emit::emit;
use flowcrate_codegen::inspect::{View, inspect};
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::package::Support;
use flowcrate_codegen::upgrade::upgrade_source;
use flowcrate_codegen::{Callees, Diagnostic, Known, compile};
use serde_json::Value;

fn folders(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(kind);
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    if let Ok(asked) = env::var("FLOWCRATE_FIXTURES") {
        let asked: Vec<&str> = asked.split(',').filter_map(|one| one.strip_prefix(kind)).collect();
        folders.retain(|folder| asked.iter().any(|name| folder.ends_with(&name[1..])));
    }
    folders
}

/// Whether so many were asked that there are as many as there should be.
fn enough(compared: usize, expected: usize) -> bool {
    env::var_os("FLOWCRATE_FIXTURES").is_some() || compared > expected
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
fn sources(checked: &Checked, catalogue: &Catalogue) -> Vec<(String, Option<String>)> {
    let workflow = lower(checked).unwrap();
    let emitted = emit(&workflow, checked, catalogue);
    let mut files = vec![
        ("ir.txt".to_owned(), Some(workflow.to_string())),
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

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Compiles the graph, and holds what comes of it against the files in `folder`: how many there are.
fn hold_against(source: &[u8], callees: &Callees, folder: &Path) -> usize {
    let catalogue = catalogue();
    let known = Known { catalogue: &catalogue, callees };
    let report = check_source_types(source, known);
    let checked = report.checked.unwrap();
    let view = |view| inspect(source, known, view).0;
    let mut files = sources(&checked, &catalogue);
    files.push(("guards.txt".to_owned(), view(View::Guards)));
    files.push(("typing.txt".to_owned(), view(View::Types)));
    for (name, text) in &files {
        if let (Some(text), true) = (text, env::var_os("UPDATE_GOLDEN").is_some()) {
            write(&folder.join(name), text);
        }
        let recorded = fs::read_to_string(folder.join(name)).ok();
        assert!(*text == recorded, "{}: {name} differs", folder.display());
    }
    hold_package(source, known, &folder.join("package"));
    files.iter().filter(|(_, text)| text.is_some()).count()
}

/// Files of a crate that follow from its graph's samples and stand in no other golden file.
const PACKAGED: [&str; 2] = ["input.json", "tests/rehearsal.json"];

/// The same of the whole crate, for the graphs that have such a folder.
/// `UPDATE_GOLDEN=1 cargo test -p flowcrate-codegen --test fixtures` rewrites it; read the diff.
fn hold_package(source: &[u8], known: Known<'_>, folder: &Path) {
    if !folder.is_dir() {
        return;
    }
    let files = compile(source, known, &Support::Vendored).files.unwrap().files;
    for name in PACKAGED {
        let path = folder.join(name.replace('/', "."));
        let text = files.get(name).map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        if let (Some(text), true) = (&text, env::var_os("UPDATE_GOLDEN").is_some()) {
            write(&path, text);
        }
        let recorded = fs::read_to_string(&path).ok();
        assert!(text == recorded, "{} differs", path.display());
    }
}

#[test]
fn running_fixtures_compile_to_what_is_recorded() {
    let compared: usize = folders("run")
        .iter()
        .map(|folder| hold_against(&graph(folder), &callees(folder), &folder.join("golden")))
        .sum();
    assert!(enough(compared, 250), "only {compared} files");
}

#[test]
fn examples_compile_to_what_is_recorded() {
    for folder in folders("examples") {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let source = fs::read(examples.join(name).with_extension("json")).unwrap();
        hold_against(&source, &Callees::new(), &folder.join("golden"));
    }
}

/// The same with the steps that random graphs have.
fn with_scripted() -> Catalogue {
    let mut all = catalogue();
    let scripted: Catalogue = serde_json::from_str(include_str!("scripted.json")).unwrap();
    all.actions.extend(scripted.actions);
    all
}

/// Small graphs, many to a folder: each is the smallest found of which something else comes where
/// one place of the compiler is another (`MUTANTS.md`).
#[test]
fn small_graphs_compile_to_what_is_recorded() {
    let catalogue = with_scripted();
    let mut compared = 0;
    for folder in folders("small") {
        let graphs = fs::read(folder.join("graphs.json")).unwrap();
        let graphs: Vec<Value> = serde_json::from_slice(&graphs).unwrap();
        let (mut programs, mut code) = (String::new(), String::new());
        for graph in &graphs {
            let shows = graph["description"].as_str().unwrap();
            let (checked, found) = check_source(&serde_json::to_vec(graph).unwrap(), &catalogue);
            let checked = checked.unwrap_or_else(|| panic!("{shows} {found:#?}"));
            let workflow = lower(&checked).unwrap();
            write!(programs, "# {shows}\n{workflow}\n").unwrap();
            writeln!(code, "{}", emit(&workflow, &checked, &catalogue).workflow).unwrap();
        }
        for (name, text) in [("ir.txt", &programs), ("workflow.rs", &code)] {
            if env::var_os("UPDATE_GOLDEN").is_some() {
                write(&folder.join(name), text);
            }
            let recorded = fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert!(*text == recorded, "{}: {name} differs", folder.display());
        }
        compared += graphs.len();
    }
    assert!(enough(compared, 50), "only {compared} graphs");
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
        let (recorded, found) = (folder.join("expected.json"), checked::seen(&report));
        if env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&recorded, format!("{found:#}\n")).unwrap();
        }
        let recorded = fs::read_to_string(recorded).unwrap();
        assert_eq!(recorded, format!("{found:#}\n"), "{}", folder.display());
        let (guards, found) = inspect(&source, known, View::Guards);
        assert_eq!(guards.is_some(), report.checked.is_some(), "{}", folder.display());
        let errors = |found: Vec<Diagnostic>| found.into_iter().filter(Diagnostic::is_error);
        assert!(errors(found).eq(errors(report.diagnostics)), "{}", folder.display());
        if let Some(checked) = &report.checked {
            sources(checked, &catalogue);
            // Of those that nobody runs, a few show what no other golden file does.
            let golden = folder.join("golden");
            if golden.is_dir() {
                hold_against(&source, &callees, &golden);
            }
        }
        compared += 1;
    }
    assert!(enough(compared, 120), "only {compared} fixtures");
}

#[test]
fn upgrades_are_judged_as_recorded() {
    let catalogue = catalogue();
    for folder in folders("upgrade") {
        let read = |name: &str| fs::read(folder.join(name)).unwrap();
        let (old, new) = (read("old.json"), read("new.json"));
        let (upgrade, _) = upgrade_source((&old, &catalogue), (&new, &catalogue));
        let recorded = fs::read_to_string(folder.join("expected.json")).unwrap();
        let found = format!("{:#}\n", upgraded::seen(&upgrade.unwrap()));
        assert_eq!(recorded, found, "{}", folder.display());
    }
}

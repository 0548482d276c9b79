//! Every running fixture's crate is built with warnings as errors, linted, and run: its output is
//! the recorded one, and its journal equals the interpreter's, entry for entry (S41).
//!
//! The crates stand in one workspace, so that their dependencies are built once.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use flowcrate_server::callees::Linked;
use flowcrate_server::compiler::Compiler;
use flowcrate_server::interpret::once_with_called;
use flowcrate_tests::emitted;
use flowcrate_tests::fixtures::{Fixture, running, wanted};
use flowcrate_tests::played::{Crate, Ending, calls_since, service};
use flowcrate_tests::service::Service;
use serde_json::{Value, json};

/// Writes the crates of all fixtures into one workspace.
fn write(folder: &Path, fixtures: &[Fixture]) {
    let mut members = Vec::new();
    for fixture in fixtures {
        let files = emitted::compile_with(&fixture.graph, &fixture.callees);
        let member = folder.join(&fixture.name);
        emitted::write(&files, &member).unwrap();
        fs::remove_file(member.join("Cargo.lock")).unwrap();
        join_workspace(&member.join("Cargo.toml"));
        members.push(fixture.name.clone());
    }
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.dev]\ndebug = false\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(emitted::root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

/// Takes the tables away by which a crate stands alone.
fn join_workspace(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let mut manifest: toml::Table = toml::from_str(&text).unwrap();
    manifest.remove("workspace");
    manifest.remove("profile");
    fs::write(path, toml::to_string(&manifest).unwrap()).unwrap();
}

fn cargo(folder: &Path, args: &[&str]) {
    let output = emitted::cargo(folder, args).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {}: {errors}", args.join(" "));
}

fn package_name(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    manifest["package"]["name"].as_str().unwrap().to_owned()
}

/// Of each run its workflow, and path to kind and outcome; runs that are called among them, sorted.
type Journals = Vec<(String, BTreeMap<String, Value>)>;

/// What the crate recorded.
fn recorded(played: Crate<'_>) -> Journals {
    let journals = played.all_shown().into_iter().map(|shown| {
        let steps = shown["steps"].as_array().cloned().unwrap_or_default();
        let workflow = shown["workflow"].as_str().unwrap_or_default().to_owned();
        (workflow, steps.iter().map(outcome).collect())
    });
    sorted(journals.collect())
}

fn sorted(mut journals: Journals) -> Journals {
    journals.sort_by_key(|(workflow, journal)| (workflow.clone(), format!("{journal:?}")));
    journals
}

/// What comes of it in the interpreter, and what that records.
fn interpreted(fixture: &Fixture, service: &Service) -> (Ending, Journals) {
    let linked = Linked::from(fixture.callees.clone());
    let plan = Arc::new(Compiler::new().plan(&fixture.graph, &linked).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let told = serde_json::from_value(fixture.json("events.json")).unwrap_or_default();
    let running = once_with_called(plan, fixture.input(service), told);
    let runs = runtime.block_on(running).unwrap();
    let (run, _) = runs.first().unwrap();
    let ending = match &run.failure {
        None => Ending::Output(run.output.clone().unwrap_or_default()),
        Some(failure) => Ending::failed(&json!(run.state), &json!(failure)),
    };
    let journals = runs.into_iter().map(|(run, journal)| {
        let steps = journal.iter().map(|entry| serde_json::to_value(entry).unwrap());
        (run.workflow, steps.map(|step| outcome(&step)).collect())
    });
    (ending, sorted(journals.collect()))
}

fn outcome(step: &Value) -> (String, Value) {
    let mut kept = serde_json::Map::new();
    for part in ["kind", "status", "attempts", "input", "output", "error"] {
        kept.insert(part.to_owned(), step[part].clone());
    }
    // The ids of runs are another each time.
    if step["kind"] == "start_workflow@1" {
        kept.remove("output");
    }
    (step["path"].as_str().unwrap_or_default().to_owned(), Value::Object(kept))
}

/// S36: a function that nobody wrote fails in a crate and pauses the interpreter.
fn has_custom(fixture: &Fixture) -> bool {
    String::from_utf8_lossy(&fixture.graph).contains("custom@1")
}

/// How the calls differ from those that are expected.
fn unlike(fixture: &Fixture, who: &str, calls: &Value) -> Option<String> {
    let expected = fixture.calls().filter(|expected| expected != calls)?;
    Some(format!("{}: {who} {calls}, expected {expected}", fixture.name))
}

#[test]
fn emitted_crates_build_and_run() {
    let folder = emitted::folder("fixtures").unwrap();
    let fixtures = running();
    write(&folder, &fixtures);
    cargo(&folder, &["build", "--workspace", "--keep-going"]);
    let (mut faults, mut entries) = (Vec::new(), 0);
    let service = service().unwrap();
    for fixture in &fixtures {
        let name = package_name(&folder.join(&fixture.name));
        let program = emitted::target().join("debug").join(name);
        let data = folder.join("data").join(&fixture.name);
        let played = Crate { program: &program, data: &data };
        let (expected, first) = (fixture.ending(&service), service.calls().len());
        let found = played.play(fixture, &service);
        if found.as_ref() != Ok(&expected) {
            faults.push(format!("{}: found {found:?}, expected {expected:?}", fixture.name));
        }
        let calls = calls_since(&service, first);
        faults.extend(unlike(fixture, "called", &calls));
        let ours = recorded(played);
        entries += ours.iter().map(|(_, journal)| journal.len()).sum::<usize>();
        if has_custom(fixture) {
            continue;
        }
        let first = service.calls().len();
        let (ending, theirs) = interpreted(fixture, &service);
        if ours != theirs || ending != expected {
            let name = &fixture.name;
            faults.push(format!("{name}: journal {ours:#?}, interpreted {ending:?} {theirs:#?}"));
        }
        faults.extend(unlike(fixture, "interpreted, called", &calls_since(&service, first)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        wanted().is_some() || entries > 20,
        "the journals that were compared hold {entries} entries"
    );
    cargo(&folder, &["clippy", "--workspace", "--all-targets", "--keep-going"]);
    cargo(&folder, &["doc", "--workspace", "--no-deps", "--document-private-items"]);
}

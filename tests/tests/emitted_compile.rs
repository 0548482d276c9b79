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
use std::process::Command;
use std::sync::Arc;

use flowcrate_server::compiler::Compiler;
use flowcrate_server::interpret::once;
use flowcrate_tests::emitted;
use flowcrate_tests::fixtures::{Fixture, running};
use serde_json::Value;

/// Writes the crates of all fixtures into one workspace.
fn write(folder: &Path, fixtures: &[Fixture]) {
    let mut members = Vec::new();
    for fixture in fixtures {
        let files = emitted::compile(&fixture.graph);
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

/// What `run --input` prints, as JSON.
fn run(folder: &Path, fixture: &Fixture) -> Result<Value, String> {
    let member = folder.join(&fixture.name);
    let data = folder.join("data").join(&fixture.name);
    fs::create_dir_all(&data).unwrap();
    let output = Command::new(emitted::target().join("debug").join(package_name(&member)))
        .args(["run", "--input"])
        .arg(fixture.folder.join("input.json"))
        .arg("--data")
        .arg(&data)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// What a command of the fixture's crate prints, as JSON.
fn printed(folder: &Path, fixture: &Fixture, args: &[&str]) -> Value {
    let program = emitted::target().join("debug").join(package_name(&folder.join(&fixture.name)));
    let data = folder.join("data").join(&fixture.name);
    let output =
        Command::new(program).args(args).args(["--json", "--data"]).arg(data).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// Path to kind and outcome, as the crate recorded them.
fn recorded(folder: &Path, fixture: &Fixture) -> BTreeMap<String, Value> {
    let runs = printed(folder, fixture, &["list"]);
    let run = runs[0]["id"].as_str().unwrap_or_default();
    let shown = printed(folder, fixture, &["show", run]);
    let steps = shown["steps"].as_array().cloned().unwrap_or_default();
    steps.iter().map(outcome).collect()
}

/// Path to kind and outcome, as the interpreter records them.
fn interpreted(fixture: &Fixture) -> BTreeMap<String, Value> {
    let plan = Arc::new(Compiler::new().plan(&fixture.graph).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (_, journal) = runtime.block_on(once(plan, fixture.json("input.json"))).unwrap();
    let steps = journal.iter().map(|entry| serde_json::to_value(entry).unwrap());
    steps.map(|step| outcome(&step)).collect()
}

fn outcome(step: &Value) -> (String, Value) {
    let mut kept = serde_json::Map::new();
    for part in ["kind", "status", "attempts", "input", "output", "error"] {
        kept.insert(part.to_owned(), step[part].clone());
    }
    (step["path"].as_str().unwrap_or_default().to_owned(), Value::Object(kept))
}

/// S36: a function that nobody wrote fails in a crate and pauses the interpreter.
fn has_custom(fixture: &Fixture) -> bool {
    String::from_utf8_lossy(&fixture.graph).contains("custom@1")
}

#[test]
fn emitted_crates_build_and_run() {
    let folder = emitted::folder("fixtures").unwrap();
    let fixtures = running();
    write(&folder, &fixtures);
    cargo(&folder, &["build", "--workspace", "--keep-going"]);
    let (mut faults, mut entries) = (Vec::new(), 0);
    for fixture in &fixtures {
        let (found, expected) = (run(&folder, fixture), fixture.json("output.json"));
        if found.as_ref() != Ok(&expected) {
            faults.push(format!("{}: found {found:?}, expected {expected}", fixture.name));
        }
        let (ours, theirs) = (recorded(&folder, fixture), interpreted(fixture));
        entries += ours.len();
        if ours != theirs && !has_custom(fixture) {
            faults.push(format!("{}: journal {ours:#?}, interpreted {theirs:#?}", fixture.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(entries > 20, "the journals that were compared hold {entries} entries");
    cargo(&folder, &["clippy", "--workspace", "--all-targets", "--keep-going"]);
    cargo(&folder, &["doc", "--workspace", "--no-deps", "--document-private-items"]);
}

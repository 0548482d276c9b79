//! Every running fixture's crate is built with warnings as errors, linted, and run: its output is
//! the recorded one.
//!
//! The crates stand in one workspace, so that their dependencies are built once.

use std::fs;
use std::path::Path;
use std::process::Command;

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

#[test]
fn emitted_crates_build_and_run() {
    let folder = emitted::folder("fixtures").unwrap();
    let fixtures = running();
    write(&folder, &fixtures);
    cargo(&folder, &["build", "--workspace", "--keep-going"]);
    let mut faults = Vec::new();
    for fixture in &fixtures {
        let (found, expected) = (run(&folder, fixture), fixture.json("output.json"));
        if found.as_ref() != Ok(&expected) {
            faults.push(format!("{}: found {found:?}, expected {expected}", fixture.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    cargo(&folder, &["clippy", "--workspace", "--all-targets", "--keep-going"]);
    cargo(&folder, &["doc", "--workspace", "--no-deps", "--document-private-items"]);
}

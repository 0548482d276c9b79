//! The crate of every graph that passes the check compiles with warnings as errors.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use flowcrate_tests::emitted;
use flowcrate_tests::fixtures::callees;
use serde_json::Value;

/// The graph with a name of its own, since the crates stand in one workspace.
fn renamed(graph: &[u8], folder: &str) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(graph).unwrap();
    let name: String = format!("p-{}", folder.replace('_', "-")).chars().take(60).collect();
    document["name"] = Value::from(name.trim_end_matches('-'));
    document.to_string().into_bytes()
}

/// Takes the tables away by which a crate stands alone.
fn join_workspace(manifest: &Path) {
    let text = fs::read_to_string(manifest).unwrap();
    let mut tables: toml::Table = toml::from_str(&text).unwrap();
    tables.remove("workspace");
    tables.remove("profile");
    fs::write(manifest, toml::to_string(&tables).unwrap()).unwrap();
}

#[test]
fn crates_of_passing_graphs_compile() {
    let folder = emitted::folder("passing").unwrap();
    let graphs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pass");
    let mut members = Vec::new();
    for entry in fs::read_dir(graphs).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let graph = fs::read(path.join("graph.json")).unwrap();
        let files = emitted::compile_with(&renamed(&graph, &name), &callees(&path));
        let member = folder.join(&name);
        emitted::write(&files, &member).unwrap();
        fs::remove_file(member.join("Cargo.lock")).unwrap();
        join_workspace(&member.join("Cargo.toml"));
        members.push(name);
    }
    members.sort();
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.dev]\ndebug = false\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(emitted::root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let output = emitted::cargo(&folder, &["check", "--workspace", "--keep-going"]).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

//! Every command of the README runs, and its Rust is what the compiler emits.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::Command;

use flowcrate_tests::emitted;
use flowcrate_tests::readme::block;
use flowcrate_tests::server::Server;

/// A folder in which the commands find what the README says is there.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(emitted::root().join("examples"), folder.path().join("examples"))
        .expect("a link");
    folder
}

fn run(script: &str, folder: &Path) {
    let bin = PathBuf::from(env!("CARGO_BIN_EXE_flowcrate"));
    let bin = bin.parent().expect("a folder").display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").expect("PATH"));
    let out = Command::new("bash")
        .args(["-euxo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .env("CARGO_TARGET_DIR", emitted::target())
        .output()
        .expect("bash runs");
    assert!(
        out.status.success(),
        "{script}\n{}\n{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn the_commands_from_a_drawing_to_a_crate_run() {
    let folder = checkout();
    let script = block("commands");
    assert!(script.contains("flowcrate compile"), "{script}");
    run(&script, folder.path());
}

#[test]
fn the_requests_to_the_server_are_answered() {
    let folder = checkout();
    let server = Server::start(Path::new(env!("CARGO_BIN_EXE_flowcrate")), folder.path())
        .expect("the server starts");
    let script = block("server").replace("127.0.0.1:7700", server.address());
    assert!(script.contains(server.address()), "{script}");
    run(&script, folder.path());
    assert!(folder.path().join("hello.zip").exists());
}

#[test]
fn the_shown_workflow_is_the_emitted_one() {
    let graph = std::fs::read(emitted::root().join("examples/order-intake.json")).expect("graph");
    let files = emitted::compile(&graph);
    let emitted = String::from_utf8_lossy(&files.files["src/generated/workflow.rs"].bytes);
    let function = emitted.find("pub async fn").map(|start| emitted[start..].trim_end());
    let function = function.expect("a workflow function");
    let shown = block("golden order-intake");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = emitted::root().join("README.md");
        let readme = std::fs::read_to_string(&path).expect("README.md");
        let fence =
            |body: &str| format!("<!-- test: golden order-intake -->\n```rust\n{body}\n```");
        let updated = readme.replace(&fence(&shown), &fence(function));
        std::fs::write(&path, updated).expect("written");
        return;
    }
    pretty_assertions::assert_eq!(shown, function, "UPDATE_GOLDEN=1 puts it into the README");
}

#[test]
fn the_test_command_is_the_one_that_ci_runs() {
    let readme = std::fs::read_to_string(emitted::root().join("README.md")).expect("README.md");
    assert!(readme.lines().any(|line| line == "cargo test --workspace"));
    let ci = std::fs::read_to_string(emitted::root().join(".ci/run")).expect(".ci/run");
    assert!(ci.contains("README.md"), "CI takes the command from the README");
}

//! Emitted crates, built by the real cargo in one target folder that all tests share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use flowcrate_codegen::package::{CrateFiles, Support};
use flowcrate_codegen::{Callees, Known};

/// One cargo at a time: two cores, one target folder.
static CARGO: Mutex<()> = Mutex::new(());

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// Our own crates where they stand in this workspace.
pub fn support() -> Support {
    let folders = [
        ("flowcrate", "runtime"),
        ("flowcrate-macros", "macros"),
        ("flowcrate-plugins", "plugins"),
    ];
    Support::Path(
        folders
            .into_iter()
            .map(|(package, folder)| {
                (package.to_owned(), root().join(folder).display().to_string())
            })
            .collect::<BTreeMap<_, _>>(),
    )
}

/// A folder for emitted crates, `target/emitted/NAME`, emptied of an earlier run's sources.
pub fn folder(name: &str) -> std::io::Result<PathBuf> {
    let folder = root().join("target/emitted").join(name);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => std::fs::create_dir_all(&folder)?,
    }
    Ok(folder)
}

/// Writes a crate's files, with this workspace's lock file so that nothing is fetched anew.
pub fn write(files: &CrateFiles, folder: &Path) -> std::io::Result<()> {
    for (path, file) in &files.files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, &file.bytes)?;
    }
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).map(drop)
}

/// Runs cargo in `folder` with warnings as errors, in the target folder that all share.
pub fn cargo(folder: &Path, args: &[&str]) -> std::io::Result<Output> {
    let _one = CARGO.lock().unwrap_or_else(PoisonError::into_inner);
    Command::new(env!("CARGO"))
        .args(args)
        .arg("--offline")
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        // What is built once needs no notes for the next build: they fill the disk.
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTFLAGS", "-D warnings")
        .env("RUSTDOCFLAGS", "-D warnings")
        .output()
}

/// The target folder that emitted crates share.
pub fn target() -> PathBuf {
    root().join("target/emitted/target")
}

/// The crate of a graph that has no errors.
///
/// # Panics
///
/// Where the graph does not compile: the test that needs it has failed.
pub fn compile(graph: &[u8]) -> CrateFiles {
    compile_with(graph, &Callees::new())
}

/// The same of a graph that calls others.
///
/// # Panics
///
/// As [`compile`].
#[expect(clippy::panic, reason = "this is how a test fails")]
pub fn compile_with(graph: &[u8], callees: &Callees) -> CrateFiles {
    let catalogue = flowcrate_plugins::catalogue();
    let known = Known { catalogue: &catalogue, callees };
    let compiled = flowcrate_codegen::compile(graph, known, &support());
    let diagnostics = compiled.diagnostics;
    compiled.files.unwrap_or_else(|| panic!("the graph does not compile: {diagnostics:#?}"))
}

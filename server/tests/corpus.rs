//! Real workflows of other people, read in place beside the workspace: 02 to 07 are imported by
//! the command line, compiled and built by the real cargo; 01 is refused on the node at fault.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flowcrate_tests::emitted;

/// The seven foreign graphs; `None`, said aloud, where the corpus is not beside the workspace.
fn corpus() -> Option<PathBuf> {
    let folder = emitted::root().parent()?.join("shared/corpus/vercel");
    if !folder.is_dir() {
        println!("SKIPPED: no corpus at ../shared/corpus/vercel");
        return None;
    }
    Some(folder)
}

fn graphs(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let mut graphs: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|p| is_json(p)).collect();
    graphs.sort();
    assert_eq!(graphs.len(), 7);
    graphs
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn flowcrate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowcrate")).args(args).output().expect("flowcrate starts")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn what_can_be_translated_builds() {
    let Some(corpus) = corpus() else { return };
    let scratch = tempfile::tempdir().expect("a temporary folder");
    for graph in &graphs(&corpus)[1..] {
        let stem = graph.file_stem().expect("a name").to_string_lossy().into_owned();
        let ours = scratch.path().join(format!("{stem}.graph.json"));
        let imported = flowcrate(&["import", "vercel", text(graph), "--out", text(&ours)]);
        assert!(imported.status.success(), "{stem}: {}", String::from_utf8_lossy(&imported.stderr));
        let crate_ = scratch.path().join(&stem);
        let compiled = flowcrate(&["compile", text(&ours), "--out", text(&crate_)]);
        assert!(compiled.status.success(), "{stem}: {}", String::from_utf8_lossy(&compiled.stderr));
        let custom = std::fs::read_to_string(crate_.join("src/custom.rs")).expect("custom.rs");
        assert!(custom.contains("fn "), "{stem}: the functions to fill in are in custom.rs");
        std::fs::copy(emitted::root().join("Cargo.lock"), crate_.join("Cargo.lock")).expect("lock");
        let built = emitted::cargo(&crate_, &["build"]).expect("cargo runs");
        assert!(built.status.success(), "{stem}: {}", String::from_utf8_lossy(&built.stderr));
    }
}

#[test]
fn what_cannot_be_translated_is_refused_with_the_original_quoted() {
    let Some(corpus) = corpus() else { return };
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let ours = scratch.path().join("graph.json");
    let graph = &graphs(&corpus)[0];
    let refused = flowcrate(&["import", "vercel", text(graph), "--out", text(&ours), "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(!ours.exists(), "nothing is stored half");
    let said = String::from_utf8_lossy(&refused.stdout).into_owned()
        + &String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("condition-1") && said.contains("status === 200"), "{said}");
}

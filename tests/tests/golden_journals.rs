//! Journals of compiled graphs that earlier versions wrote, each cut after every commit, are
//! finished by what today's compiler makes of the graph: by the interpreter, and by the crate.
//!
//! A folder in `fixtures/journals/` holds a graph, and what one run of it left in its journal,
//! commit by commit. It is never changed: that its runs still go on shows that the graph's
//! revision, its paths and the values in its journal mean today what they meant then (S38, S39).
//! `FLOWCRATE_RECORD=1 cargo test -p flowcrate-tests --test golden_journals` records the running
//! fixtures in `RECORDED` that have none.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../../runtime/tests/golden/journal.rs"]
mod journal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use flowcrate::Engine;
use flowcrate::sqlite::SqliteStore;
use flowcrate::store::Store;
use flowcrate_server::callees::Linked;
use flowcrate_server::compiler::Compiler;
use flowcrate_server::interpret::Interpreted;
use flowcrate_tests::emitted;
use flowcrate_tests::fixtures::running;
use journal::{Golden, Recorder, end};
use serde_json::Value;

/// Loops with paths of two iterations, a `try` within; a race with its losers; a `while`.
const RECORDED: [&str; 3] = ["s38_paths", "s28_race_and_try", "s27_while"];

fn journals() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals");
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    found.sort();
    found
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// An engine that interprets the graph, and the graph's name and revision.
async fn engine(graph: &[u8], store: impl Store + 'static) -> (Engine, String, String) {
    let plan = Arc::new(Compiler::new().plan(graph, &Linked::default()).unwrap());
    let (name, revision) = (plan.ir.name.clone(), plan.ir.revision.clone());
    let workflow = Interpreted::new(name.clone(), revision.clone(), plan);
    let engine = Engine::builder().store(store).register(workflow).build().await.unwrap();
    (engine, name, revision)
}

#[test]
fn every_journal_is_finished_by_the_interpreter_from_every_commit() {
    let mut finished = 0;
    for folder in journals() {
        let golden = Golden::read(&folder.join("run.journal"));
        let graph = fs::read(folder.join("graph.json")).unwrap();
        for cut in 0..golden.commits() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("journal.db");
            if !golden.write(&path, cut) {
                continue;
            }
            let view = wait_for(async {
                let (engine, ..) = engine(&graph, journal::open(&path).unwrap()).await;
                let view = end(&engine.client(), golden.run).await;
                engine.shutdown().await;
                view
            });
            let place = format!("{} cut after commit {cut}", folder.display());
            assert_eq!(view.state, golden.state, "{place}: {:?}", view.failure);
            assert_eq!(view.output, golden.output, "{place}");
            finished += 1;
        }
        let path = tempfile::tempdir().unwrap().keep().join("journal.db");
        assert!(golden.write(&path, golden.commits() - 1));
        assert!(!golden.completed_steps(&path).is_empty(), "{}", folder.display());
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }
    assert!(finished >= 15, "only {finished} cuts");
}

/// What the crate's binary prints, as JSON.
fn printed(program: &Path, data: &Path, args: &[&str]) -> Value {
    let output = Command::new(program).args(args).args(["--json", "--data"]).arg(data).output();
    serde_json::from_slice(&output.unwrap().stdout).unwrap_or_default()
}

#[test]
fn every_journal_is_finished_by_the_crate() {
    // Each takes a second, since `resume` looks around for a while.
    let step = if std::env::var_os("FLOWCRATE_LONG").is_some() { 1 } else { 2 };
    let mut finished = 0;
    for folder in journals() {
        let golden = Golden::read(&folder.join("run.journal"));
        let graph = fs::read(folder.join("graph.json")).unwrap();
        let document: Value = serde_json::from_slice(&graph).unwrap();
        let name = document["name"].as_str().unwrap();
        let home = emitted::folder(&format!("journal-{name}")).unwrap();
        emitted::write(&emitted::compile(&graph), &home).unwrap();
        let built = emitted::cargo(&home, &["build"]).unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let program = emitted::target().join("debug").join(name);
        for cut in (1..golden.commits()).step_by(step) {
            let data = tempfile::tempdir().unwrap();
            let path = data.path().join(format!("{name}.db"));
            if !golden.write(&path, cut) {
                continue;
            }
            // Moved, not restored from a backup: its runs need nobody's leave to go on.
            drop(journal::open(&path).unwrap());
            let resumed =
                Command::new(&program).args(["resume", "--data"]).arg(data.path()).output();
            let said = resumed.unwrap();
            let place = format!("{} cut after commit {cut}", folder.display());
            let shown = printed(&program, data.path(), &["show", &golden.run.to_string()]);
            let state = shown["status"].as_str().unwrap_or_default();
            assert_eq!(state, golden.state.as_str(), "{place}: {said:?}");
            let output = golden.output.clone().unwrap_or_default();
            assert_eq!(shown["output"], output, "{place}: {shown}");
            finished += 1;
        }
    }
    assert!(finished >= 7, "only {finished} cuts");
}

#[test]
fn record() {
    if std::env::var_os("FLOWCRATE_RECORD").is_none() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals");
    let wanted = |name: &str| RECORDED.contains(&name) && !folder.join(name).exists();
    for fixture in running().into_iter().filter(|fixture| wanted(&fixture.name)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let recorder = Recorder::new(SqliteStore::open(&path).unwrap(), &path);
        let recording = recorder.clone();
        let (run, view) = wait_for(async {
            let (engine, name, revision) = engine(&fixture.graph, recording).await;
            let input = fixture.json("input.json");
            let run = engine.start_value(&name, &revision, input, None).await.unwrap().id();
            let view = end(&engine.client(), run).await;
            engine.shutdown().await;
            (run, view)
        });
        assert!(recorder.format() >= 2);
        let home = folder.join(&fixture.name);
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("graph.json"), &fixture.graph).unwrap();
        fs::write(home.join("run.journal"), recorder.finish(run, &view)).unwrap();
    }
}

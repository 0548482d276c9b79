//! Journals that earlier versions wrote, each cut after every commit, go on to their end (R30).
//!
//! A file in `tests/golden/` holds what one run left in its journal, commit by commit. It is
//! never changed. A new format, or a new kind of entry, gets files of its own:
//! (Those of a format that no release has written yet are recorded anew when it changes.)
//! `FLOWCRATE_RECORD=folder cargo test -p flowcrate --test golden record` writes them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "golden/flows.rs"]
mod flows;
#[path = "golden/journal.rs"]
mod journal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Client, Engine, RunId, RunView, SendEvent};
use journal::{Golden, Recorder, end};
use serde_json::json;

fn engine_thread<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// The events that flows wait for; sent again and again, as by a sender that is not sure.
async fn send_events(client: &Client, run: RunId) {
    let options = SendEvent { event_id: Some("paid-1".to_owned()), ..SendEvent::default() };
    // A run that has ended, or waits for none, has nothing to say to it.
    drop(client.send_event(run, "paid", json!({"cents": 1200}), options).await);
}

/// Opens a journal as it was left, and lets its run go on.
async fn finish(path: &Path, run: RunId) -> RunView {
    let store = journal::open(path).unwrap();
    let engine = flows::register(Engine::builder().store(store)).build().await.unwrap();
    send_events(&engine.client(), run).await;
    let view = end(&engine.client(), run).await;
    engine.shutdown().await;
    view
}

#[test]
fn every_journal_of_every_format_goes_on_from_every_commit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "journal"));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let golden = Golden::read(&file);
        for cut in 0..golden.commits() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("journal.db");
            if !golden.write(&path, cut) {
                // The run was not started yet.
                continue;
            }
            let done = golden.completed_steps(&path);
            flows::forget_bodies();
            let view = engine_thread(finish(&path, golden.run));
            let place = format!("{} cut after commit {cut}", file.display());
            assert_eq!(view.state, golden.state, "{place}: {:?}", view.failure);
            assert_eq!(view.output, golden.output, "{place}");
            let again: Vec<String> =
                flows::bodies().into_iter().filter(|body| done.contains(body)).collect();
            assert!(again.is_empty(), "{place}: {again:?} ran again");
        }
    }
}

#[test]
fn record() {
    let Ok(folder) = std::env::var("FLOWCRATE_RECORD") else { return };
    for name in flows::NAMES {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let recorder = Recorder::new(SqliteStore::open(&path).unwrap(), &path);
        let recording = recorder.clone();
        let (run, view) = engine_thread(async {
            let engine = flows::register(Engine::builder().store(recording)).build().await.unwrap();
            let run = flows::start(&engine, name).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            send_events(&engine.client(), run).await;
            let view = end(&engine.client(), run).await;
            engine.shutdown().await;
            (run, view)
        });
        let format = recorder.format();
        let text = recorder.finish(run, &view);
        std::fs::write(Path::new(&folder).join(format!("{format}-{name}.journal")), text).unwrap();
    }
}

//! Loss of power (proof 4): what was acknowledged is there, whatever the disk had not synced.
//!
//! A child process drives flows under a shim that records each write, sync and removal. From the
//! record a disk is rebuilt as of many instants, without what was written and not synced, or with
//! some of it, torn. On each of them everything that was acknowledged before that instant is there.
//! A killed process proves less: the system keeps what it wrote.
#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "power_loss/disk.rs"]
mod disk;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use disk::{Action, Disk, Fate};
use flowcrate::sqlite::{Origin, SqliteStore};
use flowcrate::testkit::conformance::Probe;
use flowcrate::{Context, Engine, Result, RunId, RunState, StepContext, StepError, step, workflow};

/// The folder that is watched holds the journal, and a file of what was acknowledged.
const FOLDER: &str = "FLOWCRATE_SHIM_FOLDER";

static ACKNOWLEDGED: OnceLock<Mutex<File>> = OnceLock::new();

/// Says, in one write, that something of a run took effect.
fn acknowledge(run: RunId, what: &str) {
    let mut file = ACKNOWLEDGED.get().expect("it is open").lock().unwrap();
    file.write_all(format!("{run} {what}\n").as_bytes()).unwrap();
}

/// That a body starts says that all before it is durable.
#[step(id = "work")]
async fn work(step: StepContext, (before, bytes): (String, usize)) -> Result<String, StepError> {
    acknowledge(step.run_id(), &before);
    Ok("x".repeat(bytes))
}

#[workflow(name = "flow", revision = "1")]
async fn flow(ctx: Context, bytes: usize) -> Result<usize> {
    let one = work(&ctx, ("!start".to_owned(), bytes)).key("one").await?;
    let two = work(&ctx, ("work[one]".to_owned(), 10)).key("two").await?;
    let three = work(&ctx, ("work[two]".to_owned(), bytes / 2)).key("three").await?;
    Ok(one.len() + two.len() + three.len())
}

/// What the child does: flows of all sizes, a few at a time. Ends when the store does.
fn drive(folder: &Path) {
    ACKNOWLEDGED.get_or_init(|| Mutex::new(File::create(folder.join("acknowledged")).unwrap()));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(async {
        let store = SqliteStore::open(folder.join("journal.db")).unwrap();
        let engine = Engine::builder().store(store).register(Flow).build().await.unwrap();
        // Enough for the log to be taken over into the file in between.
        for round in 0..24_usize {
            let sizes = [10, 70_000, 500_000, if round % 8 == 0 { 1_200_000 } else { 10 }];
            let mut runs = Vec::new();
            for bytes in sizes {
                let Ok(run) = engine.start(Flow, bytes).await else { return };
                acknowledge(run.id(), "!start");
                runs.push(run);
            }
            for run in runs {
                if run.result().await.is_err() {
                    return;
                }
                acknowledge(run.id(), "!end");
            }
        }
        engine.shutdown().await;
    });
}

/// Runs the child and reads its record.
fn record(folder: &Path, fail: Option<u32>) -> Vec<Action> {
    let shim = shim(folder);
    let (watched, to) = (folder.join("watched"), folder.join("record"));
    std::fs::create_dir(&watched).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "what_was_acknowledged_outlives_a_loss_of_power", "--nocapture"]);
    child.env(FOLDER, &watched).env("FLOWCRATE_SHIM_RECORD", &to).env("LD_PRELOAD", shim);
    if let Some(number) = fail {
        child.env("FLOWCRATE_SHIM_FAIL", number.to_string());
    }
    assert!(child.status().unwrap().success());
    disk::read(&std::fs::read(to).unwrap())
}

fn shim(folder: &Path) -> PathBuf {
    let library = folder.join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power_loss/shim.c");
    // The bundled SQLite needs a C compiler, too.
    let mut compiler = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()));
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(compiler.status().unwrap().success());
    library
}

/// Opens what is left, and finds in it what was acknowledged.
fn check(disk: &Disk<'_>, fate: Fate, acknowledged: &[String], place: &str) {
    let directory = tempfile::tempdir().unwrap();
    disk.lose_power(directory.path(), fate);
    let path = directory.path().join("journal.db");
    let options = SqliteStore::options().origin(Origin::Moved);
    let store = Probe::new(options.open(&path).unwrap_or_else(|error| panic!("{place}: {error}")));
    for line in acknowledged {
        let (run, what) = line.split_once(' ').unwrap();
        let run: RunId = run.parse().unwrap();
        let row = store.run(run).unwrap_or_else(|| panic!("{place}: {line} is lost")).0;
        let kept = match what {
            "!start" => true,
            "!end" => row.state == RunState::Completed,
            path => {
                let journal = store.journal(run).unwrap();
                let entry = journal.iter().find(|entry| &*entry.path == path);
                entry.is_some_and(|entry| entry.output.is_some())
            }
        };
        assert!(kept, "{place}: {line} is lost");
    }
    drop(store);
    // Reading all of it takes its time.
    if matches!(fate, Fate::Torn(seed) if seed.is_multiple_of(3)) {
        assert_eq!(SqliteStore::check(&path).unwrap(), [""; 0], "{place}");
    }
}

/// What was acknowledged up to an action, newest first; those before the newest few stand for all.
fn lines(actions: &[Action]) -> Vec<String> {
    let written = actions.iter().filter_map(|action| action.written_to("acknowledged"));
    written.map(|line| String::from_utf8(line.to_vec()).unwrap().trim_end().to_owned()).collect()
}

#[test]
fn what_was_acknowledged_outlives_a_loss_of_power() {
    if let Ok(folder) = std::env::var(FOLDER) {
        return drive(Path::new(&folder));
    }
    let directory = tempfile::tempdir().unwrap();
    let actions = record(directory.path(), None);
    let all = lines(&actions);
    assert_eq!(all.len(), 24 * 4 * 5, "the child did not get to its end");
    let taken_over = actions.iter().filter(|action| action.is_sync_of("journal.db")).count();
    assert!(taken_over >= 2, "the log was taken over {taken_over} times only");
    // At each of these instants, and so before and after many a sync.
    let every = actions.len() / 48;
    let mut disk = Disk::default();
    let mut known = 0;
    for (at, action) in actions.iter().enumerate() {
        disk.act(action);
        known += usize::from(action.written_to("acknowledged").is_some());
        if at % every == every - 1 && known > 0 {
            let fate = if (at / every).is_multiple_of(2) {
                Fate::Lost
            } else {
                Fate::Torn((at / every) as u64)
            };
            // The newest are in danger; of the older ones each disk has another few.
            let newest = known.saturating_sub(40);
            let some = all[..newest].iter().skip(at % 7).step_by(7);
            let sample: Vec<String> = some.chain(&all[newest..known]).cloned().collect();
            check(&disk, fate, &sample, &format!("action {at}, {fate:?}"));
        }
    }
}

#[test]
fn a_failed_sync_closes_the_journal_and_loses_nothing() {
    for number in [12, 40] {
        let directory = tempfile::tempdir().unwrap();
        let actions = record(directory.path(), Some(number));
        let failed = actions.iter().position(Action::is_failed_sync).expect("a sync fails");
        let later = actions[failed..].iter().filter(|action| action.is_sync_of("journal.db-wal"));
        assert_eq!(later.count(), 0, "the log was synced again as if nothing had happened");
        let mut disk = Disk::default();
        for action in &actions {
            disk.act(action);
        }
        let acknowledged = lines(&actions);
        assert!(!acknowledged.is_empty() && acknowledged.len() < 24 * 4 * 5);
        for fate in [Fate::Lost, Fate::Torn(u64::from(number))] {
            check(&disk, fate, &acknowledged, &format!("sync {number} failed, {fate:?}"));
        }
    }
}

/// The proof proves something: on a disk that loses one synced write something is missing.
#[test]
fn a_disk_that_lies_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let actions = record(directory.path(), None);
    let acknowledged = lines(&actions);
    let mut disk = Disk::default();
    let half = actions.len() / 2;
    for action in &actions[..half] {
        if !action.is_sync_of("journal.db-wal") {
            disk.act(action);
        }
    }
    let known = lines(&actions[..half]).len();
    let disk = Arc::new(disk);
    let lost = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        check(&disk, Fate::Lost, &acknowledged[..known], "a disk that lies");
    }));
    assert!(lost.is_err());
}

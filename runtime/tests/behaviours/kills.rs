//! SIGKILL, of a real process on a real file.
//!
//! The process is this test's own binary, started again for the one test that is the program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flowcrate::sqlite::SqliteStore;
use flowcrate::{
    Context, Engine, Result, RunHandle, StepContext, StepError, Timestamp, step, workflow,
};

use super::kit::run_test;

/// Where the program's journal is; only a program has it.
const PLACE: &str = "FLOWCRATE_TEST_PLACE";

/// How long the run sleeps.
const NAP: Duration = Duration::from_secs(3);

/// Notes in a file that a body has begun. Outlives the process, as the world does.
#[step(retry(max_attempts = 2, initial = "1ms"), timeout = "1m")]
async fn note(step: StepContext, (place, lasts): (PathBuf, u64)) -> Result<u32, StepError> {
    let file = place.join(step.path());
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    std::fs::write(&file, format!("{before}x"))
        .map_err(|error| StepError::fatal("note", "it could not be noted").caused_by(&error))?;
    // Long in the first life only: the second need not be killed.
    if before.is_empty() {
        tokio::time::sleep(Duration::from_millis(lasts)).await;
    }
    Ok(step.attempt())
}

#[workflow(name = "killed", revision = "1")]
async fn killed(ctx: Context, (place, lasts): (PathBuf, u64)) -> Result<Timestamp> {
    note(&ctx, (place.clone(), 0)).key("first").await?;
    if lasts == 0 {
        ctx.sleep("nap", NAP).await?;
    }
    let now = ctx.now();
    note(&ctx, (place, lasts)).key("last").await?;
    Ok(now)
}

async fn open(place: &Path) -> Engine {
    let store = SqliteStore::open(place.join("journal.db")).unwrap();
    Engine::builder().store(store).register(Killed).build().await.unwrap()
}

async fn start(engine: &Engine, place: &Path, lasts: u64) -> RunHandle<Timestamp> {
    engine.start(Killed, (place.to_owned(), lasts)).key("k").await.unwrap()
}

fn begun(place: &Path, step: &str) -> usize {
    std::fs::read_to_string(place.join(step)).unwrap_or_default().len()
}

#[test]
#[ignore = "the program that the other tests start and kill"]
fn the_program() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let (place, lasts) = place.split_once('|').unwrap();
    let place = Path::new(place);
    run_test(async {
        let engine = open(place).await;
        start(&engine, place, lasts.parse().unwrap()).await.result().await.unwrap();
    });
}

/// Starts the program and kills it once `is_time` says so.
fn kill_when(place: &Path, lasts: u64, is_time: impl Fn() -> bool) {
    let mut program: Child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "behaviours::kills::the_program", "--ignored"])
        .env(PLACE, format!("{}|{lasts}", place.display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let limit = Instant::now() + Duration::from_secs(30);
    while !is_time() {
        assert!(program.try_wait().unwrap().is_none(), "it ended before it was killed");
        assert!(Instant::now() < limit, "it does not come so far");
        std::thread::sleep(Duration::from_millis(5));
    }
    // SIGKILL: nothing of it runs any more.
    program.kill().unwrap();
    program.wait().unwrap();
}

#[test]
fn sigkill_mid_sleep_keeps_the_remaining_time() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let client = || SqliteStore::client(place.join("journal.db")).ok();
    let due = || -> Option<Timestamp> {
        let client = flowcrate::Client::new(std::sync::Arc::new(client()?));
        run_test(async {
            let page = client.runs(flowcrate::RunFilter::default(), None).await.ok()?;
            let run = client.run(page.items.first()?.id).await.ok()??;
            run.waiting_for.iter().find(|waiting| waiting.path == "nap")?.due
        })
    };
    kill_when(place, 0, || begun(place, "note[first]") == 1 && due().is_some());
    let before = due().unwrap();
    // Some of the time passes while nobody is there.
    std::thread::sleep(NAP / 4);
    run_test(async {
        let engine = open(place).await;
        let run = start(&engine, place, 0).await;
        let woken = run.result().await.unwrap();
        assert!(woken >= before, "woken at {woken:?}, before {before:?}");
        let late = woken.0 - before.0;
        assert!(u128::try_from(late).unwrap() < NAP.as_millis(), "the sleep began anew: {late} ms");
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!(journal.len(), 3);
    });
    assert_eq!((begun(place, "note[first]"), begun(place, "note[last]")), (1, 1));
}

#[test]
fn sigkill_mid_step_executes_it_again() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    kill_when(place, 60_000, || begun(place, "note[last]") == 1);
    run_test(async {
        let engine = open(place).await;
        let run = start(&engine, place, 60_000).await;
        run.result().await.unwrap();
        // The attempt that was cut short leaves no trace, and does not count.
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!((journal[1].path.as_str(), journal[1].attempts), ("note[last]", 1));
    });
    assert_eq!((begun(place, "note[first]"), begun(place, "note[last]")), (1, 2));
}

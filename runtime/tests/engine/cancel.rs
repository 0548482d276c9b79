//! R14, S22: what a cancellation does to what is under way, and what a crash makes of that.

mod paused;
mod together;

use std::sync::Arc;
use std::time::{Duration, Instant};

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{CrashTest, Ledger};
use flowcrate::{
    Context, Engine, EngineBuilder, Error, Result, RunHandle, StepError, WaitEvent, join,
};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, flow, journal, quick, run_test};

/// Waits until a ledger has seen a body.
async fn begun(ledger: &Ledger, path: &str) {
    while ledger.of(path) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A step that goes on for so long after it was told to stop.
fn heedful(milliseconds: u64, fails: bool) -> Flow {
    flow(move |ctx, _| async move {
        let body = move |step: flowcrate::StepContext, ()| async move {
            step.cancelled().await;
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            if fails { Err(StepError::retryable("stopped", "stopped")) } else { Ok(1) }
        };
        let step = ctx.step(quick("heedful"), (), body).await;
        assert_eq!(step, Err(Error::Cancelled));
        Ok(json!("ignored"))
    })
}

/// The status and failure code of a step that is cancelled while its body runs.
async fn stopped(workflow: Flow, grace: Duration) -> (&'static str, Option<String>) {
    let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
    let engine = builder.grace(grace).build().await.unwrap();
    let run = engine.start(workflow, json!(null)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    engine.client().cancel(run.id(), "").await.unwrap();
    assert_eq!(run.result().await, Err(Error::Cancelled));
    let journal = engine.client().journal(run.id()).await.unwrap();
    let step = journal.iter().find(|entry| entry.path == "heedful").unwrap();
    (step.status.as_str(), step.error.as_ref().map(|failure| failure.code.clone()))
}

#[test]
fn an_outcome_within_the_grace_time_is_recorded_and_counts() {
    run_test(async {
        let minute = Duration::from_mins(1);
        assert_eq!(stopped(heedful(5, false), minute).await, ("completed", None));
        // It is not tried again.
        let failed = ("failed", Some("stopped".to_owned()));
        assert_eq!(stopped(heedful(5, true), minute).await, failed);
    });
}

#[test]
fn nobody_knows_what_a_body_did_that_did_not_end_within_its_grace_time() {
    run_test(async {
        let begun = Instant::now();
        let unknown = ("cancelled", Some("unknown".to_owned()));
        assert_eq!(stopped(heedful(600_000, false), Duration::from_millis(30)).await, unknown);
        assert!(begun.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_function_that_ignores_its_cancellation_for_ever_is_paused() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            loop {
                if ctx.sleep("nap", Duration::from_hours(1)).await == Ok(()) {
                    return Ok(json!(null));
                }
            }
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        engine.client().cancel(run.id(), "").await.unwrap();
        let error = run.result().await.unwrap_err();
        // The cancel that was asked for then ends the paused run.
        assert!(matches!(&error, Error::Cancelled | Error::Paused(_)), "{error:?}");
    });
}

/// Waits, in a `try` in a race in a `for_each`; tidies up at each level, and tells in the end.
async fn tidy(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let result = ctx
        .try_scope("outer", async |ctx: Context| {
            let each =
                ctx.for_each::<_, Value, _, _>("each", vec![1, 2], 2, async |ctx, item, _| {
                    ctx.race::<Value>("race")
                        .branch("a", async |ctx: Context| {
                            ctx.try_scope("inner", async |ctx: Context| {
                                ledger.step(&ctx, "take", item).await?;
                                ctx.wait_event::<Value>("wait", WaitEvent::new("a"))
                                    .received()
                                    .await
                            })
                            .finally(async |ctx: Context| {
                                ledger.step(&ctx, "give_back", item).await?;
                                ctx.sleep("breathe", Duration::from_millis(3)).await?;
                                ledger.step(&ctx, "report", item).await
                            })
                            .await
                        })
                        .branch("b", async |ctx: Context| {
                            ctx.sleep("late", Duration::from_hours(1)).await?;
                            Ok(json!("late"))
                        })
                        .await
                });
            let nap = async { ctx.sleep("nap", Duration::from_hours(1)).await };
            join((each, nap)).await?;
            Ok(json!(null))
        })
        .finally(async |ctx: Context| ledger.step(&ctx, "last", 1).await)
        .await;
    ledger.step(&ctx, "never", 1).await?;
    result
}

/// Starts a run, and cancels it once it waits.
async fn act(engine: &Engine, workflow: Flow) -> Result<RunHandle<Value>> {
    let run = engine.start(workflow, json!(null)).key("k").await?;
    loop {
        let waits = |(path, _): &(String, _)| path.ends_with("/wait");
        if journal(engine, run.id()).await.iter().filter(|entry| waits(entry)).count() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // The second life cancels again.
    for _ in 0..2 {
        match engine.client().cancel(run.id(), "").await {
            Ok(()) | Err(Error::Finished(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(run)
}

fn crash_everywhere(store: impl Fn() -> Arc<dyn Store> + 'static, always_replay: bool) {
    run_test(async {
        let test = CrashTest {
            store: Box::new(store),
            build: move |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.register(counted(&ledger, tidy));
                if always_replay { builder.always_replay() } else { builder }
            },
            act: async |engine: &Engine| act(engine, counted(&Ledger::default(), tidy)).await,
        };
        assert!(test.run().await >= 10);
    });
}

#[test]
fn a_cancelled_run_tidies_up_whatever_crashes() {
    crash_everywhere(|| Arc::new(MemoryStore::new()), false);
    crash_everywhere(|| Arc::new(MemoryStore::new()), true);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_cancelled_run_tidies_up_whatever_crashes_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    let files = std::cell::Cell::new(0);
    let store = move || -> Arc<dyn Store> {
        files.set(files.get() + 1);
        Arc::new(
            flowcrate::sqlite::SqliteStore::open(path.join(format!("{}.db", files.get()))).unwrap(),
        )
    };
    crash_everywhere(store, false);
}

#[test]
fn a_cancel_during_finally_and_one_during_a_losers_finally_disturb_neither() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let result = ctx
                .race::<Value>("race")
                .branch("a", async |ctx: Context| {
                    ctx.try_scope("try", async |ctx: Context| {
                        ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
                    })
                    .finally(async |ctx: Context| {
                        ledger.slow(&ctx, "slow", 60).await?;
                        ledger.step(&ctx, "last", 1).await
                    })
                    .await
                })
                .branch("b", async |ctx: Context| ledger.step(&ctx, "wins", 1).await)
                .await;
            assert_eq!(result, Err(Error::Cancelled));
            Err(Error::Cancelled)
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        begun(&ledger, "race/try/slow").await;
        engine.client().cancel(run.id(), "").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        let journal = journal(&engine, run.id()).await;
        let outcome = |path: &str| journal.iter().find(|entry| entry.0 == path).unwrap().1;
        assert_eq!(
            (outcome("race/try/slow"), outcome("race/try/last")),
            ("completed", "completed")
        );
        // The race had its winner before.
        assert_eq!((outcome("race/!won"), outcome("race")), ("completed", "completed"));
    });
}

//! What is asked of a run from outside: cancel, terminate, pause, resume, with their reasons.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{CrashTest, Ledger, SimClock};
use flowcrate::{
    Context, Engine, EngineBuilder, Error, Result, RunHandle, RunState, RunView, SendEvent,
    StopKind, Timestamp, WaitEvent, join,
};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, flow, journal, quick, run_test, until};

/// Waits until a step has begun so often.
async fn begun(ledger: &Ledger, path: &str, times: u32) {
    while ledger.of(path) < times {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn code(view: &RunView) -> (&str, &str) {
    let failure = view.failure.as_ref().unwrap();
    (&failure.code, &failure.message)
}

#[test]
fn a_cancel_shows_its_reason_before_and_after_the_end() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let _: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
            Ok(json!(null))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(run.id(), "no longer wanted").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        let stop = view.stop.unwrap();
        assert_eq!(
            (stop.kind, stop.reason.as_deref()),
            (StopKind::Cancel, Some("no longer wanted"))
        );
    });
}

#[test]
fn a_terminated_run_is_over_at_once_and_runs_no_finally() {
    run_test(async {
        let ledger = Ledger::default();
        let told = Arc::new(AtomicUsize::new(0));
        let token = told.clone();
        let workflow = counted(&ledger, move |ctx, _, ledger| {
            let token = token.clone();
            async move {
                let clean = ledger.clone();
                ctx.try_scope("try", async move |ctx: Context| {
                    ledger.step(&ctx, "one", 1).await?;
                    let long = ctx.step(quick("long"), (), move |step, ()| {
                        let (token, ledger) = (token.clone(), ledger.clone());
                        async move {
                            ledger.count("long");
                            step.cancelled().await;
                            token.fetch_add(1, Ordering::SeqCst);
                            std::future::pending::<()>().await;
                            Ok(())
                        }
                    });
                    let wait = ctx.wait_event::<Value>("wait", WaitEvent::new("a"));
                    join((long, wait)).await.map(|_| json!(null))
                })
                .finally(async move |ctx: Context| clean.step(&ctx, "clean", 1).await.map(drop))
                .await
            }
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        begun(&ledger, "long", 1).await;
        engine.client().terminate(run.id(), "it hangs").await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("it is over") };
        assert_eq!((failure.code.as_str(), failure.message.as_str()), ("terminated", "it hangs"));
        // The body is told to stop, though its run is gone.
        while told.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        assert_eq!((view.state, view.waiting_for), (RunState::Cancelled, vec![]));
        let journal = journal(&engine, run.id()).await;
        let open = |status: &str| ["running", "waiting", "retrying"].contains(&status);
        assert!(!journal.iter().any(|(_, status)| open(status)), "{journal:?}");
        assert_eq!(ledger.of("try/clean") + ledger.of("clean"), 0);
        let again = engine.client().terminate(run.id(), ()).await;
        assert_eq!(again, Err(Error::Finished(run.id())));
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn a_run_is_terminated_from_another_process() {
    use flowcrate::Client;
    use flowcrate::sqlite::SqliteStore;

    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("journal.db");
        let ledger = Ledger::default();
        let stopped = Arc::new(AtomicUsize::new(0));
        let token = stopped.clone();
        let workflow = counted(&ledger, move |ctx, _, ledger| {
            let token = token.clone();
            async move {
                let step = ctx.step(quick("long"), (), move |step, ()| {
                    let (token, ledger) = (token.clone(), ledger.clone());
                    async move {
                        ledger.count("long");
                        step.cancelled().await;
                        token.fetch_add(1, Ordering::SeqCst);
                        Ok(json!("too late"))
                    }
                });
                step.await
            }
        });
        let store = SqliteStore::open(&file).unwrap();
        let engine =
            Engine::builder().store(store).register(workflow.clone()).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        begun(&ledger, "long", 1).await;
        let other = Client::new(Arc::new(SqliteStore::client(&file).unwrap()));
        other.terminate(run.id(), "from outside").await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "terminated");
        while stopped.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        assert_eq!((view.state, view.output), (RunState::Cancelled, None));
        assert_eq!(journal(&engine, run.id()).await, []);
    });
}

#[test]
fn a_pause_lets_finish_what_runs_and_begins_nothing() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.slow(&ctx, "one", 50).await?;
            ledger.step(&ctx, "two", 2).await
        });
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
        begun(&ledger, "one", 1).await;
        engine.client().pause(run.id(), "a release").await.unwrap();
        let view = until(&engine, &run, RunState::Paused).await;
        assert_eq!(code(&view), ("paused", "a release"));
        let recorded = [("one".to_owned(), "completed")];
        assert_eq!(journal(&engine, run.id()).await, recorded);
        assert_eq!(run.result().await.unwrap_err().code(), "paused");
        engine.shutdown().await;
        // Neither another engine nor time lets it go on.
        let engine = engine_on(store, &workflow).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        assert_eq!((view.state, ledger.of("two")), (RunState::Paused, 0));
        engine.client().resume(run.id()).await.unwrap();
        until(&engine, &run, RunState::Completed).await;
        assert_eq!((ledger.of("one"), ledger.of("two")), (1, 1));
    });
}

#[test]
fn whoever_awaits_a_run_that_is_but_a_row_is_told_at_once() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
        });
        let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
        let engine = builder.linger(Duration::ZERO).build().await.unwrap();
        let client = engine.client();
        for pause in [false, true] {
            let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
            until(&engine, &run, RunState::Waiting).await;
            while engine.occupancy().runs > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let awaiting = tokio::spawn({
                let run = run.clone();
                async move { run.result().await.unwrap_err() }
            });
            tokio::time::sleep(Duration::from_millis(20)).await;
            if pause {
                client.pause(run.id(), ()).await.unwrap();
            } else {
                client.terminate(run.id(), ()).await.unwrap();
            }
            let told = tokio::time::timeout(Duration::from_secs(10), awaiting).await;
            let expected = if pause { "paused" } else { "terminated" };
            assert_eq!(told.unwrap().unwrap().code(), expected);
        }
    });
}

#[test]
fn timers_that_are_due_while_a_run_is_paused_fire_when_it_goes_on() {
    run_test(async {
        for linger in [Duration::ZERO, Duration::from_hours(1)] {
            let clock = SimClock::at(Timestamp(1_000_000));
            let workflow = flow(|ctx, _| async move {
                let (nap, event) = join((
                    ctx.sleep("nap", Duration::from_mins(1)),
                    ctx.wait_event::<Value>(
                        "wait",
                        WaitEvent::new("a").timeout(Duration::from_hours(1)),
                    ),
                ))
                .await?;
                assert_eq!(nap, ());
                Ok(json!([event, ctx.now()]))
            });
            let store = MemoryStore::with_clock(clock.clone());
            let builder = Engine::builder().store(store).register(workflow.clone()).linger(linger);
            let engine = builder.build().await.unwrap();
            let run = engine.start(workflow, json!(null)).await.unwrap();
            until(&engine, &run, RunState::Waiting).await;
            engine.client().pause(run.id(), ()).await.unwrap();
            until(&engine, &run, RunState::Paused).await;
            clock.advance(Duration::from_mins(2));
            // An event that comes meanwhile is kept.
            engine
                .client()
                .send_event(run.id(), "a", json!("e"), SendEvent::default())
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            let view = engine.client().run(run.id()).await.unwrap().unwrap();
            assert_eq!((view.state, view.waiting_for.len()), (RunState::Paused, 2));
            clock.advance(Duration::from_mins(1));
            engine.client().resume(run.id()).await.unwrap();
            let at = Timestamp(1_000_000 + 180_000);
            assert_eq!(run.result().await.unwrap(), json!(["e", at]));
        }
    });
}

#[test]
fn a_pause_that_has_not_come_about_is_withdrawn() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let quick = async {
                ledger.slow(&ctx, "quick", 30).await?;
                ledger.step(&ctx, "next", 1).await
            };
            join((quick, ledger.slow(&ctx, "slow", 300))).await.map(|_| json!("done"))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        begun(&ledger, "slow", 1).await;
        engine.client().pause(run.id(), ()).await.unwrap();
        // Its first outcome is recorded; what follows from it does not begin.
        while journal(&engine, run.id()).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(ledger.of("next"), 0);
        engine.client().resume(run.id()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!("done"));
        assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
    });
}

#[test]
fn a_paused_run_that_is_cancelled_sees_it() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ctx.try_scope("try", async |ctx: Context| {
                ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
            })
            .finally(async move |ctx: Context| ledger.step(&ctx, "clean", 1).await.map(drop))
            .await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.client().pause(run.id(), ()).await.unwrap();
        until(&engine, &run, RunState::Paused).await;
        engine.client().cancel(run.id(), ()).await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!(ledger.all().len(), 1, "{:?}", ledger.all());
    });
}

async fn two_naps(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    ledger.slow(&ctx, "one", 5).await?;
    ctx.sleep("nap", Duration::from_millis(3)).await?;
    ledger.slow(&ctx, "two", 5).await?;
    ledger.step(&ctx, "three", 3).await
}

/// Pauses the run as soon as it is there, and lets it go on once it stands still.
async fn pause_and_resume(engine: &Engine, workflow: Flow) -> Result<RunHandle<Value>> {
    let run = engine.start(workflow, json!(null)).key("k").await?;
    let client = engine.client();
    match client.pause(run.id(), "crash test").await {
        Ok(()) | Err(Error::Finished(_)) => {}
        Err(other) => return Err(other),
    }
    let mut watch = client.watch(run.id());
    while let Some(view) = watch.next().await? {
        if view.state == RunState::Paused {
            client.resume(run.id()).await?;
            break;
        }
    }
    Ok(run)
}

fn crash_test(store: impl Fn() -> Arc<dyn Store> + 'static, always_replay: bool) {
    run_test(async move {
        let test = CrashTest {
            store: Box::new(store),
            build: move |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.register(counted(&ledger, two_naps)).linger(Duration::ZERO);
                if always_replay { builder.always_replay() } else { builder }
            },
            act: async |engine: &Engine| {
                pause_and_resume(engine, counted(&Ledger::default(), two_naps)).await
            },
        };
        assert!(test.run().await >= 16);
    });
}

#[test]
fn a_pause_survives_a_crash_at_every_write() {
    crash_test(|| Arc::new(MemoryStore::new()), false);
}

#[test]
fn a_pause_survives_a_crash_where_every_await_is_replayed() {
    crash_test(|| Arc::new(MemoryStore::new()), true);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_pause_in_a_file_survives_a_crash_at_every_write() {
    let (store, _directory) = super::kit::files();
    crash_test(store, false);
}

/// Terminates the run once it waits, at the latest.
async fn terminate(engine: &Engine, workflow: Flow) -> Result<RunHandle<Value>> {
    let run = engine.start(workflow, json!(null)).key("k").await?;
    // Ended by the first life already, perhaps.
    let mut watch = engine.client().watch(run.id());
    while let Some(view) = watch.next().await? {
        if view.state == RunState::Waiting && !view.waiting_for.is_empty() {
            engine.client().terminate(run.id(), "enough").await?;
        }
    }
    Ok(run)
}

fn terminate_everywhere(store: impl Fn() -> Arc<dyn Store> + 'static, always_replay: bool) {
    run_test(async move {
        let test = CrashTest {
            store: Box::new(store),
            build: move |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.register(waits_for_ever(&ledger)).linger(Duration::ZERO);
                if always_replay { builder.always_replay() } else { builder }
            },
            act: async |engine: &Engine| {
                terminate(engine, waits_for_ever(&Ledger::default())).await
            },
        };
        assert!(test.run().await >= 6);
    });
}

#[test]
fn a_terminate_survives_a_crash_at_every_write() {
    terminate_everywhere(|| Arc::new(MemoryStore::new()), false);
}

#[test]
fn a_terminate_survives_a_crash_where_every_await_is_replayed() {
    terminate_everywhere(|| Arc::new(MemoryStore::new()), true);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_terminate_in_a_file_survives_a_crash_at_every_write() {
    let (store, _directory) = super::kit::files();
    terminate_everywhere(store, false);
}

fn waits_for_ever(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, _, ledger| async move {
        ledger.step(&ctx, "one", 1).await?;
        ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
    })
}

//! R32: rows of the application and the outcome of the step that made them are one commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{CrashTest, Fault, FaultStore, Ledger};
use flowcrate::{
    Caught, Context, Engine, EngineBuilder, Error, Fork, Json, RunState, SendEvent, StepError,
    WaitEvent, join,
};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine_on, flow, journal, run_test, until};
use crate::rows::{self, Act, FLOWS, Rows, quick};

/// Rows of the memory store.
fn memory() -> Rows {
    Rows::new(|act| {
        MemoryStore::work(move |rows| {
            let (key, end) = match &act {
                Act::Remove(key) => {
                    rows.remove(key);
                    return Ok(listed(rows));
                }
                Act::Put(key) => (key, Ok(())),
                Act::Fail(key) => (key, Err(false)),
                Act::Panic(key) => (key, Err(true)),
            };
            let count = rows.get(key).and_then(Value::as_u64).unwrap_or(0);
            rows.insert(key.clone(), json!(count + 1));
            match end {
                Ok(()) => Ok(listed(rows)),
                Err(false) => Err(StepError::retryable("no", "not now")),
                Err(true) => panic!("oh"),
            }
        })
    })
}

fn listed(rows: &flowcrate::store::MemoryRows) -> Json {
    rows.iter().map(|(key, count)| json!([key, count])).collect()
}

fn over(name: &'static str, rows: Rows) -> Flow {
    let undos = rows.clone();
    flow(move |ctx, _| rows::run(name, ctx, rows.clone())).undoing(move || undos.undos())
}

fn crash_everywhere(store: impl Fn() -> Arc<dyn Store> + Clone + 'static, rows: &Rows) {
    for name in FLOWS {
        for always_replay in [false, true] {
            let (store, rows) = (store.clone(), rows.clone());
            run_test(async {
                let test = CrashTest {
                    store: Box::new(store),
                    build: |builder: EngineBuilder, _: Ledger| {
                        let builder = builder.register(over(name, rows.clone()));
                        if always_replay { builder.always_replay() } else { builder }
                    },
                    act: async |engine: &Engine| {
                        engine.start_value("test", "1", json!(null), Some("k".to_owned())).await
                    },
                };
                let points = test.run().await;
                assert!(points >= 10, "{name} has but {points} crash points");
            });
        }
    }
}

#[test]
fn a_crash_at_any_write_leaves_each_row_there_once() {
    crash_everywhere(|| Arc::new(MemoryStore::new()), &memory());
}

#[test]
fn unknown_and_failed_commits_leave_each_row_there_once() {
    for fault in [Fault::Fail, Fault::WrittenButUnknown, Fault::LostAndUnknown] {
        // The store is opened, the first claim and the start are made before.
        for number in 6..12 {
            run_test(async {
                let store = FaultStore::new(Arc::new(MemoryStore::new())).with(number, fault);
                let workflow = over("sequence", memory());
                let engine = Engine::builder().store(store).register(workflow.clone());
                let engine = engine.build().await.unwrap();
                let run = loop {
                    // The start itself may be what fails.
                    if let Ok(run) = engine.start(workflow.clone(), json!(null)).key("k").await {
                        break run;
                    }
                };
                let rows = run.result().await.unwrap();
                assert_eq!(rows, json!([["one", 1], ["two", 1]]), "{fault:?} at {number}");
            });
        }
    }
}

#[test]
fn the_outcome_has_its_place_in_the_order() {
    run_test(async {
        let rows = memory();
        let workflow = counted(&Ledger::default(), move |ctx, _, ledger| {
            let rows = rows.clone();
            async move {
                ledger.step(&ctx, "one", 1).await?;
                ctx.transaction("two", rows.put("two")).input(&json!({ "of": 2 })).await?;
                ledger.step(&ctx, "three", 3).await
            }
        });
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        run.result().await.unwrap();
        let journal = engine.client().journal(run.id()).await.unwrap();
        let seqs: Vec<_> =
            journal.iter().map(|entry| (entry.path.as_str(), entry.seq, entry.attempts)).collect();
        assert_eq!(seqs, [("one", Some(0), 1), ("two", Some(1), 1), ("three", Some(2), 1)]);
        assert_eq!(journal[1].input, Some(json!({ "of": 2 })));
        assert_eq!(store.rows(), [("two".to_owned(), json!(1))].into());
    });
}

/// The last attempt decides; those before it leave no row.
#[test]
fn a_failed_attempt_takes_its_rows_back_and_is_tried_again() {
    run_test(async {
        let tried = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&tried);
        let workflow = flow(move |ctx: Context, _| {
            let tried = Arc::clone(&count);
            let work = MemoryStore::work(move |rows| {
                let attempt = tried.fetch_add(1, Ordering::Relaxed);
                rows.insert(format!("attempt {attempt}"), json!(true));
                if attempt < 2 {
                    return Err(StepError::retryable("no", "not now"));
                }
                Ok(json!(attempt))
            });
            async move { ctx.transaction("one", work).policy(quick()).await }
        });
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(2));
        assert_eq!(store.rows(), [("attempt 2".to_owned(), json!(true))].into());
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!(journal[0].attempts, 3);
    });
}

#[test]
fn work_for_another_store_is_refused_by_its_code() {
    run_test(async {
        let workflow = flow(async |ctx: Context, _| {
            let work = flowcrate::store::Work::<Value>::new("Oracle", "a body of its own");
            ctx.transaction("one", work).await
        });
        let engine = engine_on(MemoryStore::new(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let error = run.result().await.unwrap_err();
        assert_eq!(error.code(), "wrong_store");
        assert!(error.to_string().contains("written for Oracle"), "{error}");
    });
}

#[test]
fn an_output_that_is_too_large_keeps_nothing() {
    run_test(async {
        let workflow = flow(async |ctx: Context, _| {
            let work = MemoryStore::work(|rows| {
                rows.insert("row".to_owned(), json!(1));
                Ok("x".repeat(2000))
            });
            ctx.transaction("one", work).await.map(Value::from)
        });
        let store = MemoryStore::new().max_payload(1000);
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "value_too_large");
        assert!(store.rows().is_empty());
    });
}

#[test]
fn a_cancelled_run_does_none_that_has_not_begun() {
    run_test(async {
        let rows = memory();
        let workflow = flow(move |ctx: Context, _| {
            let rows = rows.clone();
            async move {
                let waits = ctx.wait_event::<Value>("wait", WaitEvent::new("a"));
                let after = async {
                    let got = waits.await?;
                    ctx.transaction("one", rows.put("one")).await?;
                    Ok(json!(got))
                };
                after.await
            }
        });
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(run.id(), ()).await.unwrap();
        assert_eq!(run.result().await.unwrap_err(), Error::Cancelled);
        assert!(store.rows().is_empty());
    });
}

/// The winner is done already when the loser's turn comes.
#[test]
fn of_transactions_that_race_one_writes() {
    run_test(async {
        let rows = memory();
        let workflow = flow(move |ctx: Context, _| {
            let rows = rows.clone();
            async move {
                let left = async |ctx: Context| ctx.transaction("left", rows.put("left")).await;
                let right = async |ctx: Context| ctx.transaction("right", rows.put("right")).await;
                ctx.race("race").branch("left", left).branch("right", right).await
            }
        });
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!([["left", 1]]));
        assert_eq!(store.rows().len(), 1);
        let journal = journal(&engine, run.id()).await;
        assert!(journal.contains(&("race/right".to_owned(), "cancelled")), "{journal:?}");
    });
}

#[test]
fn a_fork_does_not_do_again_what_it_takes_along() {
    run_test(async {
        let rows = memory();
        let workflow = flow(move |ctx: Context, _| {
            let rows = rows.clone();
            async move {
                ctx.transaction("one", rows.put("one")).await?;
                ctx.transaction("two", rows.put("two")).await
            }
        });
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        run.result().await.unwrap();
        let client = engine.client();
        let fork = client.fork(run.id(), Fork::at("two")).await.unwrap();
        until_id(&engine, fork).await;
        assert_eq!(
            store.rows(),
            [("one".to_owned(), json!(1)), ("two".to_owned(), json!(2))].into()
        );
    });
}

async fn until_id(engine: &Engine, run: flowcrate::RunId) {
    crate::shared::until(engine, run, RunState::Completed).await;
}

/// What else has come is surfaced after it.
#[test]
fn nothing_is_surfaced_while_work_is_done() {
    run_test(async {
        let rows = memory();
        let workflow = counted(&Ledger::default(), move |ctx, _, ledger| {
            let rows = rows.clone();
            async move {
                let many = (0..20).map(|index| {
                    let rows = rows.clone();
                    let (ctx, ledger) = (ctx.clone(), ledger.clone());
                    async move {
                        ledger.slow(&ctx, "slow", index % 3).await?;
                        ctx.transaction("put", rows.put(format!("{index:02}"))).await?;
                        ledger.step(&ctx, "step", index).await
                    }
                });
                let waits = ctx.wait_event::<Value>("wait", WaitEvent::new("a"));
                join((flowcrate::join_all(many), waits)).await?;
                ctx.transaction("last", rows.put("last")).await
            }
        });
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let event = SendEvent::default();
        engine.client().send_event(run.id(), "a", json!(1), event).await.unwrap();
        let all = run.result().await.unwrap();
        assert_eq!(all.as_array().map(Vec::len), Some(21));
        assert!(store.rows().values().all(|count| *count == 1));
        let journal = engine.client().journal(run.id()).await.unwrap();
        let seqs: Vec<_> = journal.iter().filter_map(|entry| entry.seq).collect();
        assert_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>());
    });
}

#[test]
fn a_failure_can_be_handled() {
    run_test(async {
        let rows = memory();
        let workflow = flow(move |ctx: Context, _| {
            let rows = rows.clone();
            async move {
                let work = rows.work(Act::Fail("x".into()));
                let failed = ctx.transaction("one", work).policy(quick()).await.caught()?;
                Ok(json!(failed.unwrap_err().code))
            }
        });
        let engine = engine_on(MemoryStore::new(), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!("no"));
    });
}

//! Memos, drawn ids and numbers, and what a run publishes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::Ledger;
use flowcrate::{Context, Engine, Error, RunState, SendEvent, WaitEvent, join};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, flow, journal, run_test, until};

/// Runs a flow to its end, dropped from memory after each write or not.
async fn output(workflow: &Flow, always_replay: bool) -> Value {
    let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
    let builder = if always_replay { builder.always_replay() } else { builder };
    let engine = builder.build().await.unwrap();
    engine.start(workflow.clone(), json!(null)).await.unwrap().result().await.unwrap()
}

#[test]
fn r8_a_memo_is_worked_out_once() {
    run_test(async {
        let times = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&times);
        let ledger = Ledger::default();
        let workflow = counted(&ledger, move |ctx, _, ledger| {
            let times = Arc::clone(&counter);
            async move {
                let work = || times.fetch_add(1, Ordering::SeqCst);
                let first: u32 = ctx.memo("work", work).await?;
                for id in ["one", "two", "three"] {
                    ledger.step(&ctx, id, first).await?;
                }
                Ok(json!(first))
            }
        });
        assert_eq!(output(&workflow, true).await, json!(0));
        assert_eq!(times.load(Ordering::SeqCst), 1);
        assert!(ledger.all().into_values().all(|count| count == 1));
    });
}

#[test]
fn r8_a_memo_costs_no_write_of_its_own_and_precedes_what_follows() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let one = ledger.step(&ctx, "one", 1).await?;
            let two: Value = ctx.memo("double", || json!(one.as_i64().unwrap() * 2)).await?;
            ledger.step(&ctx, "two", two).await
        });
        let store = flowcrate::testkit::FaultStore::new(Arc::new(MemoryStore::new()));
        let shared = Arc::new(store.clone());
        let builder = Engine::builder().shared_store(shared).register(workflow.clone());
        let engine = builder.build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(2));
        let expected = ["one", "double", "two"].map(|path| (path.to_owned(), "completed"));
        assert_eq!(journal(&engine, run.id()).await, expected);
        // Open, claim, start, the memo with `one`, `two` with the end.
        assert!(store.count() <= 5, "{} transactions", store.count());
    });
}

#[test]
fn a_memo_may_not_use_the_context() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let inner = ctx.clone();
            ctx.memo("work", move || inner.random("dice")).await.map(|value| json!(value))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let Err(Error::Paused(failure)) = run.result().await else { panic!("not paused") };
        assert_eq!(failure.code, "wrong_scope");
    });
}

/// What is drawn in a scope, and after it.
async fn draws(ctx: Context) -> flowcrate::Result<Value> {
    let top = json!([ctx.uuid("order"), ctx.uuid("order"), ctx.uuid("other"), ctx.random("dice")]);
    let each: Vec<Value> = ctx
        .for_each("each", vec![1, 2], 2, async |ctx: Context, _, _| {
            let first = ctx.random("dice");
            ctx.sleep("nap", Duration::from_millis(1)).await?;
            Ok(json!([first, ctx.random("dice"), ctx.uuid("order")]))
        })
        .await?;
    ctx.sleep("nap", Duration::from_millis(1)).await?;
    Ok(json!([top, each, ctx.random("dice")]))
}

#[test]
fn r10_chance_follows_from_seed_scope_name_and_occurrence() {
    run_test(async {
        let workflow = flow(|ctx, _| draws(ctx));
        let engine = Engine::builder()
            .store(MemoryStore::new())
            .register(workflow.clone())
            .always_replay()
            .build()
            .await
            .unwrap();
        let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
        let drawn = run.result().await.unwrap();
        let mut all: Vec<String> = Vec::new();
        flatten(&drawn, &mut all);
        assert_eq!(all.len(), 11);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 11, "drawn twice: {drawn}");
        // Another run has another seed.
        assert_ne!(output(&workflow, false).await, drawn);
    });
}

fn flatten(value: &Value, all: &mut Vec<String>) {
    match value.as_array() {
        Some(items) => items.iter().for_each(|item| flatten(item, all)),
        None => all.push(value.to_string()),
    }
}

#[test]
fn a_draw_in_another_scopes_name_is_refused() {
    run_test(async {
        let workflow = flow(|outer, _| async move {
            let ctx = &outer;
            let each: Vec<u64> = outer
                .for_each("each", vec![1], 1, async |_: Context, _, _| Ok(ctx.random("dice")))
                .await?;
            Ok(json!(each))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let Err(Error::Paused(failure)) = run.result().await else { panic!("not paused") };
        assert_eq!(failure.code, "wrong_scope");
    });
}

#[test]
fn r25_others_read_what_the_run_last_published() {
    run_test(async {
        let store = MemoryStore::new();
        let workflow = flow(|ctx, _| async move {
            ctx.publish(&"began")?;
            let each = async |ctx: Context, item: u32, _| {
                ctx.sleep("nap", Duration::from_millis(1)).await?;
                ctx.publish(&item)?;
                Ok(item)
            };
            let _: Vec<u32> = ctx.for_each("each", vec![1, 2, 3], 1, each).await?;
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
            ctx.publish(&"done")?;
            Ok(json!(null))
        });
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).key("k").await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        let client = engine.client();
        while client.published::<Value>(run.id()).await.unwrap() != Some(json!(3)) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        engine.kill();
        // Replayed, the function says again that it began; it was further already.
        let engine = engine_on(store, &workflow).await;
        let run = engine.start(workflow, json!(null)).key("k").await.unwrap();
        let client = engine.client();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(client.published::<u32>(run.id()).await.unwrap(), Some(3));
        client.send_event(run.id(), "a", json!(1), SendEvent::default()).await.unwrap();
        run.result().await.unwrap();
        assert_eq!(client.published::<String>(run.id()).await.unwrap().as_deref(), Some("done"));
        let wrong = client.published::<u32>(run.id()).await.unwrap_err();
        assert_eq!(wrong.code(), "codec");
        let unknown = client.published::<u32>(flowcrate::RunId::new()).await.unwrap_err();
        assert_eq!(unknown.code(), "unknown_run");
    });
}

#[test]
fn r25_what_is_published_is_seen_while_a_step_takes_its_time() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ctx.publish(&json!({ "charging": true }))?;
            join((ledger.slow(&ctx, "charge", 60_000), ledger.step(&ctx, "one", 1))).await?;
            Ok(json!(null))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        while engine.client().published::<Value>(run.id()).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        engine.kill();
    });
}

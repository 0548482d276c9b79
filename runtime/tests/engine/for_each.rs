//! `for_each` whole (R6, S26).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flowcrate::store::{MemoryStore, Query, Reply, Store};
use flowcrate::testkit::Ledger;
use flowcrate::{Context, Engine, Error, ItemOutcome, RunId, RunState, SendEvent, WaitEvent};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, flow, journal, run_test, until};

/// Loops over items that another life of the process finds changed, and waits after the loop.
fn fickle(items: [Value; 2]) -> (Flow, Arc<AtomicBool>) {
    let changed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&changed);
    let workflow = flow(move |ctx, _| {
        let [before, after] = items.clone();
        let items = if seen.load(Ordering::SeqCst) { after } else { before };
        async move {
            let items = items.as_array().cloned().unwrap_or_default();
            let body = async |_: Context, item: Value, _| Ok(item);
            let list: Vec<Value> = ctx.for_each("each", items, 1, body).await?;
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
            Ok(json!(list))
        }
    });
    (workflow, changed)
}

#[test]
fn the_items_are_told_by_their_number_and_hash() {
    run_test(async {
        let same = [json!([1, { "a": 2, "b": null }]), json!([1, { "a": 2 }])];
        let other = [json!([1, 2, 3]), json!([1, 2, 4])];
        let order = [json!([1, 2]), json!([2, 1])];
        let fewer = [json!([1, 2, 3]), json!([1, 2])];
        for (items, fits) in [(same, true), (other, false), (order, false), (fewer, false)] {
            let ((workflow, changed), store) = (fickle(items), MemoryStore::new());
            let engine = engine_on(store.clone(), &workflow).await;
            let run = engine.start(workflow.clone(), json!(null)).key("k").await.unwrap();
            until(&engine, &run, RunState::Waiting).await;
            let entries = engine.client().journal(run.id()).await.unwrap();
            let each = entries.iter().find(|entry| entry.path == "each").unwrap();
            let count = entries.iter().filter(|entry| entry.path.starts_with("each[")).count();
            assert_eq!(each.input, Some(json!({ "items": count })));
            engine.kill();
            changed.store(true, Ordering::SeqCst);
            let engine = engine_on(store, &workflow).await;
            let run = engine.start(workflow, json!(null)).key("k").await.unwrap();
            engine
                .client()
                .send_event(run.id(), "a", json!(0), SendEvent::default())
                .await
                .unwrap();
            match run.result().await {
                Ok(_) => assert!(fits),
                Err(error) => assert_eq!((error.code(), fits), ("input_changed", false)),
            }
        }
    });
}

#[test]
fn discarded_results_leave_no_list() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, input, ledger| async move {
            let items: Vec<u64> = (0..5).collect();
            ctx.for_each_discard("each", items, 2, async |ctx: Context, item, _| {
                ledger.step(&ctx, "one", item).await?;
                if input == item {
                    return Err(ctx.failure("check", "no", "no").into());
                }
                Ok(())
            })
            .await?;
            ledger.step(&ctx, "after", 1).await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
        assert_eq!(run.result().await, Ok(json!(1)));
        let entries = engine.client().journal(run.id()).await.unwrap();
        let loops = entries.iter().filter(|entry| matches!(&*entry.kind, "item" | "for_each@1"));
        assert_eq!(loops.clone().count(), 6);
        assert!(loops.clone().all(|entry| entry.output.is_none()));
        let run = engine.start(workflow, json!(3)).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("it did not fail") };
        assert_eq!(failure.path, "each[3]/check");
        assert_eq!(ledger.of("after"), 1);
    });
}

#[test]
fn a_result_that_is_absent_keeps_its_place() {
    run_test(async {
        let workflow = flow(|ctx, input| async move {
            let body = async |ctx: Context, item: u32, _| match item {
                1 => Ok(None),
                3 => Err(ctx.failure("check", "no", "no").into()),
                item => Ok(Some(item)),
            };
            if input == "collect" {
                let list: Vec<ItemOutcome<Option<u32>>> =
                    ctx.for_each_collect("each", vec![0, 1, 2, 3], 2, body).await?;
                return Ok(json!(list.iter().map(|item| item.index).collect::<Vec<_>>()));
            }
            let list: Vec<Option<u32>> =
                ctx.for_each_skip("each", vec![0, 1, 2, 3], 2, body).await?;
            Ok(json!(list))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow.clone(), json!("skip")).await.unwrap();
        assert_eq!(run.result().await, Ok(json!([0, null, 2])));
        let run = engine.start(workflow, json!("collect")).await.unwrap();
        assert_eq!(run.result().await, Ok(json!([0, 1, 2, 3])));
    });
}

async fn loaded(store: &dyn Store, run: RunId) -> usize {
    let (reply, loaded) = Reply::channel();
    store.query(Query::Load(run, reply));
    loaded.await.unwrap().unwrap().entries.len()
}

#[test]
fn a_replay_in_the_middle_loads_items_and_nothing_within_them() {
    run_test(async {
        let (ledger, store) = (Ledger::default(), MemoryStore::new());
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let items: Vec<u64> = (0..50).collect();
            let sums: Vec<u64> = ctx
                .for_each("each", items, 3, async |ctx: Context, item, _| {
                    if item == 40 {
                        ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
                    }
                    for id in ["one", "two", "three"] {
                        ledger.step(&ctx, id, item).await?;
                    }
                    Ok(item)
                })
                .await?;
            Ok(json!(sums.iter().sum::<u64>()))
        });
        let builder = Engine::builder().store(store.clone()).linger(Duration::ZERO);
        let engine = builder.register(workflow.clone()).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        // All but the one that waits.
        while loaded(&store, run.id()).await < 52
            || journal(&engine, run.id()).await.len() != 1 + 50 + 49 * 3 + 1
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(loaded(&store, run.id()).await, 1 + 50 + 1);
        engine.client().send_event(run.id(), "a", json!(0), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await, Ok(json!(1225)));
        assert_eq!(loaded(&store, run.id()).await, 1);
        assert!(ledger.all().values().all(|count| *count == 1));
    });
}

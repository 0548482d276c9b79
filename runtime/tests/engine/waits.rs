//! Who gets which event (R16).

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::Ledger;
use flowcrate::{Client, Context, Engine, Error, RunId, RunState, SendEvent, WaitEvent, join};
use serde_json::{Value, json};

use super::kit::{Steps, counted, engine, flow, run_test, until};

async fn send(client: &Client, run: RunId, payload: i32) {
    client.send_event(run, "a", json!(payload), SendEvent::default()).await.unwrap();
}

/// What the inbox of a run still holds.
async fn left(client: &Client, run: RunId) -> Vec<Value> {
    client.unconsumed(run).await.unwrap().into_iter().map(|event| event.payload).collect()
}

fn wait(ctx: &Context, id: &'static str) -> impl Future<Output = flowcrate::Result<Value>> + use<> {
    ctx.wait_event(id, WaitEvent::new("a")).received()
}

#[test]
fn waits_are_served_in_the_order_of_their_registration() {
    run_test(async {
        for linger in [Duration::ZERO, Duration::from_mins(1)] {
            let ledger = Ledger::default();
            let workflow = counted(&ledger, |ctx, _, ledger| async move {
                // Neither the order of paths nor that of the code: `y` is there first, `x` last.
                let late = async {
                    ledger.slow(&ctx, "long", 40).await?;
                    wait(&ctx, "x").await
                };
                let soon = async {
                    ledger.slow(&ctx, "short", 10).await?;
                    wait(&ctx, "z").await
                };
                let (x, z, y) = join((late, soon, wait(&ctx, "y"))).await?;
                Ok(json!({ "x": x, "y": y, "z": z }))
            });
            let builder = Engine::builder().store(MemoryStore::new()).linger(linger);
            let engine = builder.register(workflow.clone()).build().await.unwrap();
            let run = engine.start(workflow, json!(null)).await.unwrap();
            let view = loop {
                let view = until(&engine, &run, RunState::Waiting).await;
                if view.waiting_for.len() == 3 {
                    break view;
                }
            };
            assert_eq!(view.waiting_for.len(), 3);
            for payload in [1, 2, 3] {
                send(&engine.client(), run.id(), payload).await;
            }
            assert_eq!(run.result().await, Ok(json!({ "x": 3, "y": 1, "z": 2 })));
        }
    });
}

#[test]
fn a_wait_that_is_registered_later_comes_later_after_a_replay_too() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let second = async {
                ctx.wait_event::<Value>("go", WaitEvent::new("b")).await?;
                wait(&ctx, "early_by_path").await
            };
            let (second, first) = join((second, wait(&ctx, "first"))).await?;
            Ok(json!([first, second]))
        });
        let builder = Engine::builder().store(MemoryStore::new()).linger(Duration::ZERO);
        let engine = builder.register(workflow.clone()).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        let client = engine.client();
        client.send_event(run.id(), "b", json!(0), SendEvent::default()).await.unwrap();
        send(&client, run.id(), 1).await;
        send(&client, run.id(), 2).await;
        assert_eq!(run.result().await, Ok(json!([1, 2])));
    });
}

#[test]
fn a_wait_that_lost_its_race_consumes_nothing() {
    run_test(async {
        for always_replay in [false, true] {
            let workflow = flow(|ctx, _| async move {
                let won = ctx
                    .race("race")
                    .branch("event", async |ctx: Context| wait(&ctx, "lost").await)
                    .branch("timer", async |ctx: Context| {
                        ctx.sleep("nap", Duration::from_millis(5)).await?;
                        Ok(json!("timer"))
                    })
                    .await?;
                ctx.wait_event::<Value>("go", WaitEvent::new("b")).await?;
                Ok(json!([won, wait(&ctx, "later").await?]))
            });
            let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.build().await.unwrap();
            let run = engine.start(workflow, json!(null)).await.unwrap();
            let client = engine.client();
            while !client.journal(run.id()).await.unwrap().iter().any(|entry| entry.path == "go") {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            send(&client, run.id(), 7).await;
            client.send_event(run.id(), "b", json!(0), SendEvent::default()).await.unwrap();
            assert_eq!(run.result().await, Ok(json!(["timer", 7])));
        }
    });
}

#[test]
fn an_event_that_a_lost_wait_had_taken_is_for_the_next_one() {
    run_test(async {
        // Both branches have their outcome before the function sees either; the lower name wins.
        let workflow = flow(|ctx, _| async move {
            ctx.wait_event::<Value>("go", WaitEvent::new("b")).await?;
            let won = ctx
                .race("race")
                .branch("one", async |ctx: Context| wait(&ctx, "x").await)
                .branch("two", async |ctx: Context| wait(&ctx, "y").await)
                .await?;
            Ok(json!([won, wait(&ctx, "later").await?]))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let client = engine.client();
        send(&client, run.id(), 1).await;
        send(&client, run.id(), 2).await;
        client.send_event(run.id(), "b", json!(0), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await, Ok(json!([1, 2])));
        assert!(left(&client, run.id()).await.is_empty());
    });
}

#[test]
fn a_cancelled_wait_consumes_nothing_and_what_is_left_is_visible() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let got = ctx
                .timeout("quick", Duration::from_millis(5), async |ctx: Context| {
                    wait(&ctx, "given_up").await
                })
                .await?;
            ctx.wait_event::<Value>("go", WaitEvent::new("b")).await?;
            Ok(json!(got))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let client = engine.client();
        while !client.journal(run.id()).await.unwrap().iter().any(|entry| entry.path == "go") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        send(&client, run.id(), 1).await;
        let keyed = SendEvent { key: Some("k".to_owned()), event_id: None };
        client.send_event(run.id(), "a", json!(2), keyed).await.unwrap();
        assert_eq!(left(&client, run.id()).await, [json!(1), json!(2)]);
        client.send_event(run.id(), "b", json!(0), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await, Ok(json!(null)));
        // Nobody took them, and that can still be seen.
        assert_eq!(left(&client, run.id()).await, [json!(1), json!(2)]);
        let events = client.unconsumed(run.id()).await.unwrap();
        assert_eq!((events[1].name.as_str(), events[1].key.as_deref()), ("a", Some("k")));
        let unknown = RunId::new();
        assert_eq!(client.unconsumed(unknown).await, Err(Error::UnknownRun(unknown)));
    });
}

#[test]
fn a_cancelled_run_leaves_its_events_unconsumed() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            Ok(json!(ctx.wait_event::<Value>("wait", WaitEvent::new("b")).await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let client = engine.client();
        send(&client, run.id(), 1).await;
        until(&engine, &run, RunState::Waiting).await;
        client.cancel(run.id(), ()).await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!(left(&client, run.id()).await, [json!(1)]);
    });
}

#[test]
fn an_event_id_is_unique_in_its_run_and_says_nothing_of_others() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            Ok(json!([wait(&ctx, "one").await?, wait(&ctx, "two").await?]))
        });
        let engine = engine(&workflow).await;
        let client = engine.client();
        let id = SendEvent { key: None, event_id: Some("same".to_owned()) };
        for _ in 0..2 {
            let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
            for payload in [1, 2] {
                client.send_event(run.id(), "a", json!(payload), id.clone()).await.unwrap();
            }
            send(&client, run.id(), 3).await;
            assert_eq!(run.result().await, Ok(json!([1, 3])));
        }
    });
}

#[test]
fn items_of_a_loop_take_events_one_each() {
    run_test(async {
        for always_replay in [false, true] {
            let workflow = flow(|ctx, _| async move {
                let got: Vec<Value> = ctx
                    .for_each("each", vec![(); 4], 2, async |ctx: Context, (), _| {
                        wait(&ctx, "one").await
                    })
                    .await?;
                Ok(json!(got))
            });
            let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.build().await.unwrap();
            let run = engine.start(workflow, json!(null)).await.unwrap();
            for payload in 0..5 {
                send(&engine.client(), run.id(), payload).await;
            }
            assert_eq!(run.result().await, Ok(json!([0, 1, 2, 3])));
            assert_eq!(left(&engine.client(), run.id()).await, [json!(4)]);
        }
    });
}

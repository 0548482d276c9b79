//! Events: early and late ones, order, keys, refusals.

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::{Ledger, SimClock};
use flowcrate::{Client, Engine, Error, RunState, SendEvent, Timestamp, WaitEvent, join};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, flow, run_test, until};

fn key(key: &str) -> SendEvent {
    SendEvent { key: Some(key.to_owned()), event_id: None }
}

fn id(id: &str) -> SendEvent {
    SendEvent { key: None, event_id: Some(id.to_owned()) }
}

async fn send(client: &Client, run: flowcrate::RunId, name: &str, payload: i32, how: SendEvent) {
    client.send_event(run, name, json!(payload), how).await.unwrap();
}

/// Waits for `a` three times, after a step.
fn three_waits(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, _, ledger| async move {
        ledger.slow(&ctx, "step", 20).await?;
        let mut got = Vec::new();
        for id in ["one", "two", "three"] {
            got.push(ctx.wait_event::<Value>(id, WaitEvent::new("a")).await?);
        }
        Ok(json!(got))
    })
}

#[test]
fn promise_f_events_are_consumed_once_and_in_order() {
    run_test(async {
        let workflow = three_waits(&Ledger::default());
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let client = engine.client();
        // The first come early; one is delivered twice.
        send(&client, run.id(), "a", 1, id("x")).await;
        send(&client, run.id(), "a", 1, id("x")).await;
        send(&client, run.id(), "a", 2, id("y")).await;
        until(&engine, &run, RunState::Waiting).await;
        send(&client, run.id(), "a", 3, SendEvent::default()).await;
        assert_eq!(run.result().await.unwrap(), json!([1, 2, 3]));
        let ended = client.send_event(run.id(), "a", json!(4), SendEvent::default()).await;
        assert_eq!(ended, Err(Error::Finished(run.id())));
        // A delivery that was acknowledged stays acknowledged.
        send(&client, run.id(), "a", 1, id("x")).await;
    });
}

#[test]
fn promise_f_events_wake_runs_that_are_but_rows() {
    run_test(async {
        let workflow = three_waits(&Ledger::default());
        let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
        let engine = builder.linger(Duration::ZERO).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        for payload in 1..=3 {
            until(&engine, &run, RunState::Waiting).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
            send(&engine.client(), run.id(), "a", payload, SendEvent::default()).await;
        }
        assert_eq!(run.result().await.unwrap(), json!([1, 2, 3]));
    });
}

#[test]
fn events_go_to_the_wait_with_their_name_and_key_first_come_first_served() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let wait = |id: &'static str, event: WaitEvent| ctx.wait_event::<i32>(id, event);
            let got = join((
                wait("x1", WaitEvent::new("a").key("x")),
                wait("x2", WaitEvent::new("a").key("x")),
                wait("y", WaitEvent::new("a").key("y")),
                wait("none", WaitEvent::new("a")),
                wait("other", WaitEvent::new("b").key("x")),
            ));
            Ok(json!(got.await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let view = until(&engine, &run, RunState::Waiting).await;
        assert_eq!(view.waiting_for.len(), 5);
        let client = engine.client();
        send(&client, run.id(), "b", 5, key("x")).await;
        send(&client, run.id(), "a", 1, key("x")).await;
        send(&client, run.id(), "a", 4, SendEvent::default()).await;
        send(&client, run.id(), "a", 3, key("y")).await;
        send(&client, run.id(), "a", 2, key("x")).await;
        assert_eq!(run.result().await.unwrap(), json!([1, 2, 3, 4, 5]));
    });
}

#[test]
fn a_wait_may_time_out_and_leaves_later_events_alone() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let workflow = flow(|ctx, _| async move {
            let wait = WaitEvent::new("a").timeout(Duration::from_mins(1));
            let first: Option<i32> = ctx.wait_event("first", wait).await?;
            let second: Option<i32> = ctx.wait_event("second", WaitEvent::new("a")).await?;
            Ok(json!([first, second]))
        });
        let engine = engine_on(MemoryStore::with_clock(clock.clone()), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        clock.advance(Duration::from_mins(1));
        loop {
            let view = engine.client().run(run.id()).await.unwrap().unwrap();
            if view.waiting_for.first().is_some_and(|wait| wait.path == "second") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        send(&engine.client(), run.id(), "a", 2, SendEvent::default()).await;
        assert_eq!(run.result().await.unwrap(), json!([null, 2]));
    });
}

#[test]
fn undeclared_events_and_unknown_runs_are_refused() {
    run_test(async {
        let workflow = three_waits(&Ledger::default());
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let client = engine.client();
        let undeclared = client.send_event(run.id(), "c", json!(1), SendEvent::default()).await;
        assert_eq!(undeclared, Err(Error::UndeclaredEvent("c".to_owned())));
        let nobody = flowcrate::RunId::new();
        let unknown = client.send_event(nobody, "a", json!(1), SendEvent::default()).await;
        assert_eq!(unknown, Err(Error::UnknownRun(nobody)));
        assert_eq!(client.cancel(nobody, ()).await, Err(Error::UnknownRun(nobody)));
    });
}

#[flowcrate::workflow(name = "typed", events("count" = u32))]
async fn typed(ctx: flowcrate::Context, _input: Value) -> flowcrate::Result<u32> {
    Ok(ctx.wait_event("wait", WaitEvent::new("count")).await?.unwrap_or_default())
}

#[test]
fn a_payload_that_the_run_could_not_read_is_refused_and_nothing_is_lost() {
    run_test(async {
        let engine =
            Engine::builder().store(MemoryStore::new()).register(Typed).build().await.unwrap();
        let run = engine.start(Typed, json!(null)).await.unwrap();
        let client = engine.client();
        let refused = client.send_event(run.id(), "count", json!("x"), SendEvent::default()).await;
        assert!(matches!(refused, Err(Error::Codec { .. })), "{refused:?}");
        send(&client, run.id(), "count", 7, SendEvent::default()).await;
        assert_eq!(run.result().await.unwrap(), 7);
    });
}

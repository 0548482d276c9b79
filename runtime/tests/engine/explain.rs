//! What a run waits for, said to a person, and its history.

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::{Ledger, SimClock};
use flowcrate::{
    Client, Engine, Policy, RunState, StepError, StepSpec, Timestamp, Wait, WaitEvent, join,
};
use serde_json::{Value, json};

use super::kit::{Steps, counted, engine, engine_on, flow, run_test, until};

/// Whether `text` has each of these parts, in this order.
fn reads(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some(at) = rest.find(part) else { panic!("no `{part}` in\n{text}") };
        rest = &rest[at..];
    }
}

#[test]
fn a_run_says_what_it_waits_for_and_how_it_came_there() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).await?;
            let policy = Policy { jitter: false, ..Policy::default() };
            let flaky =
                ctx.step(StepSpec::new("charge", "http@1").policy(policy), (), |_, ()| async {
                    Err::<u32, _>(StepError::retryable("http_status", "answered 500"))
                });
            let ship = WaitEvent::new("a").key("7").timeout(Duration::from_mins(1));
            let ship = ctx.wait_event::<Value>("ship", ship);
            join((flaky, ship, ctx.sleep("nap", Duration::from_hours(1)))).await?;
            Ok(json!(null))
        });
        let engine = engine_on(MemoryStore::with_clock(clock), &workflow).await;
        let run = engine.start(workflow, json!(null)).key("order-1").await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        let explanation = loop {
            let explanation = engine.client().explain(run.id()).await.unwrap();
            if explanation.waits.len() == 3 {
                break explanation;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        let text = explanation.to_string();
        reads(
            &text,
            &[
                "of test, revision 1, key `order-1`: waiting",
                "waits for",
                "attempt 2 of the step `charge` (http@1), at 1970-01-01T00:00:01.000Z; \
             the last one failed: answered 500 [http_status]",
                "timeline",
                "1970-01-01T00:00:00.000Z  run     started (test)",
                "one     completed (step) after 0s",
                "charge  retrying (http@1): answered 500 [http_status] at tests/engine/explain.rs:",
            ],
        );
        reads(&text, &["the event `a` with key `7` at `ship`, until 1970-01-01T00:01:00.000Z"]);
        reads(&text, &["the timer `nap`, until 1970-01-01T01:00:00.000Z"]);
        let json = serde_json::to_value(&explanation).unwrap();
        let kinds: Vec<_> = json["waits"].as_array().unwrap().iter().map(|w| &w["for"]).collect();
        assert!(kinds.contains(&&json!("retry")) && kinds.contains(&&json!("event")), "{json}");
        assert_eq!(serde_json::from_value::<flowcrate::Explanation>(json).unwrap(), explanation);
    });
}

#[test]
fn a_paused_run_says_why_and_what_to_do() {
    run_test(async {
        let workflow = flow(|_, _| async move {
            std::future::pending::<()>().await;
            Ok(json!(null))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Paused).await;
        let text = engine.client().explain(run.id()).await.unwrap().to_string();
        reads(&text, &[": paused", "somebody: ", "[foreign_await]", "to do: let the workflow"]);
    });
}

#[test]
fn a_run_without_a_worker_for_its_revision_says_so() {
    run_test(async {
        let store = MemoryStore::new();
        let napping = flow(|ctx, _| async move {
            ctx.sleep("nap", Duration::from_millis(1)).await?;
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await.map(|got| json!(got))
        });
        let engine = engine_on(store.clone(), &napping).await;
        let run = engine.start(napping.clone(), json!(null)).await.unwrap();
        engine.shutdown().await;
        let newer = napping.clone().in_revision("2");
        let engine = engine_on(store.clone(), &newer).await;
        let explanation = engine.client().explain(run.id()).await.unwrap();
        assert!(
            matches!(&explanation.waits[0], Wait::Revision { revision, .. } if revision == "1")
        );
        reads(&explanation.to_string(), &["a worker with revision 1: no worker has it"]);
        engine.shutdown().await;
        // Nobody at all, as another process sees it.
        let outside = Client::new(std::sync::Arc::new(store.clone())).checking(napping.clone());
        let explanation = outside.explain(run.id()).await.unwrap();
        assert_eq!(explanation.waits[0], Wait::Worker);
        let engine = engine_on(store, &napping).await;
        until(&engine, &run_handle(&engine, &run), RunState::Waiting).await;
    });
}

fn run_handle(engine: &Engine, run: &flowcrate::RunHandle<Value>) -> flowcrate::RunHandle<Value> {
    engine.handle::<super::kit::Flow>(run.id())
}

#[test]
fn an_ended_run_waits_for_nothing() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            Err(ctx.failure("check", "too_late", "it is too late").into())
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        drop(run.result().await);
        let explanation = engine.client().explain(run.id()).await.unwrap();
        assert!(explanation.waits.is_empty());
        reads(
            &explanation.to_string(),
            &[
                ": failed",
                "failed: check: it is too late [too_late]",
                "timeline",
                "run  failed (test)",
            ],
        );
        let unknown = engine.client().explain(flowcrate::RunId::new()).await;
        assert_eq!(unknown.unwrap_err().code(), "unknown_run");
    });
}

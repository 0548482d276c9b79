//! Functions that do not do what their journal says: paused with an explanation, never a loop.

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::Ledger;
use flowcrate::{Context, Error, Failure, Result, RunState, SendEvent, StepSpec, WaitEvent};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, engine, engine_on, flow, quick, run_test, until};

/// Runs `before` until it waits, then goes on with `after`: why that pauses.
async fn change(before: Flow, after: Flow) -> Failure {
    let store = MemoryStore::new();
    let engine = engine_on(store.clone(), &before).await;
    let run = engine.start(before, json!(null)).key("k").await.unwrap();
    until(&engine, &run, RunState::Waiting).await;
    engine.kill();
    let engine = engine_on(store, &after).await;
    let run = engine.start(after, json!(null)).key("k").await.unwrap();
    engine.client().send_event(run.id(), "a", json!(1), SendEvent::default()).await.unwrap();
    match run.result().await {
        Err(Error::Paused(failure)) => failure,
        other => panic!("not paused: {other:?}"),
    }
}

/// A step `one`, then a wait.
fn one<T, F>(step: F) -> Flow
where
    F: Fn(&Context) -> flowcrate::Step<T> + Clone + Send + Sync + 'static,
    T: serde::de::DeserializeOwned + 'static,
{
    flow(move |ctx, _| {
        let step = step.clone();
        async move {
            step(&ctx).await?;
            wait(&ctx).await
        }
    })
}

async fn wait(ctx: &Context) -> Result<Value> {
    ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
    Ok(json!("done"))
}

fn step(ctx: &Context, kind: &'static str, input: i32) -> flowcrate::Step<String> {
    ctx.step(StepSpec::new("one", kind), input, |_, _| async { Ok("text".to_owned()) })
}

#[test]
fn another_kind() {
    run_test(async {
        let failure =
            change(one(|ctx| step(ctx, "kind@1", 1)), one(|ctx| step(ctx, "kind@2", 1))).await;
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("kind_changed", "one"));
        assert_eq!(failure.message, "expected kind kind@1, found kind kind@2");
    });
}

#[test]
fn another_input() {
    run_test(async {
        let failure = change(one(|ctx| step(ctx, "k", 1)), one(|ctx| step(ctx, "k", 2))).await;
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("input_changed", "one"));
        assert_eq!(failure.message, "expected the recorded input 1, found the input 2");
    });
}

#[test]
fn an_outcome_that_does_not_decode() {
    run_test(async {
        let number =
            |ctx: &Context| ctx.step(StepSpec::new("one", "k"), 1, |_, _| async { Ok(7_u32) });
        let failure = change(one(|ctx| step(ctx, "k", 1)), one(number)).await;
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("undecodable", "one"));
        assert!(failure.message.contains(r#"found "text""#), "{failure}");
    });
}

#[test]
fn a_recorded_step_that_is_not_reached() {
    run_test(async {
        let without = flow(|ctx, _| async move { wait(&ctx).await });
        let failure = change(one(|ctx| step(ctx, "k", 1)), without).await;
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("unreached", "one"));
        let returns = flow(|_, _| async move { Ok(json!(1)) });
        let failure = change(one(|ctx| step(ctx, "k", 1)), returns).await;
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("unreached", "one"));
    });
}

async fn paused(workflow: Flow) -> Failure {
    let engine = engine(&workflow).await;
    let run = engine.start(workflow, json!(null)).await.unwrap();
    match run.result().await {
        Err(Error::Paused(failure)) => failure,
        other => panic!("not paused: {other:?}"),
    }
}

#[test]
fn a_key_that_is_used_twice() {
    run_test(async {
        let failure = paused(flow(|ctx, _| async move {
            for _ in 0..2 {
                ctx.step(quick("one").key("k"), 1, |_, _| async { Ok(1) }).await?;
            }
            Ok(json!(null))
        }))
        .await;
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("duplicate_path", "one[k]"));
    });
}

#[test]
fn a_context_of_another_scope() {
    run_test(async {
        let failure = paused(flow(|outer, _| async move {
            let outer = &outer;
            let _: Vec<i32> = outer
                .for_each("each", vec![1], 1, async |_: Context, item, _| {
                    outer.step(quick("one"), item, |_, item| async move { Ok(item) }).await
                })
                .await?;
            Ok(json!(null))
        }))
        .await;
        assert_eq!(failure.code, "wrong_scope");
        assert_eq!(
            failure.message,
            "expected the context of `each[0]`, found the context of the run"
        );
    });
}

#[test]
fn something_else_is_awaited() {
    run_test(async {
        let failure = paused(flow(|ctx, _| async move {
            ctx.sleep("nap", Duration::from_millis(1)).await?;
            std::future::pending::<()>().await;
            Ok(json!(null))
        }))
        .await;
        assert_eq!(failure.code, "foreign_await");
        // Woken by another thread, while it waits for its context too.
        let failure = paused(flow(|ctx, _| async move {
            let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                sender.send(()).unwrap();
            });
            let other = async { receiver.await.map_err(|_| Error::Cancelled) };
            flowcrate::join((other, ctx.sleep("nap", Duration::from_hours(1)))).await?;
            Ok(json!(null))
        }))
        .await;
        assert_eq!(failure.code, "foreign_await");
    });
}

#[test]
fn a_paused_run_can_be_mended_and_resumed_or_cancelled() {
    run_test(async {
        let ledger = Ledger::default();
        let store = MemoryStore::new();
        let steps = ledger.clone();
        let good = flow(move |ctx, _| {
            let ledger = steps.clone();
            async move {
                ledger.step(&ctx, "one", 1).await?;
                wait(&ctx).await
            }
        });
        let bad = flow(|ctx, _| async move { wait(&ctx).await });
        let mut handles = Vec::new();
        let engine = engine_on(store.clone(), &good).await;
        for key in ["k1", "k2"] {
            let run = engine.start(good.clone(), json!(null)).key(key).await.unwrap();
            until(&engine, &run, RunState::Waiting).await;
            handles.push(run.id());
        }
        engine.kill();
        let engine = engine_on(store.clone(), &bad).await;
        for run in &handles {
            super::kit::until_id(&engine, *run, RunState::Paused).await;
        }
        engine.client().cancel(handles[1], "a mistake").await.unwrap();
        super::kit::until_id(&engine, handles[1], RunState::Cancelled).await;
        engine.shutdown().await;
        let engine = engine_on(store, &good).await;
        let client = engine.client();
        client.resume(handles[0]).await.unwrap();
        client.send_event(handles[0], "a", json!(1), SendEvent::default()).await.unwrap();
        super::kit::until_id(&engine, handles[0], RunState::Completed).await;
        assert_eq!(ledger.of("one"), 2);
    });
}

#[test]
fn mail_for_a_paused_run_does_not_keep_it_from_being_resumed() {
    run_test(async {
        let failing = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let fails = failing.clone();
        let workflow = flow(move |ctx, _| {
            assert!(!fails.load(std::sync::atomic::Ordering::SeqCst), "not yet");
            async move { wait(&ctx).await }
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Paused).await;
        let client = engine.client();
        client.send_event(run.id(), "a", json!(1), SendEvent::default()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        failing.store(false, std::sync::atomic::Ordering::SeqCst);
        client.resume(run.id()).await.unwrap();
        until(&engine, &run, RunState::Completed).await;
    });
}

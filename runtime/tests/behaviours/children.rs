//! Runs that start others, and runs that are stopped from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::{
    Caught, Context, Engine, Error, Result, RunFilter, RunId, RunState, SendEvent, StepContext,
    StepError, WaitEvent, step, workflow,
};
use serde_json::json;

use super::kit::{run_test, until, until_waiting_for};

#[step(retry(max_attempts = 1))]
async fn double(_step: StepContext, number: u32) -> Result<u32, StepError> {
    if number == 13 {
        return Err(StepError::fatal("unlucky", "13"));
    }
    Ok(number * 2)
}

/// Waits for its event, unless its number needs none.
#[workflow(name = "child", revision = "1", events("go" = u32))]
async fn child(ctx: Context, number: u32) -> Result<u32> {
    if number >= 100 {
        return ctx.wait_event("go", WaitEvent::new("go")).received().await;
    }
    double(&ctx, number).await
}

#[workflow(name = "parent", revision = "1")]
async fn parent(ctx: Context, numbers: Vec<u32>) -> Result<Vec<String>> {
    let call = async |ctx: Context, number: u32, _| {
        Ok(match ctx.call("child", Child, number).await.caught()? {
            Ok(doubled) => doubled.to_string(),
            Err(failure) => format!("{} at {}", failure.code, failure.path),
        })
    };
    ctx.for_each("each", numbers, 4, call).await
}

#[workflow(name = "starter", revision = "1")]
async fn starter(ctx: Context, number: u32) -> Result<String> {
    Ok(ctx.start_workflow("notify", Child, number).await?.to_string())
}

async fn family() -> Engine {
    let builder = Engine::builder().store(MemoryStore::new());
    builder.register(Child).register(Parent).register(Starter).build().await.unwrap()
}

/// The only run of the child's workflow.
async fn only_child(engine: &Engine) -> RunId {
    loop {
        let filter = RunFilter { workflow: Some("child".to_owned()), ..RunFilter::default() };
        let page = engine.client().runs(filter, None).await.unwrap();
        if let [child] = page.items.as_slice() {
            return child.id;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn children_are_started_and_awaited() {
    run_test(async {
        let engine = family().await;
        let run = engine.start(Parent, vec![1, 13, 3]).await.unwrap();
        let said = run.result().await.unwrap();
        assert_eq!((said[0].as_str(), said[2].as_str()), ("2", "6"));
        // A child's failure is one of the place where it was called.
        assert!(said[1].starts_with("unlucky at each[1]/child"), "{}", said[1]);
    });
}

#[test]
fn children_are_started_and_left_to_themselves() {
    run_test(async {
        let engine = family().await;
        let run = engine.start(Starter, 100).await.unwrap();
        let id: RunId = run.result().await.unwrap().parse().unwrap();
        // It outlives the run that started it.
        until(&engine, id, RunState::Waiting).await;
        engine.client().send_event(id, "go", json!(7), SendEvent::default()).await.unwrap();
        until(&engine, id, RunState::Completed).await;
    });
}

#[test]
fn children_are_cancelled_with_their_parent() {
    run_test(async {
        let engine = family().await;
        let run = engine.start(Parent, vec![100]).await.unwrap();
        let child = only_child(&engine).await;
        until(&engine, child, RunState::Waiting).await;
        run.cancel("no longer needed").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        until(&engine, child, RunState::Cancelled).await;
        // One that was left to itself is not.
        let run = engine.start(Starter, 100).await.unwrap();
        let free: RunId = run.result().await.unwrap().parse().unwrap();
        assert!(run.cancel("too late").await.is_err());
        until(&engine, free, RunState::Waiting).await;
    });
}

/// Runs until it is told to stop, and says that it was.
#[step(timeout = "1m")]
async fn patient(step: StepContext, told: u32) -> Result<u32, StepError> {
    STARTED.fetch_add(1, Ordering::SeqCst);
    step.cancelled().await;
    STOPPED.fetch_add(1, Ordering::SeqCst);
    Ok(told)
}

static STARTED: AtomicU32 = AtomicU32::new(0);
static STOPPED: AtomicU32 = AtomicU32::new(0);

#[workflow(name = "cancelled", revision = "1")]
async fn stopped(ctx: Context, (): ()) -> Result<u32> {
    let done = patient(&ctx, 1).await;
    // Nothing can be done any more, and a handler of failures does not see it.
    let after = double(&ctx, 1).await.caught();
    assert_eq!(after, Err(Error::Cancelled));
    done
}

#[test]
fn cancel_from_outside() {
    run_test(async {
        let builder = Engine::builder().store(MemoryStore::new()).register(Stopped);
        let engine = builder.build().await.unwrap();
        let run = engine.start(Stopped, ()).await.unwrap();
        while STARTED.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let client = Arc::new(engine.client());
        client.cancel(run.id(), "changed my mind").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!((STARTED.load(Ordering::SeqCst), STOPPED.load(Ordering::SeqCst)), (1, 1));
        let view = client.run(run.id()).await.unwrap().unwrap();
        assert_eq!(view.state, RunState::Cancelled);
        assert!(client.cancel(run.id(), "again").await.is_err());
    });
}

#[test]
fn a_waiting_run_is_cancelled_from_outside() {
    run_test(async {
        let engine = family().await;
        let run = engine.start(Child, 100).await.unwrap();
        until_waiting_for(&engine, run.id(), 1).await;
        engine.client().cancel(run.id(), "no").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        let late = engine.client().send_event(run.id(), "go", json!(1), SendEvent::default()).await;
        assert_eq!(late, Err(Error::Finished(run.id())));
    });
}

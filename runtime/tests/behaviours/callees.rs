//! Workflows that say what they call: it is registered with them, and rehearsed with them.

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::Rehearsal;
use flowcrate::{
    Caught, Context, Engine, Result, StepContext, StepError, WaitEvent, step, workflow,
};
use serde_json::json;

use super::kit::run_test;

#[step(retry(max_attempts = 1))]
async fn weigh(_step: StepContext, _order: u32) -> Result<u32, StepError> {
    Err(StepError::fatal("no_scales", "there is nothing to weigh with"))
}

#[workflow(name = "weigh", revision = "1", events("checked" = u32))]
async fn weighing(ctx: Context, order: u32) -> Result<u32> {
    let checked = ctx.wait_event::<u32>("checked", WaitEvent::new("checked")).received().await?;
    ctx.sleep("settle", Duration::from_mins(1)).await?;
    Ok(weigh(&ctx, order).await? + checked)
}

#[workflow(name = "pack", revision = "1", calls(Weighing))]
async fn pack(ctx: Context, order: u32) -> Result<u32> {
    Ok(weigh(&ctx, order).await? + ctx.call("inner", Weighing, order).await?)
}

/// Calls, among others, a workflow that calls others; two of them call each other.
#[workflow(name = "send", revision = "1", calls(Pack, Loop))]
async fn send(ctx: Context, orders: Vec<u32>) -> Result<Vec<u32>> {
    ctx.for_each("each", orders, 2, async |ctx: Context, order, _| {
        ctx.call("pack", Pack, order).await
    })
    .await
}

#[workflow(name = "loop", revision = "1", calls(Send))]
async fn loop_(ctx: Context, orders: Vec<u32>) -> Result<Vec<u32>> {
    if orders.is_empty() { Ok(orders) } else { ctx.call("send", Send, orders).await }
}

#[test]
fn who_registers_a_workflow_registers_those_that_it_calls() {
    run_test(async {
        let engine =
            Engine::builder().store(MemoryStore::new()).register(Loop).build().await.unwrap();
        for (name, input) in [("send", json!([])), ("loop", json!([]))] {
            let run = engine.start_value(name, "1", input.clone(), None).await.unwrap();
            assert_eq!(run.result().await.unwrap(), input);
        }
        // As are those that they call in turn.
        let run = engine.start_value("pack", "1", json!(1), None).await.unwrap();
        let failure = run.result().await.caught().unwrap().unwrap_err();
        assert_eq!(failure.code, "no_scales");
    });
}

#[test]
fn a_rehearsal_plays_what_is_called_too() {
    let script = json!({
        "input": [1, 2],
        "workflows": {
            "pack": { "steps": { "weigh": 10 } },
            // The step has the name of another workflow's.
            "weigh": { "steps": { "weigh": 100 }, "events": { "checked": 1000 } }
        }
    });
    let rehearsal = Rehearsal::read(Send, &script.to_string());
    assert_eq!(rehearsal.play().unwrap(), json!([1110, 1110]));
    rehearsal.replay_at_every_await();
    assert!(rehearsal.crash_at_every_write() > 20);
    let other =
        rehearsal.step_of("weigh", "weigh", json!(200)).event_of("weigh", "checked", json!(0));
    assert_eq!(other.play().unwrap(), json!([210, 210]));
}

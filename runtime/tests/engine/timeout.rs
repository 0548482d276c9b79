//! R11: a body against a timer.

use std::time::Duration;

use flowcrate::testkit::Ledger;
use flowcrate::{Caught, Context, Error, Failure, RunState, WaitEvent};
use serde_json::{Value, json};

use super::kit::{Steps, counted, engine, journal, run_test, until};

#[test]
fn a_body_that_ends_in_time_counts_whatever_it_comes_to() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let hour = Duration::from_hours(1);
            let body = async |ctx: Context| ledger.step(&ctx, "one", json!(null)).await;
            let timely = ctx.timeout("timely", hour, body).await?;
            // No value is a value: it is not the end of the time.
            assert_eq!(timely, Some(Value::Null));
            let fails = async |ctx: Context| {
                ledger.step(&ctx, "two", 2).await?;
                Err::<(), _>(Failure::new("no", "no").at("x").into())
            };
            let failed = ctx.timeout("fails", hour, fails).await.caught()?;
            Ok(json!(failed.unwrap_err().code))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!("no"));
        let journal = journal(&engine, run.id()).await;
        let due = |entry: &&(String, &str)| entry.0.ends_with("!due");
        let timers: Vec<_> = journal.iter().filter(due).map(|entry| entry.1).collect();
        assert_eq!(timers, ["cancelled", "cancelled"]);
    });
}

#[test]
fn a_body_whose_time_is_over_is_cancelled_and_its_finally_runs_first() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let late = ctx
                .timeout("late", Duration::from_millis(20), async |ctx: Context| {
                    ctx.try_scope("try", async |ctx: Context| {
                        ledger.step(&ctx, "take", 1).await?;
                        ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
                    })
                    .finally(async |ctx: Context| ledger.step(&ctx, "give_back", 1).await)
                    .await
                })
                .await?;
            assert_eq!(ledger.of("late/try/give_back"), 1);
            ledger.step(&ctx, "after", json!(late)).await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(null));
        let journal = journal(&engine, run.id()).await;
        let outcome = |path: &str| journal.iter().find(|entry| entry.0 == path).unwrap().1;
        assert_eq!(outcome("late/try/wait"), "cancelled");
        assert_eq!((outcome("late/try"), outcome("late")), ("cancelled", "completed"));
    });
}

#[test]
fn a_timeout_in_a_cancelled_run_is_cancelled_not_over() {
    run_test(async {
        let workflow = super::kit::flow(|ctx, _| async move {
            let waits = async |ctx: Context| {
                ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
            };
            let result = ctx.timeout("timeout", Duration::from_hours(1), waits).await;
            assert_eq!(result, Err(Error::Cancelled));
            Ok(json!(null))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(run.id(), "").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
    });
}

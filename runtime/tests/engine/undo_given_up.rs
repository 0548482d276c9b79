//! Scopes that are dropped while they undo what they did (R15).

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::Ledger;
use flowcrate::{
    Caught, Context, Engine, Error, Failure, Policy, Result, Step, StepError, StepSpec, Undo, Undos,
};
use futures_util::future::try_join;
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, journal, run_test};

/// A compensation that fails once and then rests for an hour.
fn late(ledger: &Ledger, ctx: &Context) -> Step<Value> {
    let hour = Duration::from_hours(1);
    let policy = Policy { max_attempts: 5, initial: hour, cap: hour, ..Policy::default() };
    let ledger = ledger.clone();
    ctx.step(StepSpec::new("late", "step").policy(policy), (), move |step, ()| {
        ledger.count(step.path());
        let done = ledger.of(step.path()) > 1;
        async move { if done { Ok(json!(null)) } else { Err(StepError::retryable("again", "again")) } }
    })
}

/// A race undoes its loser when something beside it fails, and drops it. The run goes on; then it
/// fails if its input says so.
async fn dropped(ctx: Context, input: Value, ledger: Ledger) -> Result<Value> {
    let lost = ledger.clone();
    let race = ctx
        .race::<Value>("race")
        .branch("quick", async |ctx: Context| ledger.slow(&ctx, "quick", 20).await);
    let race = race.branch("slow", async move |ctx: Context| {
        let undo = Undo::named("late", Value::clone);
        lost.step(&ctx, "done", 1).undo(undo).await?;
        ctx.sleep("rest", Duration::from_hours(1)).await?;
        Ok(json!(null))
    });
    let fails = async {
        ledger.slow(&ctx, "beside", 100).await?;
        Err::<Value, Error>(Failure::new("beside", "it fails").at("beside").into())
    };
    try_join(race.into_future(), fails).await.caught()?.unwrap_err();
    ledger.step(&ctx, "after", 1).await?;
    if input == json!("fails") {
        return Err(Failure::new("end", "it is over").at("end").into());
    }
    Ok(json!("done"))
}

fn workflow(ledger: &Ledger) -> Flow {
    let bodies = ledger.clone();
    counted(ledger, dropped).undoing(move || {
        let bodies = bodies.clone();
        Undos::new().step("late", move |ctx: &Context, _: Value| late(&bodies, ctx))
    })
}

#[test]
fn what_was_being_undone_is_cancelled_when_the_run_completes() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = workflow(&ledger);
        let engine = super::kit::engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await, Ok(json!("done")));
        let journal = journal(&engine, run.id()).await;
        assert!(journal.contains(&("race/done!undo".to_owned(), "cancelled")), "{journal:?}");
        assert_eq!(ledger.of("race/done!undo"), 1);
    });
}

#[test]
fn what_was_being_undone_is_undone_when_the_run_fails() {
    run_test(async {
        for linger in [Duration::ZERO, Duration::from_mins(1)] {
            let ledger = Ledger::default();
            let workflow = workflow(&ledger);
            let builder = Engine::builder().store(MemoryStore::new()).linger(linger);
            let engine = builder.register(workflow.clone()).build().await.unwrap();
            let run = engine.start(workflow, json!("fails")).await.unwrap();
            assert_eq!(run.result().await.unwrap_err().code(), "end");
            let journal = journal(&engine, run.id()).await;
            assert!(journal.contains(&("race/done!undo".to_owned(), "completed")), "{journal:?}");
            assert_eq!(ledger.of("race/done!undo"), 2);
        }
    });
}

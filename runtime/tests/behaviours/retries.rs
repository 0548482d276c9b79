//! Retries: how often, how soon, and when not.

use std::time::Duration;

use flowcrate::{
    Context, Error, Result, RunState, StepContext, StepError, Timestamp, step, workflow,
};

use super::kit::{engine, engine_by_the_clock, run_test, until};

#[step(retry(max_attempts = 5, initial = "1ms"))]
async fn third_time(step: StepContext) -> Result<u32, StepError> {
    if step.attempt() < 3 {
        return Err(StepError::retryable("busy", format!("attempt {}", step.attempt())));
    }
    Ok(step.attempt())
}

#[workflow(name = "third", revision = "1")]
async fn third(ctx: Context, (): ()) -> Result<u32> {
    third_time(&ctx).await
}

#[test]
fn retry_to_success_on_attempt_3() {
    run_test(async {
        let engine = engine(Third).await;
        let run = engine.start(Third, ()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 3);
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!((journal.len(), journal[0].attempts, &journal[0].error), (1, 3, &None));
    });
}

#[step(retry(max_attempts = 5, initial = "1ms"))]
async fn no_use(step: StepContext) -> Result<u32, StepError> {
    Err(StepError::fatal("gone", format!("attempt {}", step.attempt())))
}

#[workflow(name = "fatal", revision = "1")]
async fn fatal(ctx: Context, (): ()) -> Result<u32> {
    no_use(&ctx).await
}

#[test]
fn a_fatal_error_fails_at_once() {
    run_test(async {
        let engine = engine(Fatal).await;
        let run = engine.start(Fatal, ()).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("no failure") };
        assert_eq!((failure.attempts, failure.message.as_str()), (1, "attempt 1"));
    });
}

#[step(retry(max_attempts = 2, initial = "1h"))]
async fn limited(step: StepContext) -> Result<u32, StepError> {
    if step.attempt() == 1 {
        let delay = Duration::from_secs(7);
        return Err(StepError::rate_limited("slow_down", "come back", delay));
    }
    Ok(step.attempt())
}

#[workflow(name = "limits", revision = "1")]
async fn limits(ctx: Context, (): ()) -> Result<u32> {
    limited(&ctx).await
}

#[test]
fn a_server_chosen_delay() {
    run_test(async {
        let (engine, clock) = engine_by_the_clock(Limits).await;
        let run = engine.start(Limits, ()).await.unwrap();
        // The other side's delay, not the policy's hour.
        let view = until(&engine, run.id(), RunState::Waiting).await;
        assert_eq!(view.waiting_for[0].due, Some(Timestamp(7_000)));
        clock.advance(Duration::from_millis(6_999));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!engine.client().run(run.id()).await.unwrap().unwrap().state.is_final());
        clock.advance(Duration::from_millis(1));
        assert_eq!(run.result().await.unwrap(), 2);
    });
}

#[step(retry(max_attempts = 1))]
async fn once(step: StepContext) -> Result<u32, StepError> {
    Err(StepError::retryable("busy", format!("attempt {}", step.attempt())))
}

#[workflow(name = "single", revision = "1")]
async fn single(ctx: Context, (): ()) -> Result<u32> {
    once(&ctx).await
}

#[test]
fn zero_retries() {
    run_test(async {
        let engine = engine(Single).await;
        let run = engine.start(Single, ()).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("no failure") };
        assert_eq!((failure.code.as_str(), failure.attempts), ("busy", 1));
    });
}

//! Heartbeats: signs of life of a long body, and what its next attempt learns of it.

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::{Ledger, SimClock};
use flowcrate::{Context, Policy, RunState, StepError, StepSpec, Timestamp};
use serde_json::{Value, json};

use super::kit::{counted, engine, engine_on, flow, run_test, until};

fn beating(ctx: &Context, body: impl AsyncBody) -> flowcrate::Step<Value> {
    let heartbeat = Some(Duration::from_secs(10));
    let policy = Policy { heartbeat, timeout: None, jitter: false, ..Policy::default() };
    ctx.step(StepSpec::new("long", "step").policy(policy), (), move |step, ()| body.call(step))
}

/// A body as an argument.
trait AsyncBody: Clone + Send + Sync + 'static {
    fn call(
        &self,
        step: flowcrate::StepContext,
    ) -> futures_util::future::BoxFuture<'static, Result<Value, StepError>>;
}

impl<F, Fut> AsyncBody for F
where
    F: Fn(flowcrate::StepContext) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Value, StepError>> + Send + 'static,
{
    fn call(
        &self,
        step: flowcrate::StepContext,
    ) -> futures_util::future::BoxFuture<'static, Result<Value, StepError>> {
        Box::pin(self(step))
    }
}

#[test]
fn the_next_attempt_reads_what_the_last_one_said() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let policy = Policy { initial: Duration::from_millis(1), ..Policy::default() };
            let spec = StepSpec::new("one", "step").policy(policy);
            let step = ctx.step(spec, (), |step, ()| async move {
                let before: Option<u32> = step.last_heartbeat();
                for at in 0..1_000 {
                    step.heartbeat(&(step.attempt() * 1_000 + at)).await?;
                }
                match step.attempt() {
                    3 => Ok(before),
                    _ => Err(StepError::retryable("again", "again")),
                }
            });
            Ok(json!(step.await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(2_999));
    });
}

#[test]
fn details_survive_a_crash_in_the_middle_of_an_attempt() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let store = MemoryStore::with_clock(clock.clone());
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let step = ctx.step(StepSpec::new("long", "step"), (), move |step, ()| {
                ledger.count("long");
                async move {
                    if let Some(row) = step.last_heartbeat::<u32>() {
                        return Ok(json!([row, step.attempt()]));
                    }
                    step.heartbeat(&41).await?;
                    step.heartbeat(&42).await?;
                    std::future::pending().await
                }
            });
            step.await
        });
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).key("k").await.unwrap();
        loop {
            clock.advance(Duration::from_secs(1));
            let journal = engine.client().journal(run.id()).await.unwrap();
            if journal.first().and_then(|entry| entry.details.clone()) == Some(json!(42)) {
                assert_eq!(journal[0].output, None);
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        engine.kill();
        let engine = engine_on(store, &workflow).await;
        let run = engine.start(workflow, json!(null)).key("k").await.unwrap();
        // The attempt that the crash cut short does not count.
        assert_eq!(run.result().await.unwrap(), json!([42, 1]));
        assert_eq!(ledger.of("long"), 2);
    });
}

#[test]
fn a_body_without_a_sign_of_life_counts_as_lost() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let step = beating(&ctx, move |step: flowcrate::StepContext| {
                let ledger = ledger.clone();
                async move {
                    ledger.count("long");
                    if step.attempt() == 1 {
                        step.cancelled().await;
                    }
                    Ok(json!(step.attempt()))
                }
            });
            step.await
        });
        let engine = engine_on(MemoryStore::with_clock(clock.clone()), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        while ledger.of("long") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        clock.advance(Duration::from_secs(10));
        let view = until(&engine, &run, RunState::Waiting).await;
        assert_eq!(view.waiting_for[0].error.as_ref().unwrap().code, "heartbeat_timeout");
        clock.advance(Duration::from_secs(1));
        assert_eq!(run.result().await.unwrap(), json!(2));
    });
}

#[test]
fn a_body_that_beats_may_take_its_time() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let time = clock.clone();
        let workflow = counted(&ledger, move |ctx, _, _| {
            let clock = time.clone();
            async move {
                let step = beating(&ctx, move |step: flowcrate::StepContext| {
                    let clock = clock.clone();
                    async move {
                        for beat in 0..6 {
                            clock.advance(Duration::from_secs(6));
                            step.heartbeat(&beat).await?;
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        Ok(json!(step.attempt()))
                    }
                });
                step.await
            }
        });
        let engine = engine_on(MemoryStore::with_clock(clock), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(1));
    });
}

#[test]
fn a_body_that_nobody_wants_ends_at_its_next_heartbeat() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let step = beating(&ctx, move |step: flowcrate::StepContext| {
                let ledger = ledger.clone();
                async move {
                    ledger.count("began");
                    loop {
                        if let Err(error) = step.heartbeat(&()).await {
                            ledger.count(&error.code);
                            return Err(error);
                        }
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            });
            step.await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        while ledger.of("began") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        engine.client().cancel(run.id(), "enough").await.unwrap();
        until(&engine, &run, RunState::Cancelled).await;
        while ledger.of("cancelled") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

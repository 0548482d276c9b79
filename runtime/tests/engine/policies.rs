//! Policies (S20): which errors are tried again, when, and until when.

use std::time::Duration;

use flowcrate::failure::ErrorClass;
use flowcrate::policy::{OnExhausted, Retried};
use flowcrate::store::MemoryStore;
use flowcrate::testkit::{Ledger, SimClock};
use flowcrate::{Caught, Error, Failure, Policy, RunState, StepError, StepSpec, Timestamp};
use serde_json::json;

use super::kit::{Flow, counted, engine, engine_on, flow, run_test, until};

/// One step `one` under a policy; its body ends as `attempt` says.
fn one<F>(ledger: &Ledger, policy: Policy, attempt: F) -> Flow
where
    F: Fn(u32) -> Result<u32, StepError> + Clone + Send + Sync + 'static,
{
    counted(ledger, move |ctx, _, ledger| {
        let (policy, attempt) = (policy.clone(), attempt.clone());
        async move {
            let spec = StepSpec::new("one", "step").policy(policy);
            let step = ctx.step(spec, (), move |step, ()| {
                ledger.count(step.path());
                let result = attempt(step.attempt());
                async move { result }
            });
            Ok(json!(step.await?))
        }
    })
}

async fn failure_of(workflow: Flow) -> Failure {
    let engine = engine(&workflow).await;
    let run = engine.start(workflow, json!(null)).await.unwrap();
    match run.result().await {
        Err(Error::Failed(failure)) => failure,
        other => panic!("not failed: {other:?}"),
    }
}

#[test]
fn a_policy_without_retries_fails_at_once() {
    run_test(async {
        let ledger = Ledger::default();
        let policy = Policy::once();
        let down = |_| Err(StepError::retryable("down", "down"));
        let failure = failure_of(one(&ledger, policy, down)).await;
        assert_eq!((failure.code.as_str(), failure.attempts), ("down", 1));
        assert_eq!(ledger.of("one"), 1);
    });
}

#[test]
fn only_the_chosen_classes_are_tried_again() {
    run_test(async {
        let ledger = Ledger::default();
        let initial = Duration::from_millis(1);
        let retry_on = Retried::none().with(ErrorClass::RateLimited);
        let on_exhausted = OnExhausted::Pause;
        let policy =
            Policy { retry_on, initial, on_exhausted, max_attempts: 9, ..Policy::default() };
        let body = |attempt| match attempt {
            1 | 2 => Err(StepError::rate_limited("busy", "later", Duration::from_millis(1))),
            3 => panic!("no more"),
            attempt => Ok(attempt),
        };
        let failure = failure_of(one(&ledger, policy, body)).await;
        assert_eq!((failure.code.as_str(), failure.attempts), ("panic", 3));
        assert_eq!(failure.cause.unwrap().class, ErrorClass::Panic);
        assert_eq!(ledger.of("one"), 3);
    });
}

#[test]
fn the_other_side_chooses_the_delay() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let policy = Policy { cap: Duration::from_secs(1), ..Policy::default() };
        let workflow = one(&ledger, policy, |attempt| match attempt {
            1 => {
                Err(StepError::retryable("http_status", "429").retry_after(Duration::from_mins(2)))
            }
            attempt => Ok(attempt),
        });
        let engine = engine_on(MemoryStore::with_clock(clock.clone()), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let view = until(&engine, &run, RunState::Waiting).await;
        assert_eq!(view.waiting_for[0].due, Some(Timestamp(120_000)));
        clock.advance(Duration::from_secs(119));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(ledger.of("one"), 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(run.result().await.unwrap(), json!(2));
    });
}

#[test]
fn r4_neither_attempts_nor_total_time_restart_after_a_crash() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let store = MemoryStore::with_clock(clock.clone());
        let ledger = Ledger::default();
        let total = Some(Duration::from_mins(10));
        let workflow = counted(&ledger, move |ctx, _, ledger| async move {
            let policy = Policy { total, timeout: None, max_attempts: 5, ..Policy::default() };
            let spec = StepSpec::new("one", "step").policy(policy);
            // Its first attempt never ends by itself.
            let step = ctx.step(spec, (), move |step, ()| {
                ledger.count(step.path());
                async move {
                    step.cancelled().await;
                    Ok(1)
                }
            });
            Ok(json!(step.await.caught()?.unwrap_err().code))
        });
        for life in 1..=3 {
            let engine = engine_on(store.clone(), &workflow).await;
            drop(engine.start(workflow.clone(), json!(null)).key("k").await.unwrap());
            while ledger.of("one") < life {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            clock.advance(Duration::from_mins(3));
            engine.kill();
        }
        // 9 of 10 minutes are gone.
        let engine = engine_on(store, &workflow).await;
        let run = engine.start(workflow, json!(null)).key("k").await.unwrap();
        while ledger.of("one") < 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        clock.advance(Duration::from_mins(1));
        assert_eq!(run.result().await.unwrap(), json!("timeout"));
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!((journal[0].attempts, journal[0].started_at), (1, Timestamp(0)));
    });
}

#[test]
fn an_error_keeps_its_cause_and_its_place() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let body = |_, ()| async move {
                let error = "x".parse::<u32>().unwrap_err();
                Err::<u32, _>(StepError::fatal("number", "no number").caused_by(&error))
            };
            let failed = ctx.step(StepSpec::new("one", "step"), (), body).await.caught()?;
            // Replayed, it is what it was.
            ctx.sleep("nap", Duration::from_millis(1)).await?;
            let failure = failed.unwrap_err();
            assert_eq!(failure.message, "no number");
            let cause = failure.cause.clone().unwrap();
            assert_eq!(cause.chain, ["invalid digit found in string"]);
            Err(failure.into())
        });
        let engine = flowcrate::Engine::builder()
            .store(MemoryStore::new())
            .register(workflow.clone())
            .always_replay()
            .build()
            .await
            .unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("not failed") };
        let cause = failure.cause.unwrap();
        assert_eq!(cause.class, ErrorClass::Fatal);
        assert!(cause.location.unwrap().starts_with("tests/engine/policies.rs:"));
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["failure"]["cause"]["chain"][0], "invalid digit found in string");
    });
}

#[test]
fn a_body_knows_its_run_and_its_attempt() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let policy = Policy { initial: Duration::from_millis(1), ..Policy::default() };
            let spec = StepSpec::new("one", "step").policy(policy);
            let started_at = ctx.started_at();
            let step = ctx.step(spec, (), move |step, ()| async move {
                assert_eq!(step.run_started_at(), started_at);
                assert!(step.deadline() > Some(step.started_at()));
                if step.attempt() < 3 {
                    return Err(StepError::retryable("again", "again"));
                }
                let numbers = json!([step.attempt(), step.max_attempts()]);
                Ok(json!([step.workflow(), step.revision(), step.path(), numbers]))
            });
            step.await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(["test", "1", "one", [3, 3]]));
    });
}

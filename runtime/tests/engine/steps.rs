//! Steps, retries, results, starts.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::{FaultStore, Ledger, SimClock};
use flowcrate::{Caught, Engine, Error, Policy, RunState, StepError, StepSpec, Timestamp};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, flow, quick, run_test, until};

fn three_steps(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        let one = ledger.step(&ctx, "one", input).await?;
        let two = ledger.step(&ctx, "two", json!({ "one": one })).await?;
        ledger.step(&ctx, "three", two).await
    })
}

#[test]
fn a_run_returns_what_its_steps_made() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = three_steps(&ledger);
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(7)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!({ "one": 7 }));
        let journal = engine.client().journal(run.id()).await.unwrap();
        let paths: Vec<_> = journal.iter().map(|entry| (entry.path.as_str(), entry.seq)).collect();
        assert_eq!(paths, [("one", Some(0)), ("two", Some(1)), ("three", Some(2))]);
        assert_eq!(journal[1].input, Some(json!({ "one": 7 })));
        assert_eq!(ledger.all().into_values().collect::<Vec<_>>(), [1, 1, 1]);
        engine.shutdown().await;
    });
}

#[test]
fn a_run_of_three_steps_is_four_commits() {
    run_test(async {
        let workflow = three_steps(&Ledger::default());
        let store = FaultStore::new(Arc::new(MemoryStore::new()));
        let builder = Engine::builder().store(store.clone()).register(workflow.clone());
        let engine = builder.build().await.unwrap();
        // Opening claims once; it is over when the first run is.
        engine.start(workflow.clone(), json!(1)).await.unwrap().result().await.unwrap();
        let before = store.count();
        engine.start(workflow, json!(2)).await.unwrap().result().await.unwrap();
        assert_eq!(store.count() - before, 4);
    });
}

#[test]
fn a_failed_attempt_is_tried_again() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            Ok(json!(ledger.flaky(&ctx, "one", 3).await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(4));
        assert_eq!(ledger.of("one"), 4);
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!(journal[0].attempts, 4);
        assert_eq!(journal[0].error, None);
    });
}

#[test]
fn a_spent_policy_is_a_failure_that_can_be_caught() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, input, ledger| async move {
            let failed = ledger.flaky(&ctx, "one", 9).await;
            if input == json!("catch") {
                let failure = failed.caught()?.unwrap_err();
                return Ok(json!([failure.code, failure.attempts, failure.path]));
            }
            Ok(json!(failed?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow.clone(), json!("catch")).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(["flaky", 5, "one"]));
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("no failure") };
        assert_eq!((failure.message.as_str(), failure.attempts), ("attempt 5", 5));
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        assert_eq!((view.state, view.failure), (RunState::Failed, Some(failure)));
    });
}

#[test]
fn a_panic_is_an_error_class_and_fatal_errors_are_not_tried_again() {
    run_test(async {
        let workflow = flow(|ctx, input| async move {
            let fatal = input == json!("fatal");
            let step = ctx.step(quick("one"), (), move |step, ()| async move {
                assert!(fatal || step.attempt() > 1, "boom");
                if fatal {
                    return Err(StepError::fatal("no", "never"));
                }
                Ok(step.attempt())
            });
            Ok(json!(step.await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(2));
        let run = engine.start(workflow, json!("fatal")).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("no failure") };
        assert_eq!((failure.code.as_str(), failure.attempts), ("no", 1));
    });
}

#[test]
fn a_workflow_panic_pauses_the_run() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            ctx.sleep("nap", Duration::from_millis(1)).await?;
            panic!("oh no");
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let Err(Error::Paused(failure)) = run.result().await else { panic!("not paused") };
        assert_eq!(failure.code, "workflow_panic");
        assert!(failure.message.contains("oh no"), "{failure}");
    });
}

#[test]
fn an_attempt_that_takes_too_long_is_cut_short_and_tried_again() {
    run_test(async {
        let clock = SimClock::at(Timestamp(1_000_000));
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let timeout = Some(Duration::from_secs(10));
            let policy = Policy { timeout, jitter: false, ..Policy::default() };
            let spec = StepSpec::new("one", "step").policy(policy);
            let step = ctx.step(spec, (), move |step, ()| {
                ledger.count(step.path());
                async move {
                    if step.attempt() == 1 {
                        step.cancelled().await;
                    }
                    Ok(step.attempt())
                }
            });
            Ok(json!(step.await?))
        });
        let engine = engine_on(MemoryStore::with_clock(clock.clone()), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        while ledger.of("one") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        clock.advance(Duration::from_secs(10));
        let view = until(&engine, &run, RunState::Waiting).await;
        assert_eq!(view.waiting_for[0].due, Some(Timestamp(1_011_000)));
        assert_eq!(view.waiting_for[0].error.as_ref().unwrap().code, "timeout");
        clock.advance(Duration::from_secs(1));
        assert_eq!(run.result().await.unwrap(), json!(2));
    });
}

#[test]
fn a_spent_policy_may_pause_and_resuming_grants_it_anew() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let on_exhausted = flowcrate::policy::OnExhausted::Pause;
            let policy = Policy { max_attempts: 1, on_exhausted, ..Policy::default() };
            let spec = StepSpec::new("one", "step").policy(policy);
            let step = ctx.step(spec, (), move |step, ()| {
                ledger.count(step.path());
                async move {
                    match step.attempt() {
                        1 | 2 => Err(StepError::retryable("down", "down")),
                        attempt => Ok(attempt),
                    }
                }
            });
            Ok(json!(step.await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        for attempt in 1..=2 {
            loop {
                let view = until(&engine, &run, RunState::Paused).await;
                if view.failure.unwrap().attempts == attempt {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            engine.client().resume(run.id()).await.unwrap();
        }
        until(&engine, &run, RunState::Completed).await;
        assert_eq!(run.result().await.unwrap(), json!(3));
        assert_eq!(ledger.of("one"), 3);
    });
}

#[test]
fn promise_g_one_idempotency_key_per_step() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let step = |id: &'static str| {
                let ledger = ledger.clone();
                ctx.step(quick(id), (), move |step, ()| {
                    ledger.count(step.idempotency_key());
                    async move {
                        if step.attempt() < 3 {
                            return Err(StepError::retryable("again", "again"));
                        }
                        Ok(step.idempotency_key().to_owned())
                    }
                })
            };
            Ok(json!([step("one").await?, step("two").await?]))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let keys: Vec<String> = serde_json::from_value(run.result().await.unwrap()).unwrap();
        assert_ne!(keys[0], keys[1]);
        assert_eq!(ledger.all().into_values().collect::<Vec<_>>(), [3, 3]);
    });
}

#[test]
fn a_key_has_one_run_and_one_input() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = three_steps(&ledger);
        let engine = engine(&workflow).await;
        let start = |input: Value| engine.start(workflow.clone(), input).key("order-1");
        let first = start(json!({ "a": 1, "b": null })).await.unwrap();
        let again = start(json!({ "a": 1 })).await.unwrap();
        assert_eq!(first.id(), again.id());
        assert_eq!(again.result().await.unwrap()["one"]["a"], 1);
        let reused = start(json!({ "a": 2 })).await.err();
        assert!(matches!(reused, Some(Error::KeyReused { run, .. }) if run == first.id()));
        assert_eq!(ledger.of("one"), 1);
    });
}

#[test]
fn unknown_workflows_and_inputs_that_do_not_fit_are_refused() {
    run_test(async {
        let workflow = three_steps(&Ledger::default());
        let engine = engine(&workflow).await;
        let unknown = engine.start_value("test", "2", json!(1), None).await.err().unwrap();
        assert_eq!(unknown.code(), "not_registered");
        let run = engine.start_value("test", "1", json!(1), None).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!({ "one": 1 }));
    });
}

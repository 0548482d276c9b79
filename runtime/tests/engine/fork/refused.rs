//! What a fork is refused for, and what it may not do twice.

use std::ops::ControlFlow;
use std::time::Duration;

use flowcrate::testkit::Ledger;
use flowcrate::{
    Caught, Client, Context, Engine, Failure, Fork, Policy, Result, RunId, RunState, RunView,
    SendEvent, StepSpec, WaitEvent, join,
};
use serde_json::{Value, json};

use super::super::kit::{Flow, Steps, back, counted, engine, run_test, undoable, until, until_id};
use super::{ended, refusal};

/// The refusal of a fork at a path: its code, and where it lies.
async fn refused(client: &Client, run: RunId, path: &str) -> (String, String) {
    refusal(client.fork(run, Fork::at(path)).await)
}

fn pair(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

async fn send(client: &Client, run: RunId, event: &str) {
    client.send_event(run, event, json!(null), SendEvent::default()).await.unwrap();
}

/// A loop whose second iteration waits for `a`, and beside it a step after `b`.
fn beside_a_loop(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, _, ledger| async move {
        let poll = ctx.while_loop("poll", 0, async |ctx: Context, state: u32| {
            ledger.step(&ctx, "one", state).await?;
            if state == 0 {
                return Ok(ControlFlow::Continue(1));
            }
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
            Ok(ControlFlow::Break(state))
        });
        let beside = async {
            ctx.wait_event::<Value>("go", WaitEvent::new("b")).await?;
            ledger.step(&ctx, "beside", 1).await
        };
        join((poll, beside)).await.map(|done: (u32, Value)| json!(done))
    })
}

#[test]
fn beside_a_loop_that_was_going_on_nothing_is_forked() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = beside_a_loop(&ledger);
        let engine = engine(&workflow).await;
        let client = &engine.client();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let mut watch = client.watch(run.id());
        while watch.next().await.unwrap().is_some_and(|view| view.waiting_for.len() < 2) {}
        send(client, run.id(), "b").await;
        while ledger.of("beside") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        send(client, run.id(), "a").await;
        run.result().await.unwrap();
        assert_eq!(refused(client, run.id(), "beside").await, pair("amid_loop", "poll"));
        // What was issued before the loop had come to anything, and the whole loop, can be.
        for path in ["go", "poll"] {
            let id = client.fork(run.id(), Fork::at(path)).await.unwrap();
            send(client, id, "b").await;
            send(client, id, "a").await;
            ended(&engine, id).await;
        }
        assert_eq!(ledger.of("poll[0]/one"), 3);
    });
}

#[test]
fn a_step_whose_first_attempt_was_cut_short_can_have_another_input() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let quick = ctx.sleep("nap", Duration::from_millis(20));
            let ships = async {
                let policy = Policy { total: Some(Duration::from_hours(1)), ..Policy::default() };
                let spec = StepSpec::new("ship", "parcels.ship@1").policy(policy);
                let ledger = ledger.clone();
                ctx.step(spec, json!("far"), move |step, to: Value| {
                    ledger.count(step.path());
                    async move {
                        if to == json!("far") {
                            step.cancelled().await;
                        }
                        Ok(to)
                    }
                })
                .await
            };
            let shipped = join((
                async {
                    quick.await?;
                    Err::<(), _>(ctx.failure("a", "b", "c").into())
                },
                ships,
            ));
            match shipped.await.caught()? {
                Ok(((), to)) => Ok(to),
                Err(failure) => Ok(json!(failure.code)),
            }
        });
        let engine = engine(&workflow).await;
        let client = &engine.client();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!("b"));
        let journal = client.journal(run.id()).await.unwrap();
        let ship = journal.iter().find(|entry| entry.path == "ship").unwrap();
        assert_eq!(ship.attempts, 0);
        // It is a step, though none of its attempts has ended.
        let fork = Fork::at("ship").input(json!("near"));
        let id = client.fork(run.id(), fork).await.unwrap();
        ended(&engine, id).await;
        let journal = client.journal(id).await.unwrap();
        let ship = journal.iter().find(|entry| entry.path == "ship").unwrap();
        assert_eq!(ship.output, Some(json!("near")));
        let wait = refusal(client.fork(run.id(), Fork::at("nap").input(json!(1))).await);
        assert_eq!(wait, pair("not_a_step", "nap"));
    });
}

#[test]
fn what_came_after_a_cancel_is_not_forked() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let body = async |ctx: Context| {
                ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
            };
            let sweeps = async |ctx: Context| {
                ledger.step(&ctx, "sweep", 1).await?;
                ctx.wait_event::<Value>("swept", WaitEvent::new("b")).await.map(drop)
            };
            ctx.try_scope("try", body).finally(sweeps).await
        });
        let engine = engine(&workflow).await;
        let client = &engine.client();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        client.cancel(run.id(), ()).await.unwrap();
        let mut watch = client.watch(run.id());
        let sweeping = |view: &RunView| view.waiting_for.iter().any(|of| of.path == "try/swept");
        while watch.next().await.unwrap().is_some_and(|view| !sweeping(&view)) {}
        for path in ["try/sweep", "try/swept"] {
            assert_eq!(refused(client, run.id(), path).await, pair("cancelled", path));
        }
        // The scope itself was issued before the cancel.
        let id = client.fork(run.id(), Fork::at("try")).await.unwrap();
        until_id(&engine, id, RunState::Waiting).await;
    });
}

#[test]
fn what_is_undone_or_may_be_belongs_to_its_own_run() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, input, ledger| async move {
            ledger.step(&ctx, "charge", 1).undo(back()).await?;
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
            ledger.step(&ctx, "ship", 1).await?;
            match input.as_str() {
                Some("fails") => Err(Failure::new("no", "it is over").into()),
                _ => Ok(input),
            }
        });
        let engine = engine(&workflow).await;
        let client = &engine.client();
        let fails = engine.start(workflow.clone(), json!("fails")).await.unwrap();
        let works = engine.start(workflow, json!("works")).await.unwrap();
        for run in [&fails, &works] {
            until(&engine, run, RunState::Waiting).await;
            let may_be = refused(client, run.id(), "wait").await;
            assert_eq!(may_be, pair("may_be_undone", "charge"));
            send(client, run.id(), "a").await;
        }
        until(&engine, &fails, RunState::Failed).await;
        assert_eq!(ledger.of("charge!undo"), 1);
        assert_eq!(refused(client, fails.id(), "ship").await, pair("undone", "charge"));
        // Before that there is nothing to undo.
        client.fork(fails.id(), Fork::at("charge")).await.unwrap();
        // A run that is over undoes nothing any more: what its fork took along is the fork's.
        until(&engine, &works, RunState::Completed).await;
        let id = client.fork(works.id(), Fork::at("wait")).await.unwrap();
        until_id(&engine, id, RunState::Waiting).await;
        client.cancel(id, ()).await.unwrap();
        until_id(&engine, id, RunState::Cancelled).await;
        assert_eq!(ledger.of("charge!undo"), 2);
    });
}

/// Answers between two steps, and once more at the end.
async fn answers(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    ledger.step(&ctx, "before", 1).await?;
    ctx.respond("reply", &json!("first")).await?;
    ledger.step(&ctx, "after", 1).await?;
    let again = ctx.respond("again", &json!("second")).await.caught()?;
    Ok(again.map_or_else(|failure| json!(failure.code), |()| json!("answered")))
}

async fn forks_answer_once(engine: &Engine, workflow: Flow) {
    let client = &engine.client();
    let run = engine.start(workflow, json!(null)).await.unwrap();
    assert_eq!(run.result().await.unwrap(), json!("responded"));
    for path in ["after", "before"] {
        let id = client.fork(run.id(), Fork::at(path)).await.unwrap();
        if path == "after" {
            // Answered already, before anything of it has run.
            let response: Option<Value> = client.response(id).await.unwrap();
            assert_eq!(response, Some(json!("first")));
        }
        assert_eq!(ended(engine, id).await, json!("responded"), "{path}");
        let response: Option<Value> = client.response(id).await.unwrap();
        assert_eq!(response, Some(json!("first")));
    }
}

#[test]
fn a_fork_past_an_answer_has_answered() {
    run_test(async {
        let workflow = counted(&Ledger::default(), answers);
        forks_answer_once(&engine(&workflow).await, workflow).await;
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn a_fork_past_an_answer_has_answered_in_a_file() {
    run_test(async {
        let (store, _directory) = super::super::kit::files();
        let workflow = counted(&Ledger::default(), answers);
        let builder = Engine::builder().shared_store(store());
        let engine = builder.register(workflow.clone()).build().await.unwrap();
        forks_answer_once(&engine, workflow).await;
        engine.shutdown().await;
    });
}

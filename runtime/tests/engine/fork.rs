//! Runs that share the beginning of others (R20).

mod refused;

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{CrashTest, Ledger};
use flowcrate::{
    Context, Engine, EngineBuilder, Error, Fork, Result, RunHandle, RunId, RunState, SendEvent,
    StepError, WaitEvent, join,
};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, flow, journal, quick, run_test, until_id};

/// A step that fails if its input says so, and returns it otherwise.
async fn ship(ledger: &Ledger, ctx: &Context, input: Value) -> Result<Value> {
    let ledger = ledger.clone();
    ctx.step(quick("ship"), input, move |step, input: Value| {
        ledger.count(step.path());
        let key = step.idempotency_key().to_owned();
        async move {
            match input["to"].as_str() {
                Some("nowhere") => Err(StepError::fatal("address", "no such place")),
                _ => Ok(json!([input, key])),
            }
        }
    })
    .await
}

/// Charges, draws a number, ships; the run's id is in a step's input.
fn order(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        let own = json!([ctx.run_id(), ctx.started_at(), ctx.now()]);
        let charged = ledger.step(&ctx, "charge", own).await?;
        let drawn = ctx.random("draw");
        let noted = ledger.step(&ctx, "note", drawn).await?;
        let shipped = ship(&ledger, &ctx, json!({ "to": input })).await?;
        let last = ledger.step(&ctx, "last", 1).await?;
        Ok(json!([charged, noted, shipped, last]))
    })
}

async fn ended(engine: &Engine, run: RunId) -> Value {
    until_id(engine, run, RunState::Completed).await.output.unwrap()
}

fn refusal<T: std::fmt::Debug>(refused: Result<T>) -> (String, String) {
    let Err(Error::Failed(failure)) = refused else { panic!("{refused:?}") };
    (failure.code, failure.path)
}

#[test]
fn a_failed_run_is_forked_with_another_input_for_one_step() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = order(&ledger);
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!("nowhere")).tag("customer", "7").await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "address");
        let client = engine.client();
        let fork = Fork::at("ship").input(json!({ "to": "Riga" }));
        let id = client.fork(run.id(), fork).await.unwrap();
        let output = ended(&engine, id).await;
        // What was done stays done, in the original's time; what is new has its own keys.
        assert_eq!(output[0][0], json!(run.id()));
        assert_eq!(output[2][0], json!({ "to": "Riga" }));
        assert!(output[2][1].as_str().unwrap().contains(&id.to_string().replace('-', "")));
        let counts = ["charge", "note", "ship", "last"].map(|path| ledger.of(path));
        assert_eq!(counts, [1, 1, 2, 1]);
        let view = client.run(id).await.unwrap().unwrap();
        let origin = view.forked_from.unwrap();
        assert_eq!((origin.run, origin.path.as_str()), (run.id(), "ship"));
        assert_eq!(origin.input, Some(json!({ "to": "Riga" })));
        assert_eq!(view.tags["customer"], "7");
        let entries = client.journal(id).await.unwrap();
        assert_eq!(entries[2].input, Some(json!({ "to": "Riga" })));
        // The original is what it was.
        let original = client.run(run.id()).await.unwrap().unwrap();
        assert_eq!((original.state, original.forked_from), (RunState::Failed, None));
        // An input that is none of the step's fails it; so does a fork of the fork without one.
        let again = client.fork(id, Fork::at("ship")).await.unwrap();
        let failed = until_id(&engine, again, RunState::Failed).await.failure.unwrap();
        assert_eq!(failed.code, "address");
    });
}

#[test]
fn a_fork_takes_what_was_seen_when_its_step_was_issued() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "first", 1).await?;
            let left = async {
                ledger.step(&ctx, "left", 1).await?;
                ledger.slow(&ctx, "then", 30).await
            };
            let right = async {
                ledger.slow(&ctx, "wide", 10).await?;
                ledger.step(&ctx, "right", 1).await
            };
            join((left, right)).await.map(|done| json!(done))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        run.result().await.unwrap();
        // `then` was issued before `wide` had its outcome: that one is not taken.
        let id = engine.client().fork(run.id(), Fork::at("then")).await.unwrap();
        ended(&engine, id).await;
        let counts = ["first", "left", "then", "wide", "right"].map(|path| ledger.of(path));
        assert_eq!(counts, [1, 1, 2, 2, 2]);
        // From the first step on everything is new.
        let id = engine.client().fork(run.id(), Fork::at("first")).await.unwrap();
        ended(&engine, id).await;
        assert_eq!(ledger.of("first"), 2);
    });
}

#[test]
fn a_fork_within_an_open_scope_keeps_the_items_that_were_done() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, input, ledger| async move {
            let items: Vec<Value> = ctx
                .for_each("each", vec![1, 2, 3], 1, async |ctx: Context, item, _| {
                    let one = ledger.step(&ctx, "one", item).await?;
                    if item == 3 && input == json!("wait") {
                        return ctx.wait_event("wait", WaitEvent::new("a")).received().await;
                    }
                    ledger.step(&ctx, "two", one).await
                })
                .await?;
            Ok(json!(items))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!("wait")).await.unwrap();
        until_id(&engine, run.id(), RunState::Waiting).await;
        let client = engine.client();
        // The second item has come to its outcome, the third has not.
        let sealed = client.fork(run.id(), Fork::at("each[1]/two")).await;
        assert_eq!(refusal(sealed), ("inside_scope".to_owned(), "each[1]".to_owned()));
        let id = client.fork(run.id(), Fork::at("each[2]/one")).await.unwrap();
        until_id(&engine, id, RunState::Waiting).await;
        assert_eq!(ledger.of("each[2]/one"), 2);
        assert_eq!((ledger.of("each[0]/one"), ledger.of("each[1]/two")), (1, 1));
        client.send_event(id, "a", json!("e"), SendEvent::default()).await.unwrap();
        assert_eq!(ended(&engine, id).await, json!([1, 2, "e"]));
        // At the boundary that the refusal names: that item anew, and what it had not seen.
        let id = client.fork(run.id(), Fork::at("each[1]")).await.unwrap();
        until_id(&engine, id, RunState::Waiting).await;
        assert_eq!((ledger.of("each[0]/two"), ledger.of("each[1]/two")), (1, 2));
        // Once the loop is over, only the whole of it.
        client.send_event(run.id(), "a", json!("e"), SendEvent::default()).await.unwrap();
        run.result().await.unwrap();
        let sealed = client.fork(run.id(), Fork::at("each[2]/one")).await;
        assert_eq!(refusal(sealed), ("inside_scope".to_owned(), "each".to_owned()));
    });
}

#[test]
fn what_cannot_be_forked_is_refused_with_its_reason() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let state: u32 = ctx
                .while_loop("poll", 0, async |ctx: Context, state: u32| {
                    ledger.step(&ctx, "one", state).await?;
                    Ok(match state {
                        3 => std::ops::ControlFlow::Break(state),
                        _ => std::ops::ControlFlow::Continue(state + 1),
                    })
                })
                .await?;
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
            Ok(json!(state))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until_id(&engine, run.id(), RunState::Waiting).await;
        let client = engine.client();
        let fork = async |fork| refusal(client.fork(run.id(), fork).await);
        let pair = |code: &str, path: &str| (code.to_owned(), path.to_owned());
        assert_eq!(fork(Fork::at("nothing")).await, pair("no_entry", "nothing"));
        assert_eq!(fork(Fork::at("poll[1]/one")).await, pair("inside_scope", "poll"));
        let edited = Fork::at("wait").input(json!(1));
        assert_eq!(fork(edited).await, pair("not_a_step", "wait"));
        let nobody = RunId::new();
        let refused = client.fork(nobody, Fork::at("wait")).await;
        assert_eq!(refused, Err(Error::UnknownRun(nobody)));
        client.cancel(run.id(), ()).await.unwrap();
        until_id(&engine, run.id(), RunState::Cancelled).await;
        assert_eq!(fork(Fork::at("!cancel")).await, pair("not_forkable", "!cancel"));
        // A wait that the cancel ended was issued before it.
        let id = client.fork(run.id(), Fork::at("wait")).await.unwrap();
        until_id(&engine, id, RunState::Waiting).await;
        assert_eq!(journal(&engine, id).await.last().unwrap().0, "wait");
        assert_eq!(ledger.of("poll[3]/one"), 1);
    });
}

#[test]
fn an_edited_input_that_is_none_of_the_steps_fails_it() {
    run_test(async {
        let workflow = flow(|ctx, _| async move {
            let double = ctx.step(quick("double"), 4_u32, |_, n: u32| async move { Ok(n * 2) });
            Ok(json!(double.await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(8));
        let client = engine.client();
        let good = client.fork(run.id(), Fork::at("double").input(json!(5))).await.unwrap();
        assert_eq!(ended(&engine, good).await, json!(10));
        let bad = client.fork(run.id(), Fork::at("double").input(json!("five"))).await.unwrap();
        let failure = until_id(&engine, bad, RunState::Failed).await.failure.unwrap();
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("input", "double"));
    });
}

/// Forks the run as soon as it has failed, once, and waits for the fork.
async fn fork_once(engine: &Engine, workflow: Flow) -> Result<RunHandle<Value>> {
    let run = engine.start(workflow.clone(), json!("nowhere")).key("k").await?;
    let failed = run.result().await;
    assert_eq!(failed.unwrap_err().code(), "address");
    let client = engine.client();
    // A first life may have forked it already, as whoever asks has to find out.
    let forks = client.runs(flowcrate::RunFilter::default(), None).await?.items;
    let forks: Vec<RunId> =
        forks.iter().filter(|view| view.forked_from.is_some()).map(|view| view.id).collect();
    let id = match forks.first() {
        Some(id) => *id,
        None => client.fork(run.id(), Fork::at("ship").input(json!({ "to": "Riga" }))).await?,
    };
    until_id(engine, id, RunState::Completed).await;
    Ok(run)
}

fn crash_test(store: impl Fn() -> Arc<dyn Store> + 'static, always_replay: bool) {
    run_test(async move {
        let test = CrashTest {
            store: Box::new(store),
            build: move |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.register(forked_flow(&ledger)).linger(Duration::ZERO);
                if always_replay { builder.always_replay() } else { builder }
            },
            act: async |engine: &Engine| fork_once(engine, forked_flow(&Ledger::default())).await,
        };
        assert!(test.run().await >= 14);
    });
}

/// The paths of the two runs differ, since the crash test counts bodies by path.
fn forked_flow(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        ledger.step(&ctx, "charge", 1).await?;
        let ledger_of_ship = Ledger::default();
        let shipped = ship(&ledger_of_ship, &ctx, json!({ "to": input })).await?;
        ledger.step(&ctx, "last", shipped["to"].clone()).await
    })
}

#[test]
fn a_fork_survives_a_crash_at_every_write() {
    crash_test(|| Arc::new(MemoryStore::new()), false);
}

#[test]
fn a_fork_survives_a_crash_where_every_await_is_replayed() {
    crash_test(|| Arc::new(MemoryStore::new()), true);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_fork_in_a_file_survives_a_crash_at_every_write() {
    let (store, _directory) = super::kit::files();
    crash_test(store, false);
}

#[test]
fn a_step_that_told_of_itself_before_a_crash_keeps_its_place() {
    run_test(async {
        let (ledger, store) = (Ledger::default(), MemoryStore::new());
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "first", 1).await?;
            let bodies = ledger.clone();
            let long = ctx.step(quick("long"), (), move |step, ()| {
                bodies.count(step.path());
                let life = bodies.of(step.path());
                async move {
                    step.heartbeat(&life).await?;
                    if life == 1 {
                        std::future::pending::<()>().await;
                    }
                    Ok(json!(life))
                }
            });
            // Its outcome takes the heartbeat along.
            let (long, _) = join((long, ledger.slow(&ctx, "beside", 20))).await?;
            Ok(long)
        });
        let first = super::kit::engine_on(store.clone(), &workflow).await;
        let run = first.start(workflow.clone(), json!(null)).await.unwrap().id();
        let told = ("long".to_owned(), "running");
        while !journal(&first, run).await.contains(&told) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        first.kill();
        let engine = super::kit::engine_on(store, &workflow).await;
        assert_eq!(ended(&engine, run).await, json!(2));
        let fork = engine.client().fork(run, Fork::at("long")).await.unwrap();
        assert_eq!(ended(&engine, fork).await, json!(3));
        assert_eq!((ledger.of("first"), ledger.of("long")), (1, 3));
    });
}

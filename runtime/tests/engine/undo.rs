//! Compensation (R15, S24).

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use flowcrate::store::{Ask, MemoryStore, Reply, Request, Store, Transaction};
use flowcrate::testkit::Ledger;
use flowcrate::{
    Caught, Context, Engine, Error, Failure, Result, RunHandle, RunId, RunState, RunView,
    SendEvent, Step, StepError, Undo, Undos, WaitEvent, join,
};
use serde_json::{Value, json};

use super::kit::{
    Flow, Steps, back, counted, engine, engine_on, journal, quick, run_test, undoable, until,
};

fn failed(code: &str) -> Error {
    Failure::new(code, "it is over").at("end").into()
}

/// The compensations that ran, in the order of their outcomes.
async fn undone(engine: &Engine, run: RunId) -> Vec<String> {
    let journal = engine.client().journal(run).await.unwrap();
    let undone = journal.into_iter().filter(|entry| entry.status.as_str() == "completed");
    undone.filter_map(|entry| entry.path.strip_suffix("!undo").map(str::to_owned)).collect()
}

/// How often an entry was tried.
async fn attempts(engine: &Engine, run: RunId, path: &str) -> u32 {
    let journal = engine.client().journal(run).await.unwrap();
    journal.iter().find(|entry| entry.path == path).map_or(0, |entry| entry.attempts)
}

async fn start(engine: &Engine, workflow: &Flow) -> RunHandle<Value> {
    engine.start(workflow.clone(), json!(null)).await.unwrap()
}

#[test]
fn a_failed_run_undoes_what_it_did_latest_first() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).undo(back()).await?;
            ledger.step(&ctx, "two", 2).undo(back()).await?;
            ledger.step(&ctx, "three", 3).await?;
            Err(failed("no"))
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await, Err(failed("no")));
        let expected = ["one", "two", "three", "two!undo", "one!undo", "!unwind"];
        let journal = engine.client().journal(run.id()).await.unwrap();
        let paths: Vec<&str> = journal.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, expected);
        assert_eq!(journal[3].input, Some(json!({ "of": 2 })));
        assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        assert_eq!(view.state, RunState::Failed);
    });
}

#[test]
fn a_run_that_completes_undoes_nothing() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).undo(back()).await
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await, Ok(json!(1)));
        assert_eq!(journal(&engine, run.id()).await, [("one".to_owned(), "completed")]);
    });
}

#[test]
fn a_cancelled_run_undoes_what_it_did() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).undo(back()).await?;
            ledger.step(&ctx, "two", 2).undo(back()).await?;
            Ok(json!(ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?))
        });
        for linger in [Duration::ZERO, Duration::from_mins(1)] {
            let builder = Engine::builder().store(MemoryStore::new()).linger(linger);
            let engine = builder.register(workflow.clone()).build().await.unwrap();
            let run = start(&engine, &workflow).await;
            until(&engine, &run, RunState::Waiting).await;
            engine.client().cancel(run.id(), ()).await.unwrap();
            assert_eq!(run.result().await, Err(Error::Cancelled));
            assert_eq!(undone(&engine, run.id()).await, ["two", "one"]);
        }
        assert_eq!(ledger.of("one!undo"), 2);
    });
}

#[test]
fn the_order_is_that_of_outcomes_and_not_of_starts() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            let slow = ledger.slow(&ctx, "slow", 30).undo(back());
            let quick = ledger.step(&ctx, "quick", 1).undo(back());
            join((slow, quick)).await?;
            Err(failed("no"))
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await, Err(failed("no")));
        assert_eq!(undone(&engine, run.id()).await, ["slow", "quick"]);
    });
}

/// Does things within sealed items and iterations, then fails.
async fn sealed(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    ledger.step(&ctx, "first", 0).undo(back()).await?;
    ctx.for_each_discard("each", vec![1, 2], 1, async |ctx: Context, item: i32, _| {
        ledger.step(&ctx, "one", item).undo(back()).await.map(drop)
    })
    .await?;
    ctx.while_loop("rounds", 0, async |ctx: Context, round: u32| {
        ledger.step(&ctx, "one", round).undo(back()).await?;
        Ok(if round == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(round + 1) })
    })
    .await?;
    ledger.step(&ctx, "last", 9).await?;
    Err(failed("no"))
}

#[test]
fn what_is_sealed_is_undone_as_well() {
    run_test(async {
        for always_replay in [false, true] {
            let ledger = Ledger::default();
            let workflow = undoable(&ledger, sealed);
            let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.build().await.unwrap();
            let run = start(&engine, &workflow).await;
            assert_eq!(run.result().await, Err(failed("no")));
            let expected = [
                "rounds[2]/one",
                "rounds[1]/one",
                "rounds[0]/one",
                "each[1]/one",
                "each[0]/one",
                "first",
            ];
            assert_eq!(undone(&engine, run.id()).await, expected);
            assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
        }
    });
}

#[test]
fn a_step_that_failed_has_nothing_to_undo() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).undo(back()).await?;
            let undo = Undo::named("back", |tries: &u32| json!(tries));
            let failure = ledger.flaky(&ctx, "flaky", 9).undo(undo).await.caught()?;
            Err(failure.expect_err("it fails").into())
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await.unwrap_err().code(), "flaky");
        assert_eq!(undone(&engine, run.id()).await, ["one"]);
    });
}

/// A workflow whose step `two` is undone by a step that fails until it is let through.
fn stuck(ledger: &Ledger, through: &Arc<AtomicBool>) -> Flow {
    let workflow = undoable(ledger, |ctx, _, ledger| async move {
        ledger.step(&ctx, "one", 1).undo(back()).await?;
        ledger.step(&ctx, "two", 2).undo(Undo::named("stuck", |_: &Value| ())).await?;
        ledger.step(&ctx, "three", 3).undo(back()).await?;
        Err(failed("no"))
    });
    let (ledger, through) = (ledger.clone(), Arc::clone(through));
    workflow.undoing(move || {
        let (ledger, through) = (ledger.clone(), Arc::clone(&through));
        let stuck = move |ctx: &Context, (): ()| -> Step<()> {
            let through = Arc::clone(&through);
            ctx.step(quick("stuck"), (), move |_, ()| {
                let through = through.load(Ordering::SeqCst);
                async move {
                    if through { Ok(()) } else { Err(StepError::fatal("shut", "not yet")) }
                }
            })
        };
        let back = move |ctx: &Context, of: Value| ledger.step(ctx, "back", of);
        Undos::new().step("back", back).step("stuck", stuck)
    })
}

#[test]
fn a_compensation_that_spends_its_policy_pauses_the_run_and_a_resume_tries_again() {
    run_test(async {
        let (ledger, through) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let workflow = stuck(&ledger, &through);
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        let Err(Error::Paused(failure)) = run.result().await else { panic!("it is not paused") };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("shut", "two!undo"));
        assert_eq!(undone(&engine, run.id()).await, ["three"]);
        // Somebody tries, and nothing has changed.
        engine.client().resume(run.id()).await.unwrap();
        while attempts(&engine, run.id(), "two!undo").await < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        until(&engine, &run, RunState::Paused).await;
        // A cancel tries once more, and does not go round and round.
        engine.client().cancel(run.id(), ()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        until(&engine, &run, RunState::Paused).await;
        assert_eq!(attempts(&engine, run.id(), "two!undo").await, 3);
        through.store(true, Ordering::SeqCst);
        engine.client().resume(run.id()).await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!(undone(&engine, run.id()).await, ["three", "two", "one"]);
        assert_eq!((ledger.of("one!undo"), ledger.of("three!undo")), (1, 1));
    });
}

#[test]
fn undoing_needs_no_replay_of_the_function() {
    run_test(async {
        let (ledger, through) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let workflow = stuck(&ledger, &through);
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await.unwrap_err().code(), "shut");
        engine.kill();
        through.store(true, Ordering::SeqCst);
        // The next life knows the steps that undo, and its function is of no use.
        let registered = workflow.clone();
        let broken = super::kit::flow(|_, _| async { panic!("the function ran again") });
        let broken = broken.undoing(move || flowcrate::Workflow::undos(&registered));
        let engine = engine_on(store, &broken).await;
        engine.client().resume(run.id()).await.unwrap();
        let view = super::kit::until_id(&engine, run.id(), RunState::Failed).await;
        assert_eq!(view.failure.unwrap().code, "no");
        assert_eq!(undone(&engine, run.id()).await, ["three", "two", "one"]);
        assert_eq!(ledger.of("three!undo"), 1);
    });
}

#[test]
fn a_step_that_nobody_registered_cannot_be_promised() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).undo(back()).await
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await.unwrap_err().code(), "undo_unregistered");
        assert_eq!(ledger.of("one"), 0);
    });
}

#[test]
fn a_terminated_run_undoes_nothing() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).undo(back()).await?;
            Ok(json!(ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?))
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        until(&engine, &run, RunState::Waiting).await;
        engine.client().terminate(run.id(), None).await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "terminated");
        assert_eq!(ledger.of("one!undo"), 0);
    });
}

#[test]
fn a_cancel_that_comes_before_the_end_wins_and_undoes() {
    run_test(async {
        let (ledger, store) = (Ledger::default(), MemoryStore::new());
        let asked = store.clone();
        let workflow = undoable(&ledger, move |ctx, _, ledger| {
            let asked = asked.clone();
            async move {
                ledger.step(&ctx, "one", 1).undo(back()).await?;
                // Nobody tells the driver of this one: it finds it when it writes the end.
                ctx.step(quick("two"), (), move |step, ()| {
                    let run = step.run_id();
                    let (ask, reason, at) = (Ask::Cancel, None, asked.now());
                    let (reply, _) = Reply::channel();
                    asked.submit(Transaction::Request(Request { run, ask, reason, at }, reply));
                    async { Ok(json!(2)) }
                })
                .undo(back())
                .await
            }
        });
        let engine = engine_on(store, &workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!(undone(&engine, run.id()).await, ["two", "one"]);
    });
}

#[test]
fn a_paused_run_that_is_cancelled_undoes_what_it_did() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ctx.for_each_discard("each", vec![1, 2], 2, async |ctx: Context, item: i32, _| {
                ledger.step(&ctx, "one", item).undo(back()).await.map(drop)
            })
            .await?;
            ledger.step(&ctx, "two", 2).undo(back()).await?;
            panic!("it does not go on");
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await.unwrap_err().code(), "workflow_panic");
        assert_eq!(ledger.of("two!undo"), 0);
        engine.client().cancel(run.id(), ()).await.unwrap();
        super::kit::until_id(&engine, run.id(), RunState::Cancelled).await;
        let undone = undone(&engine, run.id()).await;
        assert_eq!((undone.len(), undone[0].as_str()), (3, "two"));
        assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
    });
}

#[test]
fn an_input_that_cannot_be_made_fails_the_step() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            let undo = Undo::named("back", |output: &Value| -> Value {
                panic!("no input for {output}");
            });
            ledger.step(&ctx, "one", 1).undo(undo).await
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        let Err(Error::Failed(failure)) = run.result().await else { panic!("it did not fail") };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("undo", "one"));
        assert_eq!(undone(&engine, run.id()).await, [""; 0]);
    });
}

fn give_back(ctx: &Context, of: u32) -> Step<u32> {
    ctx.step(quick("give_back"), of, async |_, of| Ok(of))
}

#[test]
fn a_step_that_undoes_is_named_by_its_function() {
    run_test(async {
        let workflow = super::kit::flow(|ctx, _| async move {
            let take = |id, of: u32| ctx.step(quick(id), of, async |_, of| Ok(of));
            take("one", 7).undo(Undo::new(give_back, |of: &u32| of + 1)).await?;
            Err(failed("no"))
        });
        let workflow = workflow.undoing(|| Undos::new().step("give_back", give_back));
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await, Err(failed("no")));
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!(journal[1].path, "one!undo");
        assert_eq!(journal[1].output, Some(json!(8)));
    });
}

/// A workflow with two steps that nobody can stop, of which one is undone even in doubt.
fn unstoppable(ledger: &Ledger, running: &Arc<AtomicU32>) -> Flow {
    let running = Arc::clone(running);
    undoable(ledger, move |ctx, _, ledger| {
        let running = Arc::clone(&running);
        async move {
            ledger.step(&ctx, "before", 0).undo(back()).await?;
            let hangs = |id| {
                let running = Arc::clone(&running);
                ctx.step(quick(id), (), move |_, ()| {
                    running.fetch_add(1, Ordering::SeqCst);
                    std::future::pending::<Result<Value, StepError>>()
                })
            };
            let doubtful = Undo::named_in_doubt("back", |output: Option<&Value>| json!(output));
            join((hangs("sure").undo(back()), hangs("unsure").undo(doubtful))).await?;
            Ok(json!(null))
        }
    })
}

#[test]
fn what_is_in_doubt_is_undone_only_where_asked() {
    run_test(async {
        let (ledger, running) = (Ledger::default(), Arc::new(AtomicU32::new(0)));
        let workflow = unstoppable(&ledger, &running);
        let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
        let engine = builder.grace(Duration::from_millis(5)).build().await.unwrap();
        let run = start(&engine, &workflow).await;
        while running.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        engine.client().cancel(run.id(), ()).await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!(undone(&engine, run.id()).await, ["unsure", "before"]);
    });
}

/// A race that `quick` wins once `a` has come; by then `slow` has done something.
async fn racing(ctx: Context, input: Value, ledger: Ledger) -> Result<Value> {
    let race = ctx
        .race("race")
        .branch("slow", async |ctx: Context| {
            ctx.for_each_discard("each", vec![1, 2], 1, async |ctx: Context, item: i32, _| {
                ledger.step(&ctx, "one", item).undo(back()).await.map(drop)
            })
            .await?;
            ledger.step(&ctx, "lost", 2).undo(back()).await?;
            ctx.sleep("nap", Duration::from_hours(1)).await?;
            Ok(json!("slow"))
        })
        .branch("quick", async |ctx: Context| {
            ctx.wait_event::<Value>("go", WaitEvent::new("a")).received().await?;
            ledger.step(&ctx, "won", 20).undo(back()).await?;
            Ok(json!("quick"))
        });
    let race = if input == "keep" { race.keep("slow") } else { race };
    let won = race.await?;
    ledger.step(&ctx, "after", won).await?;
    if input == "fail" { Err(failed("no")) } else { Ok(json!(null)) }
}

#[test]
fn losers_are_undone_before_their_race_is_left() {
    run_test(async {
        for always_replay in [false, true] {
            let lost = ["race/lost", "race/each[1]/one", "race/each[0]/one"];
            let cases = [
                ("undo", lost.to_vec()),
                ("keep", vec![]),
                ("fail", [&lost[..], &["race/won"]].concat()),
            ];
            for (input, expected) in cases {
                let ledger = Ledger::default();
                let workflow = undoable(&ledger, racing);
                let builder = Engine::builder().store(MemoryStore::new());
                let builder = builder.register(workflow.clone());
                let builder = if always_replay { builder.always_replay() } else { builder };
                let engine = builder.build().await.unwrap();
                let run = engine.start(workflow, json!(input)).await.unwrap();
                let (client, mut watch) = (engine.client(), engine.client().watch(run.id()));
                let naps = |view: &RunView| view.waiting_for.iter().any(|of| of.path == "race/nap");
                while !naps(&watch.next().await.unwrap().expect("it naps for an hour")) {}
                client.send_event(run.id(), "a", json!(1), SendEvent::default()).await.unwrap();
                assert_eq!(run.result().await.is_ok(), input != "fail", "{input}");
                assert_eq!(undone(&engine, run.id()).await, expected, "{input}");
                let journal = journal(&engine, run.id()).await;
                let at = |path: &str| journal.iter().position(|(at, _)| at == path);
                if input != "keep" {
                    assert!(at("race/each[0]/one!undo") < at("race"), "{journal:?}");
                }
                assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
            }
        }
    });
}

/// A `try` whose body does two things and fails; its catch and its `finally` do something, too.
async fn trying(ctx: Context, input: Value, ledger: Ledger) -> Result<Value> {
    ledger.step(&ctx, "before", 0).undo(back()).await?;
    let scope = ctx
        .try_scope("pay", async |ctx: Context| {
            ledger.step(&ctx, "one", 1).undo(back()).await?;
            ctx.for_each_discard("each", vec![1, 2], 1, async |ctx: Context, item: i32, _| {
                ledger.step(&ctx, "one", item).undo(back()).await.map(drop)
            })
            .await?;
            Err::<Value, _>(failed("no"))
        })
        .catch(async |ctx: Context, failure: Failure| {
            ledger.step(&ctx, "caught", failure.code).undo(back()).await
        })
        .finally(async |ctx: Context| ledger.step(&ctx, "finally", 3).await.map(drop));
    let scope = if input == "compensate" { scope.compensate() } else { scope };
    let caught = scope.await?;
    ledger.step(&ctx, "after", caught).await?;
    Err(failed("end"))
}

#[test]
fn a_catch_undoes_its_body_only_where_asked() {
    run_test(async {
        let body = ["pay/each[1]/one", "pay/each[0]/one", "pay/one"];
        for always_replay in [false, true] {
            let asked = [&body[..], &["pay/caught", "before"]].concat();
            let not = [&["pay/caught"], &body[..], &["before"]].concat();
            for (input, expected) in [("compensate", asked), ("", not)] {
                let ledger = Ledger::default();
                let workflow = undoable(&ledger, trying);
                let builder = Engine::builder().store(MemoryStore::new());
                let builder = builder.register(workflow.clone());
                let builder = if always_replay { builder.always_replay() } else { builder };
                let engine = builder.build().await.unwrap();
                let run = engine.start(workflow, json!(input)).await.unwrap();
                assert_eq!(run.result().await, Err(failed("end")));
                assert_eq!(undone(&engine, run.id()).await, expected);
                let journal = journal(&engine, run.id()).await;
                let at = |path: &str| journal.iter().position(|(at, _)| at == path).unwrap();
                let first = at("pay/one!undo");
                assert_eq!(first < at("pay/caught"), input == "compensate", "{journal:?}");
                assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
            }
        }
    });
}

#[test]
fn finally_comes_before_what_undoes_a_cancelled_run() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ctx.try_scope("pay", async |ctx: Context| {
                ledger.step(&ctx, "one", 1).undo(back()).await?;
                ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
            })
            .finally(async |ctx: Context| ledger.step(&ctx, "finally", 3).await.map(drop))
            .await
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(run.id(), ()).await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        let journal = journal(&engine, run.id()).await;
        let at = |path: &str| journal.iter().position(|(at, _)| at == path);
        let finally = at("pay/finally");
        assert!(finally.is_some() && finally < at("pay/one!undo"), "{journal:?}");
    });
}

#[test]
fn a_timeout_undoes_what_it_cut_short() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            let short = Duration::from_millis(30);
            let in_time = ctx
                .timeout("quick", short, async |ctx: Context| {
                    ledger.step(&ctx, "one", 1).undo(back()).await?;
                    ctx.sleep("nap", Duration::from_hours(1)).await
                })
                .await?;
            Ok(json!(in_time.is_some()))
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        assert_eq!(run.result().await, Ok(json!(false)));
        assert_eq!(undone(&engine, run.id()).await, ["quick/one"]);
    });
}

#[test]
fn a_compensation_is_tried_again_by_its_own_policy_while_the_run_is_a_row() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            for (id, of) in [("one", 1), ("two", 2)] {
                let undo = Undo::named("flaky", |output: &Value| json!(output));
                ledger.step(&ctx, id, of).undo(undo).await?;
            }
            Err(failed("no"))
        });
        let bodies = ledger.clone();
        let workflow = workflow.undoing(move || {
            let bodies = bodies.clone();
            Undos::new().step("flaky", move |ctx: &Context, _: Value| bodies.flaky(ctx, "flaky", 2))
        });
        for linger in [Duration::ZERO, Duration::from_mins(1)] {
            let builder = Engine::builder().store(MemoryStore::new()).linger(linger);
            let engine = builder.register(workflow.clone()).build().await.unwrap();
            let run = start(&engine, &workflow).await;
            assert_eq!(run.result().await, Err(failed("no")));
            assert_eq!(undone(&engine, run.id()).await, ["two", "one"]);
            assert_eq!(attempts(&engine, run.id(), "one!undo").await, 3);
        }
        assert_eq!((ledger.of("one!undo"), ledger.of("two!undo")), (6, 6));
    });
}

#[test]
fn a_run_that_cannot_be_undone_can_be_terminated() {
    run_test(async {
        let (ledger, through) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let workflow = stuck(&ledger, &through);
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        until(&engine, &run, RunState::Paused).await;
        engine.client().terminate(run.id(), "it cannot be undone").await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "terminated");
        assert_eq!(undone(&engine, run.id()).await, ["three"]);
        let open = engine.client().journal(run.id()).await.unwrap();
        assert!(open.iter().all(|entry| entry.status.is_settled()), "{open:?}");
    });
}

#[test]
fn a_run_that_undoes_stands_still_where_asked_and_goes_on_where_it_stood() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            for (id, of) in [("one", 1), ("two", 2), ("three", 3)] {
                let undo = Undo::named("slow", |output: &Value| json!(output));
                ledger.step(&ctx, id, of).undo(undo).await?;
            }
            Err(failed("no"))
        });
        let bodies = ledger.clone();
        let workflow = workflow.undoing(move || {
            let bodies = bodies.clone();
            Undos::new().step("slow", move |ctx: &Context, _: Value| bodies.slow(ctx, "slow", 60))
        });
        let engine = engine(&workflow).await;
        let run = start(&engine, &workflow).await;
        while ledger.of("three!undo") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        engine.client().pause(run.id(), "lunch").await.unwrap();
        until(&engine, &run, RunState::Paused).await;
        tokio::time::sleep(Duration::from_millis(80)).await;
        assert_eq!((ledger.of("three!undo"), ledger.of("one!undo")), (1, 0));
        engine.client().resume(run.id()).await.unwrap();
        assert_eq!(run.result().await, Err(failed("no")));
        assert_eq!(undone(&engine, run.id()).await, ["three", "two", "one"]);
        assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
    });
}

#[test]
fn a_run_that_killed_its_workers_is_undone_when_it_is_cancelled() {
    run_test(async {
        let (ledger, store) = (Ledger::default(), MemoryStore::new());
        let workflow = undoable(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).undo(back()).await?;
            ledger.slow(&ctx, "deadly", 60_000).await
        });
        let mut engine = engine_on(store.clone(), &workflow).await;
        let run = start(&engine, &workflow).await;
        for life in 1..=5 {
            while ledger.of("deadly") < life {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            engine.kill();
            engine = engine_on(store.clone(), &workflow).await;
        }
        let view = super::kit::until_id(&engine, run.id(), RunState::Paused).await;
        assert_eq!(view.failure.unwrap().code, "crash_loop");
        engine.client().cancel(run.id(), ()).await.unwrap();
        super::kit::until_id(&engine, run.id(), RunState::Cancelled).await;
        assert_eq!(undone(&engine, run.id()).await, ["one"]);
    });
}

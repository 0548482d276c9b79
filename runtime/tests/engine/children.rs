//! Workflows that call others (R18): awaited, detached, given up, ended by somebody else.
#![allow(clippy::unused_async, reason = "a workflow is async, whatever it does")]

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store, child_id};
use flowcrate::testkit::{CrashTest, Ledger};
use flowcrate::{
    Caught, Client, Context, Definition, Engine, EngineBuilder, Error, EventDef, Failure, Result,
    RunFilter, RunHandle, RunId, RunState, RunView, SendEvent, WaitEvent, Watch, join,
};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, flow, journal, run_test, until, until_id};

/// What a workflow that is called is known by.
fn callee(name: &str) -> Definition {
    let events = ["a", "b"].map(|name| EventDef { name: name.to_owned() }).into();
    let (name, revision) = (name.to_owned(), "1".to_owned());
    Definition { name, revision, events, adopts: Vec::new() }
}

/// Workflows that are called.
fn callees(ledger: &Ledger) -> Vec<Flow> {
    vec![
        counted(ledger, |ctx, input, ledger| async move {
            let key = input.to_string();
            let one = ledger.step(&ctx, "one", input).key(&key).await?;
            ledger.step(&ctx, "two", one).key(&key).await
        })
        .named("ship"),
        counted(ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "try", 1).await?;
            Err(Failure::new("declined", "no funds").at("charge").into())
        })
        .named("fails"),
        counted(ledger, |ctx, _, ledger| async move {
            let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
            ledger.step(&ctx, "got", got).await
        })
        .named("waits"),
        counted(ledger, |ctx, _, ledger| async move {
            let got: Value = ctx.call_value("inner", &callee("waits"), &json!(null)).await?;
            ledger.step(&ctx, "outer", got).await
        })
        .named("nests"),
    ]
}

fn registered(builder: EngineBuilder, ledger: &Ledger, workflow: &Flow) -> EngineBuilder {
    let callees = callees(ledger).into_iter();
    callees.fold(builder.register(workflow.clone()), EngineBuilder::register)
}

async fn engine_of(store: &Arc<dyn Store>, ledger: &Ledger, workflow: &Flow) -> Engine {
    let builder = Engine::builder().shared_store(store.clone()).linger(Duration::ZERO);
    registered(builder, ledger, workflow).build().await.unwrap()
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// The only run of a workflow.
async fn only(client: &Client, workflow: &str) -> Option<RunView> {
    let filter = RunFilter { workflow: Some(workflow.to_owned()), ..RunFilter::default() };
    let mut runs = client.runs(filter, None).await.unwrap().items;
    assert!(runs.len() < 2, "{runs:?}");
    runs.pop()
}

/// Waits until the only run of a workflow is in a state.
async fn until_only(engine: &Engine, workflow: &str, state: RunState) -> RunView {
    loop {
        if let Some(view) = only(&engine.client(), workflow).await {
            return until_id(engine, view.id, state).await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_call_gives_the_childs_output() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let shipped = ctx.call_value("ship", &callee("ship"), &json!({ "parcel": 7 })).await?;
            ledger.step(&ctx, "after", shipped).await
        });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!({ "parcel": 7 }));
        let child = only(&engine.client(), "ship").await.unwrap();
        assert_eq!(child.id, child_id(run.id(), "ship"));
        let parent = child.parent.unwrap();
        assert_eq!((parent.run, parent.path.as_str(), parent.awaited), (run.id(), "ship", true));
        let expected = [("ship".to_owned(), "completed"), ("after".to_owned(), "completed")];
        assert_eq!(journal(&engine, run.id()).await, expected);
        assert_eq!(ledger.all().len(), 3);
        assert!(ledger.all().values().all(|count| *count == 1));
    });
}

#[test]
fn typed_calls_take_and_give_the_callees_types() {
    #[flowcrate::workflow(name = "double", revision = "1")]
    async fn double(_ctx: Context, number: u32) -> Result<u32> {
        Ok(number * 2)
    }
    #[flowcrate::workflow(name = "sum", revision = "1")]
    async fn sum(ctx: Context, numbers: (u32, u32)) -> Result<u32> {
        let (one, two) = join((
            ctx.call("double", Double, numbers.0).key("one"),
            ctx.call("double", Double, numbers.1).key("two"),
        ))
        .await?;
        let run = ctx.start_workflow("alone", Double, 9).await?;
        assert_eq!(run, child_id(ctx.run_id(), "alone"));
        Ok(one + two)
    }
    run_test(async {
        let builder = Engine::builder().store(MemoryStore::new()).register(Sum).register(Double);
        let engine = builder.build().await.unwrap();
        let run = engine.start(Sum, (1, 20)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), 42);
        let paths = ["double[one]", "double[two]", "alone"].map(|path| child_id(run.id(), path));
        for id in paths {
            until_id(&engine, id, RunState::Completed).await;
        }
    });
}

#[test]
fn a_childs_failure_is_one_of_the_call_and_keeps_its_cause() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow =
            flow(
                |ctx, _| async move { ctx.call_value("pay", &callee("fails"), &json!(null)).await },
            );
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("it fails") };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("declined", "pay"));
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        let cause = view.failure.unwrap().cause.unwrap();
        assert_eq!(cause.chain, ["charge: no funds [declined]"]);
    });
}

#[test]
fn a_call_that_is_ended_by_others_fails_with_its_own_code() {
    run_test(async {
        for (terminate, code) in [(false, "child_cancelled"), (true, "child_terminated")] {
            let ledger = Ledger::default();
            let workflow = flow(|ctx, _| async move {
                let ended =
                    ctx.call_value("wait", &callee("waits"), &json!(null)).await.caught()?;
                let failure = ended.unwrap_err();
                Ok(json!([failure.code, failure.path, failure.message]))
            });
            let engine = engine_of(&memory(), &ledger, &workflow).await;
            let run = engine.start(workflow, json!(null)).await.unwrap();
            let child = until_only(&engine, "waits", RunState::Waiting).await;
            let client = engine.client();
            if terminate {
                client.terminate(child.id, "a mistake").await.unwrap();
            } else {
                client.cancel(child.id, "a mistake").await.unwrap();
            }
            let result = run.result().await.unwrap();
            assert_eq!((&result[0], &result[1]), (&json!(code), &json!("wait")));
            assert!(result[2].as_str().unwrap().ends_with(": a mistake"), "{result}");
        }
    });
}

#[test]
fn a_parent_waits_as_a_row_while_its_child_ends() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let got = ctx.call_value("nest", &callee("nests"), &json!(null)).await?;
            ledger.step(&ctx, "after", got).await
        });
        let store = memory();
        let engine = engine_of(&store, &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let grandchild = until_only(&engine, "waits", RunState::Waiting).await;
        for waiting in ["nests", "waits"] {
            until_only(&engine, waiting, RunState::Waiting).await;
        }
        let view = until(&engine, &run, RunState::Waiting).await;
        let [waiting] = view.waiting_for.as_slice() else { panic!("{view:?}") };
        assert_eq!(waiting.run, Some(child_id(run.id(), "nest")));
        assert_eq!(waiting.workflow.as_deref(), Some("nests"));
        // Suspended, all three of them: rows without an owner.
        while unowned(&store).await < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let client = engine.client();
        client.send_event(grandchild.id, "a", json!(5), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(5));
    });
}

async fn unowned(store: &Arc<dyn Store>) -> usize {
    let (reply, rows) = flowcrate::store::Reply::channel();
    store.query(flowcrate::store::Query::Runs(Box::default(), reply));
    let waits = |row: &&flowcrate::store::RunRow| row.owner.is_none() && !row.ready;
    rows.await.unwrap().iter().filter(waits).count()
}

#[test]
fn cancelling_a_parent_cancels_awaited_children_and_theirs_only() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = flow(|ctx, _| async move {
            ctx.start_workflow_value("alone", &callee("waits"), &json!(null)).await?;
            ctx.call_value("nest", &callee("nests"), &json!(null)).await
        });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let nest = child_id(run.id(), "nest");
        let (inner, alone) = (child_id(nest, "inner"), child_id(run.id(), "alone"));
        for waiting in [inner, alone] {
            started(&engine, waiting).await;
            until_id(&engine, waiting, RunState::Waiting).await;
        }
        engine.client().cancel(run.id(), "enough").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        for cancelled in [nest, inner] {
            let view = until_id(&engine, cancelled, RunState::Cancelled).await;
            assert_eq!(view.stop.unwrap().reason.as_deref(), Some("its caller gave it up"));
        }
        let client = engine.client();
        client.send_event(alone, "a", json!(1), SendEvent::default()).await.unwrap();
        until_id(&engine, alone, RunState::Completed).await;
    });
}

async fn started(engine: &Engine, run: RunId) {
    while engine.client().run(run).await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn terminating_or_failing_a_parent_cancels_awaited_children_and_no_detached_one() {
    run_test(async {
        for terminate in [true, false] {
            let ledger = Ledger::default();
            let workflow = flow(|ctx, _| async move {
                let fails = async {
                    let _: Value = ctx.wait_event("go", WaitEvent::new("b")).received().await?;
                    Err::<(), _>(ctx.failure("fails", "no", "no").into())
                };
                ctx.start_workflow_value("alone", &callee("waits"), &json!(null)).await?;
                let call = ctx.call_value("wait", &callee("waits"), &json!(null));
                join((fails, call)).await.map(|_| json!(null))
            });
            let engine = engine_of(&memory(), &ledger, &workflow).await;
            let run = engine.start(workflow, json!(null)).await.unwrap();
            let (child, alone) = (child_id(run.id(), "wait"), child_id(run.id(), "alone"));
            for waiting in [child, alone] {
                started(&engine, waiting).await;
                until_id(&engine, waiting, RunState::Waiting).await;
            }
            let client = engine.client();
            let code = if terminate {
                client.terminate(run.id(), ()).await.unwrap();
                "terminated"
            } else {
                let options = SendEvent::default();
                client.send_event(run.id(), "b", json!(1), options).await.unwrap();
                "no"
            };
            assert_eq!(run.result().await.unwrap_err().code(), code);
            until_id(&engine, child, RunState::Cancelled).await;
            // Nobody waited for the other one.
            let view = client.run(alone).await.unwrap().unwrap();
            assert_eq!((view.state, view.stop), (RunState::Waiting, None));
        }
    });
}

#[test]
fn a_call_that_is_given_up_cancels_its_child() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = flow(|ctx, _| async move {
            let fails = async {
                let _: Value = ctx.wait_event("go", WaitEvent::new("b")).received().await?;
                Err::<(), _>(ctx.failure("fails", "no", "no").into())
            };
            let call = ctx.call_value("wait", &callee("waits"), &json!(null));
            let failed = join((fails, call)).await.caught()?;
            assert_eq!(failed.unwrap_err().code, "no");
            ctx.wait_event::<Value>("end", WaitEvent::new("a")).received().await
        });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let child = until_only(&engine, "waits", RunState::Waiting).await;
        let client = engine.client();
        client.send_event(run.id(), "b", json!(1), SendEvent::default()).await.unwrap();
        // The parent goes on, and what its former child comes to is no mail of its.
        let view = until_id(&engine, child.id, RunState::Cancelled).await;
        assert_eq!(view.stop.unwrap().reason.as_deref(), Some("its caller gave it up"));
        client.send_event(run.id(), "a", json!("end"), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!("end"));
    });
}

#[test]
fn a_call_in_a_lost_race_cancels_its_child_before_the_race_is_left() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = flow(|ctx, _| async move {
            let won: Value = ctx
                .race("race")
                .branch("call", async |ctx: Context| {
                    ctx.call_value("wait", &callee("waits"), &json!(null)).await
                })
                .branch("go", async |ctx: Context| {
                    ctx.wait_event("go", WaitEvent::new("b")).received().await
                })
                .await?;
            let end: Value = ctx.wait_event("end", WaitEvent::new("a")).received().await?;
            Ok(json!([won, end]))
        });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let child = until_only(&engine, "waits", RunState::Waiting).await;
        let client = engine.client();
        client.send_event(run.id(), "b", json!("won"), SendEvent::default()).await.unwrap();
        let view = until_id(&engine, child.id, RunState::Cancelled).await;
        assert_eq!(view.stop.unwrap().reason.as_deref(), Some("its caller gave it up"));
        client.send_event(run.id(), "a", json!("end"), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(["won", "end"]));
        let call = ("race/wait".to_owned(), "cancelled");
        assert!(journal(&engine, run.id()).await.contains(&call));
    });
}

#[test]
fn a_hundred_children_in_a_loop() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = flow(|ctx, _| async move {
            let items: Vec<u32> = (0..100).collect();
            let shipped: Vec<Value> = ctx
                .for_each("each", items, 10, async |ctx: Context, item, _| {
                    ctx.call_value("ship", &callee("ship"), &json!(item)).await
                })
                .await?;
            Ok(json!(shipped))
        });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let expected: Vec<u32> = (0..100).collect();
        assert_eq!(run.result().await.unwrap(), json!(expected));
        assert_eq!(ledger.all().len(), 200);
        assert!(ledger.all().values().all(|count| *count == 1));
    });
}

#[test]
fn a_child_waits_for_a_worker_that_has_its_revision() {
    run_test(async {
        let ledger = Ledger::default();
        let newer = || Definition { revision: "2".to_owned(), ..callee("ship") };
        let workflow =
            flow(move |ctx, _| async move { ctx.call_value("ship", &newer(), &json!(1)).await });
        let store = memory();
        let engine = engine_of(&store, &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let child = until_only(&engine, "ship", RunState::Pending).await;
        assert_eq!(child.held.unwrap(), "no worker has revision 2 of `ship`");
        let view = until(&engine, &run, RunState::Waiting).await;
        let held = view.waiting_for[0].held.clone();
        assert_eq!(held.unwrap(), "no worker has revision 2 of `ship`");
        let late = callees(&ledger).swap_remove(0).in_revision("2");
        engine.register(late).unwrap();
        assert_eq!(run.result().await.unwrap(), json!(1));
        let view = engine.client().run(child.id).await.unwrap().unwrap();
        assert_eq!((view.revision.as_str(), view.held), ("2", None));
    });
}

#[test]
fn a_child_that_no_worker_drove_ends_with_its_parents_cancel() {
    run_test(async {
        let ledger = Ledger::default();
        let newer = || Definition { revision: "2".to_owned(), ..callee("ship") };
        let workflow =
            flow(move |ctx, _| async move { ctx.call_value("ship", &newer(), &json!(1)).await });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let child = until_only(&engine, "ship", RunState::Pending).await;
        until(&engine, &run, RunState::Waiting).await;
        let told = tokio::spawn(end_of(engine.client().watch(child.id)));
        engine.client().cancel(run.id(), ()).await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        // Whoever watches it is told, though no worker ever has its revision.
        let view = told.await.unwrap();
        assert_eq!((view.state, view.held), (RunState::Cancelled, None));
        assert_eq!(view.stop.unwrap().reason.as_deref(), Some("its caller gave it up"));
        assert!(view.ended_at.is_some() && view.failure.is_none());
        engine.register(callees(&ledger).swap_remove(0).in_revision("2")).unwrap();
        assert_eq!(engine.client().journal(child.id).await.unwrap(), []);
        assert!(ledger.all().is_empty(), "{:?}", ledger.all());
    });
}

#[test]
fn a_child_that_no_worker_drove_ends_with_its_parents_end() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow =
            flow(|ctx, _| async move { ctx.call_value("ship", &nobody_has(), &json!(1)).await });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let child = until_only(&engine, "ship", RunState::Pending).await;
        let told = tokio::spawn(end_of(engine.client().watch(child.id)));
        tokio::time::sleep(Duration::from_millis(5)).await;
        engine.client().terminate(run.id(), ()).await.unwrap();
        let view = told.await.unwrap();
        assert_eq!(view.state, RunState::Cancelled);
        assert_eq!(view.stop.unwrap().reason.as_deref(), Some("its caller has ended"));
    });
}

#[test]
fn a_call_whose_child_is_cancelled_before_anybody_drove_it_fails_at_once() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = flow(|ctx, _| async move {
            let ended = ctx.call_value("ship", &nobody_has(), &json!(1)).await.caught()?;
            Ok(json!(ended.unwrap_err().code))
        });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let child = until_only(&engine, "ship", RunState::Pending).await;
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(child.id, "a mistake").await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!("child_cancelled"));
    });
}

/// The last view of a run, as its watcher is told.
async fn end_of(mut watch: Watch) -> RunView {
    let mut last = None;
    while let Some(view) = watch.next().await.unwrap() {
        last = Some(view);
    }
    last.unwrap()
}

/// A definition that no engine here registers.
fn nobody_has() -> Definition {
    Definition { revision: "2".to_owned(), ..callee("ship") }
}

#[test]
fn a_start_of_an_unregistered_workflow_is_a_coded_failure() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = flow(|_, _| async { Ok(json!(null)) });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let refused = engine.start_value("nobody", "1", json!(null), None).await;
        assert_eq!(refused.err().unwrap().code(), "not_registered");
    });
}

#[test]
fn nobody_outside_can_send_a_childs_end() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = flow(|ctx, _| async move {
            ctx.call_value("wait", &callee("waits"), &json!(null)).await
        });
        let engine = engine_of(&memory(), &ledger, &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until_only(&engine, "waits", RunState::Waiting).await;
        let options = SendEvent { key: Some("wait".to_owned()), event_id: None };
        let forged = engine.client().send_event(run.id(), "!child", json!(1), options).await;
        assert_eq!(forged.unwrap_err().code(), "undeclared_event");
    });
}

/// A parent with children of every sort, each ended by itself.
async fn family(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let alone = ctx.start_workflow_value("alone", &callee("ship"), &json!("alone")).await?;
    assert_eq!(alone, child_id(ctx.run_id(), "alone"));
    let fails = async {
        let failed = ctx.call_value("fail", &callee("fails"), &json!(null)).await.caught()?;
        Ok::<_, Error>(failed.unwrap_err().code)
    };
    let ship = ctx.call_value("ship", &callee("ship"), &json!(3));
    let (code, shipped) = join((fails, ship)).await?;
    ledger.step(&ctx, "after", json!([code, shipped])).await
}

/// A parent that gives up a child which nobody ever drives.
async fn impatient(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let won: Value = ctx
        .race("race")
        .branch("call", async |ctx: Context| ctx.call_value("ship", &nobody_has(), &json!(1)).await)
        .branch("nap", async |ctx: Context| {
            ctx.sleep("nap", Duration::from_millis(1)).await.map(|()| json!("nap"))
        })
        .await?;
    ledger.step(&ctx, "after", won).await
}

fn crash_test_of_an_idle_child(store: impl Fn() -> Arc<dyn Store> + 'static) {
    run_test(async move {
        let test = CrashTest {
            store: Box::new(store),
            build: |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.linger(Duration::ZERO);
                registered(builder, &ledger, &counted(&ledger, impatient))
            },
            act: async |engine: &Engine| -> Result<RunHandle<Value>> {
                let workflow = counted(&Ledger::default(), impatient);
                let run = engine.start(workflow, json!(null)).key("k").await?;
                if run.result().await.is_ok() {
                    // Not a moment later: it was in the write that gave the call up.
                    let child = child_id(run.id(), "race/ship");
                    let view = engine.client().run(child).await?.unwrap();
                    assert_eq!(view.state, RunState::Cancelled);
                }
                Ok(run)
            },
        };
        assert!(test.run().await >= 6);
    });
}

#[test]
fn a_child_that_nobody_drives_is_over_with_its_call_at_every_crash_point() {
    crash_test_of_an_idle_child(memory);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_child_that_nobody_drives_is_over_with_its_call_in_a_file() {
    let (store, _directory) = super::kit::files();
    crash_test_of_an_idle_child(store);
}

fn crash_test(store: impl Fn() -> Arc<dyn Store> + 'static, always_replay: bool, linger: Duration) {
    run_test(async move {
        let test = CrashTest {
            store: Box::new(store),
            build: move |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.linger(linger);
                let builder = if always_replay { builder.always_replay() } else { builder };
                registered(builder, &ledger, &counted(&ledger, family))
            },
            act: async |engine: &Engine| -> Result<RunHandle<Value>> {
                let workflow = counted(&Ledger::default(), family);
                let run = engine.start(workflow, json!(null)).key("k").await?;
                // The flow is over once the run that nobody waits for is.
                let result = run.result().await;
                if result.is_ok() {
                    let alone = child_id(run.id(), "alone");
                    until_id(engine, alone, RunState::Completed).await;
                }
                Ok(run)
            },
        };
        assert!(test.run().await >= 20);
    });
}

#[test]
fn a_family_survives_a_crash_at_every_write() {
    crash_test(memory, false, Duration::from_secs(2));
}

#[test]
fn a_family_of_rows_survives_a_crash_at_every_write() {
    crash_test(memory, false, Duration::ZERO);
}

#[test]
fn a_family_that_is_always_replayed_survives_a_crash_at_every_write() {
    crash_test(memory, true, Duration::ZERO);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_family_in_a_file_survives_a_crash_at_every_write() {
    let (store, _directory) = super::kit::files();
    crash_test(store, false, Duration::ZERO);
}

#[test]
fn a_cancel_and_a_childs_end_race_to_one_result() {
    run_test(async {
        for delay in 0..20 {
            let ledger = Ledger::default();
            let workflow = flow(|ctx, _| async move {
                ctx.call_value("wait", &callee("waits"), &json!(null)).await
            });
            let engine = engine_of(&memory(), &ledger, &workflow).await;
            let run = engine.start(workflow, json!(null)).await.unwrap();
            let child = until_only(&engine, "waits", RunState::Waiting).await;
            let client = engine.client();
            client.send_event(child.id, "a", json!(1), SendEvent::default()).await.unwrap();
            tokio::time::sleep(Duration::from_micros(delay * 50)).await;
            let cancelled = client.cancel(run.id(), ()).await;
            match run.result().await {
                Ok(value) => assert_eq!((value, cancelled.is_err()), (json!(1), true)),
                Err(error) => assert_eq!((error, cancelled), (Error::Cancelled, Ok(()))),
            }
            let child = engine.client().run(child.id).await.unwrap().unwrap();
            assert!(
                child.state.is_final() || child.stop.is_some() || child.state == RunState::Running,
                "{child:?}"
            );
        }
    });
}

//! Runs that go on in another revision of their workflow (R19).

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{CrashTest, Ledger};
use flowcrate::{
    Engine, EngineBuilder, Error, Fork, Result, RunHandle, RunId, RunState, RunView, SendEvent,
    WaitEvent,
};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, flow, run_test, until_id};

/// Charges, waits, ships: the first revision.
fn first(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        ledger.step(&ctx, "charge", input).await?;
        let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
        ledger.step(&ctx, "ship", got).await
    })
}

/// The same until the wait, and something else after it.
fn second(ledger: &Ledger) -> Flow {
    let flow = counted(ledger, |ctx, input, ledger| async move {
        ledger.step(&ctx, "charge", input).await?;
        let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
        let shipped = ledger.step(&ctx, "ship_better", got).await?;
        Ok(json!(["second", shipped]))
    });
    flow.in_revision("2").adopting(&["1"])
}

/// Charges something else: no run of the first revision fits it.
fn other(ledger: &Ledger) -> Flow {
    let flow = counted(ledger, |ctx, _, ledger| async move {
        ledger.step(&ctx, "charge", "another input").await
    });
    flow.in_revision("3").adopting(&["1"])
}

async fn engine(store: &MemoryStore, workflows: impl IntoIterator<Item = Flow>) -> Engine {
    let builder = Engine::builder().store(store.clone()).linger(Duration::ZERO);
    workflows.into_iter().fold(builder, EngineBuilder::register).build().await.unwrap()
}

/// A run of the first revision that waits, with the engine of that revision gone.
async fn left_behind(store: &MemoryStore, ledger: &Ledger) -> RunId {
    let engine = engine(store, [first(ledger)]).await;
    let run = engine.start(first(ledger), json!("order")).await.unwrap();
    until_id(&engine, run.id(), RunState::Waiting).await;
    engine.shutdown().await;
    run.id()
}

async fn send(engine: &Engine, run: RunId) {
    engine.client().send_event(run, "a", json!("go"), SendEvent::default()).await.unwrap();
}

async fn view(engine: &Engine, run: RunId) -> RunView {
    engine.client().run(run).await.unwrap().unwrap()
}

fn refused(view: &RunView) -> Option<(&str, &str, &str)> {
    let refusal = view.refusal.as_ref()?;
    Some((&refusal.revision, &refusal.failure.code, &refusal.failure.path))
}

/// Waits until a run says why it is not adopted.
async fn until_refused(engine: &Engine, run: RunId) -> RunView {
    let mut watch = engine.client().watch(run);
    while let Some(view) = watch.next().await.unwrap() {
        if view.refusal.is_some() {
            return view;
        }
    }
    panic!("the run ended");
}

#[test]
fn a_revision_adopts_the_runs_of_those_before_it() {
    run_test(async {
        let (store, ledger) = (MemoryStore::new(), Ledger::default());
        let run = left_behind(&store, &ledger).await;
        let engine = engine(&store, [second(&ledger)]).await;
        send(&engine, run).await;
        let done = until_id(&engine, run, RunState::Completed).await;
        assert_eq!(done.output.unwrap(), json!(["second", "go"]));
        assert_eq!(done.revision, "2");
        let [change] = done.revisions.as_slice() else { panic!("{:?}", done.revisions) };
        assert_eq!((change.from.as_str(), change.to.as_str()), ("1", "2"));
        let counts = ["charge", "ship", "ship_better"].map(|path| ledger.of(path));
        assert_eq!(counts, [1, 0, 1]);
    });
}

#[test]
fn a_run_that_does_not_fit_waits_for_its_own_revision_and_says_why() {
    run_test(async {
        let (store, ledger) = (MemoryStore::new(), Ledger::default());
        let run = left_behind(&store, &ledger).await;
        let third = engine(&store, [other(&ledger)]).await;
        send(&third, run).await;
        let stuck = until_refused(&third, run).await;
        assert_eq!(refused(&stuck), Some(("3", "input_changed", "charge")));
        assert_eq!((stuck.revision.as_str(), stuck.revisions.len()), ("1", 0));
        // It is not tried again and again, and nothing of the other revision was done.
        let epoch = epoch(&store, run).await;
        third.register(flow(|_, _| async { Ok(json!(null)) }).named("another")).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(self::epoch(&store, run).await, epoch);
        assert_eq!(ledger.of("charge"), 1);
        third.shutdown().await;
        // A worker with its own revision takes it up where it stood.
        let engine = engine(&store, [first(&ledger)]).await;
        let done = until_id(&engine, run, RunState::Completed).await;
        assert_eq!((done.output.unwrap(), done.revision.as_str()), (json!("go"), "1"));
        assert_eq!(ledger.of("ship"), 1);
    });
}

async fn epoch(store: &MemoryStore, run: RunId) -> u64 {
    let (reply, found) = flowcrate::store::Reply::channel();
    store.query(flowcrate::store::Query::Run(run, reply));
    found.await.unwrap().unwrap().0.epoch
}

#[test]
fn a_worker_with_both_revisions_adopts_only_when_asked() {
    run_test(async {
        let (store, ledger) = (MemoryStore::new(), Ledger::default());
        let run = left_behind(&store, &ledger).await;
        let stays = left_behind(&store, &ledger).await;
        let engine = engine(&store, [first(&ledger), second(&ledger), other(&ledger)]).await;
        let client = engine.client();
        let Err(Error::Failed(failure)) = client.adopt(run, "3").await else { panic!("no fit") };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("input_changed", "charge"));
        assert_eq!(view(&engine, run).await.revision, "1");
        client.adopt(run, "2").await.unwrap();
        // Once more is no change.
        client.adopt(run, "2").await.unwrap();
        for run in [run, stays] {
            send(&engine, run).await;
        }
        let done = until_id(&engine, run, RunState::Completed).await;
        assert_eq!(done.output.unwrap(), json!(["second", "go"]));
        assert_eq!(done.revisions.len(), 1);
        let done = until_id(&engine, stays, RunState::Completed).await;
        assert_eq!((done.output.unwrap(), done.revision.as_str()), (json!("go"), "1"));
        assert_eq!(client.adopt(run, "3").await, Err(Error::Finished(run)));
    });
}

#[test]
fn a_run_in_memory_and_a_paused_one_adopt_as_well() {
    run_test(async {
        let (store, ledger) = (MemoryStore::new(), Ledger::default());
        let builder = Engine::builder().store(store).linger(Duration::from_hours(1));
        let builder = builder.register(first(&ledger)).register(second(&ledger));
        let engine = builder.build().await.unwrap();
        let client = engine.client();
        let resident = engine.start(first(&ledger), json!("order")).await.unwrap();
        until_id(&engine, resident.id(), RunState::Waiting).await;
        client.adopt(resident.id(), "2").await.unwrap();
        send(&engine, resident.id()).await;
        assert_eq!(resident.result().await.unwrap(), json!(["second", "go"]));

        let paused = engine.start(first(&ledger), json!("order")).await.unwrap();
        until_id(&engine, paused.id(), RunState::Waiting).await;
        client.pause(paused.id(), "an upgrade").await.unwrap();
        until_id(&engine, paused.id(), RunState::Paused).await;
        client.adopt(paused.id(), "2").await.unwrap();
        let still = view(&engine, paused.id()).await;
        assert_eq!((still.state, still.revision.as_str()), (RunState::Paused, "2"));
        let nobody = client.adopt(paused.id(), "9").await.unwrap_err();
        assert_eq!(nobody.code(), "not_registered");
        assert_eq!(view(&engine, paused.id()).await.state, RunState::Paused);
        client.resume(paused.id()).await.unwrap();
        send(&engine, paused.id()).await;
        assert_eq!(paused.result().await.unwrap(), json!(["second", "go"]));
    });
}

#[test]
fn what_the_new_revision_cannot_read_or_reach_is_named() {
    run_test(async {
        let unreached = flow(|ctx, _| async move {
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
        });
        let kind = counted(&Ledger::default(), |ctx, _, _| async move {
            ctx.sleep("charge", Duration::from_secs(1)).await.map(|()| json!(null))
        });
        let undecodable = flow(|ctx, input| async move {
            let step =
                ctx.step(super::kit::quick("charge"), input, |_, _: Value| async { Ok(7_u32) });
            step.await.map(|number| json!(number))
        });
        let panics = flow(|_, _| async { panic!("never") });
        for (workflow, expected) in [
            (unreached, ("2", "unreached", "charge")),
            (kind, ("2", "kind_changed", "charge")),
            (undecodable, ("2", "undecodable", "charge")),
            (panics, ("2", "workflow_panic", "")),
        ] {
            let (store, ledger) = (MemoryStore::new(), Ledger::default());
            let run = left_behind(&store, &ledger).await;
            let engine = engine(&store, [workflow.in_revision("2").adopting(&["1"])]).await;
            send(&engine, run).await;
            assert_eq!(refused(&until_refused(&engine, run).await), Some(expected));
        }
    });
}

/// Charges with its run's id in the input, or something else, before it waits.
fn telling(ledger: &Ledger, what: &'static str) -> Flow {
    counted(ledger, move |ctx, _, ledger| async move {
        ledger.step(&ctx, "charge", json!([ctx.run_id(), what])).await?;
        ledger.step(&ctx, "plain", what.len()).await?;
        let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
        Ok(got)
    })
}

#[test]
fn a_fork_is_adopted_by_what_gives_its_copied_steps_the_same_inputs() {
    run_test(async {
        let (store, ledger) = (MemoryStore::new(), Ledger::default());
        let builder = Engine::builder().store(store).linger(Duration::ZERO);
        let longer = telling(&ledger, "longer").in_revision("2");
        let same = telling(&ledger, "first").in_revision("3");
        let builder = builder.register(telling(&ledger, "first")).register(longer).register(same);
        let engine = builder.build().await.unwrap();
        let client = engine.client();
        let run = engine.start(telling(&ledger, "first"), json!(null)).await.unwrap();
        until_id(&engine, run.id(), RunState::Waiting).await;
        send(&engine, run.id()).await;
        run.result().await.unwrap();
        let fork = client.fork(run.id(), Fork::at("wait")).await.unwrap();
        // Its own function gives `charge` another id than is recorded, and goes on.
        until_id(&engine, fork, RunState::Waiting).await;
        let Err(Error::Failed(failure)) = client.adopt(fork, "2").await else {
            panic!("`plain` has another input there");
        };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("input_changed", "plain"));
        client.adopt(fork, "3").await.unwrap();
        send(&engine, fork).await;
        let done = until_id(&engine, fork, RunState::Completed).await;
        assert_eq!(done.revision, "3");
        assert_eq!((ledger.of("charge"), ledger.of("plain")), (1, 1));
    });
}

#[test]
fn what_a_fork_gave_another_input_its_forks_take_along_unseen() {
    run_test(async {
        let (store, ledger) = (MemoryStore::new(), Ledger::default());
        let engine = engine(&store, [first(&ledger), second(&ledger)]).await;
        let client = engine.client();
        let run = engine.start(first(&ledger), json!("order")).await.unwrap();
        until_id(&engine, run.id(), RunState::Waiting).await;
        let edited = Fork::at("charge").input(json!("another order"));
        let edited = client.fork(run.id(), edited).await.unwrap();
        until_id(&engine, edited, RunState::Waiting).await;
        // The function gives `charge` its own input, which is not what is recorded.
        let again = client.fork(edited, Fork::at("wait")).await.unwrap();
        until_id(&engine, again, RunState::Waiting).await;
        client.adopt(again, "2").await.unwrap();
        send(&engine, again).await;
        let done = until_id(&engine, again, RunState::Completed).await;
        assert_eq!(done.output.unwrap(), json!(["second", "go"]));
    });
}

/// Three revisions, one after the other: each life of the process has a later one.
async fn upgrade(engine: &Engine, store_of: &Ledger) -> Result<RunHandle<Value>> {
    let run = engine.start(first(store_of), json!("order")).key("k").await?;
    match engine.client().adopt(run.id(), "2").await {
        Ok(()) | Err(Error::Finished(_)) => {}
        Err(other) => return Err(other),
    }
    let event = SendEvent { key: None, event_id: Some("e".to_owned()) };
    match engine.client().send_event(run.id(), "a", json!("go"), event).await {
        Ok(()) | Err(Error::Finished(_)) => Ok(run),
        Err(other) => Err(other),
    }
}

fn crash_test(store: impl Fn() -> Arc<dyn Store> + 'static, always_replay: bool) {
    run_test(async move {
        let test = CrashTest {
            store: Box::new(store),
            build: move |builder: EngineBuilder, ledger: Ledger| {
                let builder = builder.register(first(&ledger)).register(second(&ledger));
                let builder = builder.linger(Duration::ZERO);
                if always_replay { builder.always_replay() } else { builder }
            },
            act: async |engine: &Engine| upgrade(engine, &Ledger::default()).await,
        };
        assert!(test.run().await >= 12);
    });
}

#[test]
fn an_adoption_survives_a_crash_at_every_write() {
    crash_test(|| Arc::new(MemoryStore::new()), false);
}

#[test]
fn an_adoption_survives_a_crash_where_every_await_is_replayed() {
    crash_test(|| Arc::new(MemoryStore::new()), true);
}

#[cfg(feature = "sqlite")]
#[test]
fn an_adoption_in_a_file_survives_a_crash_at_every_write() {
    let (store, _directory) = super::kit::files();
    crash_test(store, false);
}

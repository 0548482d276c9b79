//! The proofs: crash points, always-replay, failing commits, takeovers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{CrashTest, Fault, FaultStore, Ledger};
use flowcrate::{
    Approval, Caught, Context, Engine, EngineBuilder, Error, Result, RunFilter, RunHandle,
    RunState, SendEvent, Undo, WaitEvent, join,
};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, back, counted, engine_on, journal, run_test, undoable, until};

mod scopes;

/// Flows of all sorts, with their names. Each ends by itself once event `a` has come.
pub(super) fn corpus(ledger: &Ledger) -> Vec<(&'static str, Flow)> {
    vec![
        ("sequence", counted(ledger, sequence)),
        ("parallel", counted(ledger, parallel)),
        ("retries", counted(ledger, retries)),
        ("loop", counted(ledger, each)),
        ("waits", counted(ledger, waits)),
        ("failure", counted(ledger, failure)),
        ("race", counted(ledger, scopes::race)),
        ("races", counted(ledger, scopes::races)),
        ("try", counted(ledger, scopes::tries)),
        ("timeout", counted(ledger, scopes::timeouts)),
        ("stops", counted(ledger, scopes::stops)),
        ("words", counted(ledger, words)),
        ("while", counted(ledger, rounds)),
        ("discard", counted(ledger, discard)),
        ("answers", counted(ledger, answers)),
        ("saga", undoable(ledger, saga)),
        ("lost and undone", undoable(ledger, lost)),
        ("caught and undone", undoable(ledger, caught)),
    ]
}

async fn sequence(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let one = ledger.step(&ctx, "one", 1).await?;
    let two = ledger.step(&ctx, "two", one).await?;
    ledger.step(&ctx, "three", two).await
}

async fn parallel(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let left = async {
        ledger.slow(&ctx, "left", 3).await?;
        ledger.step(&ctx, "left_more", 1).await
    };
    let done = join((left, ledger.step(&ctx, "right", 2), ledger.slow(&ctx, "third", 2))).await?;
    Ok(json!(done))
}

async fn retries(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let (one, two) = join((ledger.flaky(&ctx, "one", 2), ledger.flaky(&ctx, "two", 1))).await?;
    Ok(json!([one, two]))
}

async fn each(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let results: Vec<Value> = ctx
        .for_each("each", vec![1, 2, 3, 4], 2, async |ctx: Context, item: i32, _| {
            let one = ledger.step(&ctx, "one", item).await?;
            ledger.step(&ctx, "two", one).await
        })
        .await?;
    ledger.step(&ctx, "after", json!(results)).await
}

/// Asks, and answers, and asks again in vain.
async fn answers(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    ctx.respond("received", "working on it").await?;
    let decision = ctx.approval::<Value>("manager", Approval::new("a").assignees(["ada"])).await?;
    ledger.step(&ctx, "one", json!(decision)).await?;
    let late = Approval::new("b").timeout(Duration::from_millis(3));
    let late = ctx.approval::<Value>("board", late).await?;
    let again = ctx.respond("again", "done").await.caught()?;
    ledger.step(&ctx, "two", json!([decision, late, again.is_err()])).await
}

/// Does things of all sorts, and fails.
async fn saga(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    ledger.step(&ctx, "one", 1).undo(back()).await?;
    let each = ctx.for_each_discard("each", vec![1, 2], 2, async |ctx: Context, item: i32, _| {
        ledger.step(&ctx, "one", item).undo(back()).await.map(drop)
    });
    join((each, ledger.slow(&ctx, "slow", 2).undo(back()))).await?;
    ledger.step(&ctx, "two", 2).await?;
    Err(Error::Failed(flowcrate::Failure::new("end", "the end").at("end")))
}

/// Undoes what a `try` did, catches, and fails after all.
async fn caught(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let end = |path| Error::Failed(flowcrate::Failure::new("end", "the end").at(path));
    let hard = || Undo::named("hard", |output: &Value| json!(output));
    ledger.step(&ctx, "before", 1).undo(hard()).await?;
    let caught = ctx
        .try_scope("pay", async |ctx: Context| {
            ctx.for_each_discard("each", vec![1, 2], 2, async |ctx: Context, item: i32, _| {
                ledger.step(&ctx, "one", item).undo(back()).await.map(drop)
            })
            .await?;
            ledger.step(&ctx, "two", 2).undo(hard()).await?;
            Err::<Value, _>(end("pay"))
        })
        .catch(async |ctx: Context, _: flowcrate::Failure| {
            ledger.step(&ctx, "caught", 3).undo(back()).await
        })
        .compensate();
    ledger.step(&ctx, "after", caught.await?).await?;
    Err(end("end"))
}

/// Undoes what a branch did that lost, and goes on.
async fn lost(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let race = ctx.race("race").branch("lost", async |ctx: Context| {
        ctx.for_each_discard("each", vec![1, 2], 1, async |ctx: Context, item: i32, _| {
            ledger.step(&ctx, "one", item).undo(back()).await.map(drop)
        })
        .await?;
        let _: Value = ctx.wait_event("never", WaitEvent::new("b")).received().await?;
        Ok(json!("lost"))
    });
    let won = race.branch("won", async |ctx: Context| {
        ctx.sleep("nap", Duration::from_millis(40)).await?;
        ledger.step(&ctx, "won", "won").undo(back()).await
    });
    let won = won.await?;
    ledger.step(&ctx, "after", won).await
}

async fn discard(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    ctx.for_each_discard("each", vec![1, 2, 3], 2, async |ctx: Context, item: i32, _| {
        ledger.step(&ctx, "one", item).await?;
        ledger.step(&ctx, "two", item).await.map(drop)
    })
    .await?;
    ledger.step(&ctx, "after", 1).await
}

/// A loop beside another branch, with an iteration that does nothing.
async fn rounds(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let rounds = ctx.while_loop("rounds", json!([]), async |ctx: Context, state: Value| {
        let mut list = state.as_array().cloned().unwrap_or_default();
        let index = list.len();
        list.push(match index {
            2 => Value::Null,
            _ => ledger.step(&ctx, "one", index).await?,
        });
        if index == 1 {
            ctx.sleep("nap", Duration::from_millis(3)).await?;
        }
        Ok(match index {
            4 => ControlFlow::Break(json!(list)),
            _ => ControlFlow::Continue(json!(list)),
        })
    });
    let beside = ledger.slow(&ctx, "beside", 3);
    let (rounds, _) = join((rounds, beside)).await?;
    ledger.step(&ctx, "after", rounds).await
}

async fn waits(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    ledger.step(&ctx, "one", 1).await?;
    ctx.sleep("nap", Duration::from_millis(3)).await?;
    let got: Option<Value> = ctx.wait_event("wait", WaitEvent::new("a")).await?;
    let late = WaitEvent::new("b").timeout(Duration::from_millis(3));
    let none: Option<Value> = ctx.wait_event("late", late).await?;
    ledger.step(&ctx, "two", json!([got, none])).await
}

/// Memos, chance, what it publishes.
async fn words(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let first: u32 = ctx.memo("first", || 20).await?;
    ctx.publish(&first)?;
    let sides: Vec<u32> = ctx
        .for_each("each", vec![1, 2, 3], 2, async |ctx: Context, item: u32, _| {
            let sum: u32 = ctx.memo("sum", || first + item).await?;
            ctx.publish(&sum)?;
            ledger.step(&ctx, "one", sum).await?;
            Ok(u32::from(ctx.random("side") != ctx.random("side")) + sum)
        })
        .await?;
    ctx.publish(&sides)?;
    let more: u32 = ctx.memo("more", || sides.iter().sum()).await?;
    ledger.step(&ctx, "after", more).await
}

async fn failure(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let wait = ctx.wait_event::<Value>("wait", WaitEvent::new("b"));
    let failed = join((ledger.flaky(&ctx, "one", 9), wait)).await.caught()?;
    let code = failed.map_or_else(|failure| failure.code, |_| "none".to_owned());
    ledger.step(&ctx, "handle", code).await?;
    Err(flowcrate::Failure::new("end", "the end").at("end").into())
}

/// Starts the run and sends it its event.
async fn act(engine: &Engine, workflow: Flow) -> Result<RunHandle<Value>> {
    let run = engine.start(workflow, json!(null)).key("k").await?;
    let event = SendEvent { key: None, event_id: Some("e".to_owned()) };
    match engine
        .client()
        .send_event(run.id(), "a", json!({ "approved": true, "form": 7, "by": "ada" }), event)
        .await
    {
        Ok(()) | Err(Error::Finished(_)) => Ok(run),
        Err(other) => Err(other),
    }
}

fn crash_everywhere(linger: Option<Duration>, always_replay: bool) {
    let all = corpus(&Ledger::default()).len();
    crash_everywhere_on(|| Arc::new(MemoryStore::new()), linger, always_replay, all);
}

fn crash_everywhere_on(
    store: impl Fn() -> Arc<dyn Store> + Clone + 'static,
    linger: Option<Duration>,
    always_replay: bool,
    flows: usize,
) {
    for index in 0..flows {
        run_test(async {
            let (name, _) = corpus(&Ledger::default())[index];
            let test = CrashTest {
                store: Box::new(store.clone()),
                build: move |builder: EngineBuilder, ledger: Ledger| {
                    let (_, workflow) = corpus(&ledger).swap_remove(index);
                    let builder = builder.register(workflow);
                    let builder = if always_replay { builder.always_replay() } else { builder };
                    match linger {
                        Some(linger) => builder.linger(linger),
                        None => builder,
                    }
                },
                act: async |engine: &Engine| {
                    act(engine, corpus(&Ledger::default()).swap_remove(index).1).await
                },
            };
            let points = test.run().await;
            assert!(points >= 10, "{name} has but {points} crash points");
        });
    }
}

#[test]
fn promises_a_b_c_d_hold_at_every_crash_point() {
    crash_everywhere(None, false);
}

#[test]
fn promises_a_b_c_d_hold_where_waiting_runs_are_rows() {
    crash_everywhere(Some(Duration::ZERO), false);
}

#[test]
fn promises_a_b_c_d_hold_where_every_await_is_replayed() {
    crash_everywhere(None, true);
}

#[cfg(feature = "sqlite")]
#[test]
fn promises_a_b_c_d_hold_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    let files = std::rc::Rc::new(std::cell::Cell::new(0));
    let store = move || -> Arc<dyn Store> {
        files.set(files.get() + 1);
        let file = path.join(format!("{}.db", files.get()));
        Arc::new(flowcrate::sqlite::SqliteStore::open(file).unwrap())
    };
    let all = corpus(&Ledger::default()).len();
    crash_everywhere_on(store, Some(Duration::ZERO), false, all);
}

#[test]
fn promises_a_b_c_d_hold_where_there_are_leases() {
    let store = || -> Arc<dyn Store> { Arc::new(MemoryStore::new().shared(LEASE)) };
    let all = corpus(&Ledger::default()).len();
    crash_everywhere_on(store, Some(Duration::ZERO), false, all);
}

/// Longer than any flow takes: nobody is taken for dead who is not.
const LEASE: Duration = Duration::from_mins(5);

/// Ten flows, and all of them with `FLOWCRATE_LONG=1`.
#[cfg(all(feature = "postgres", unix))]
#[test]
fn promises_a_b_c_d_hold_on_postgres() {
    use flowcrate::postgres::PostgresStore;
    use flowcrate::testkit::Cluster;
    let (cluster, schema) = (Cluster::shared(), Cluster::schema());
    let options = PostgresStore::options(cluster.address()).schema(&schema).lease(LEASE);
    let store = run_test(options.open()).unwrap();
    let empty = move || -> Arc<dyn Store> {
        cluster.empty(&schema);
        Arc::new(store.clone())
    };
    let all = corpus(&Ledger::default()).len();
    let flows = if std::env::var_os("FLOWCRATE_LONG").is_some() { all } else { 10 };
    crash_everywhere_on(empty, Some(Duration::ZERO), false, flows);
}

#[test]
fn replaying_at_every_await_changes_nothing() {
    run_test(async {
        for index in 0..corpus(&Ledger::default()).len() {
            let mut outcomes = Vec::new();
            for always_replay in [false, true] {
                let ledger = Ledger::default();
                let (name, workflow) = corpus(&ledger).swap_remove(index);
                let builder = Engine::builder().store(MemoryStore::new());
                let builder = builder.register(workflow.clone());
                let builder = if always_replay { builder.always_replay() } else { builder };
                let engine = builder.build().await.unwrap();
                let run = act(&engine, workflow).await.unwrap();
                let result = run.result().await;
                let mut journal = journal(&engine, run.id()).await;
                journal.sort();
                outcomes.push((name, result, journal, ledger.all()));
            }
            assert_eq!(outcomes[0], outcomes[1]);
        }
    });
}

#[test]
fn failing_commits_evict_the_run_and_it_goes_on_from_the_store() {
    run_test(async {
        for fault in [Fault::Fail, Fault::WrittenButUnknown, Fault::LostAndUnknown] {
            // 1 opens, 2 claims (or starts), 3 and later are of the run.
            for number in 4..=6 {
                let ledger = Ledger::default();
                let workflow = counted(&ledger, sequence);
                let store = FaultStore::new(Arc::new(MemoryStore::new())).with(number, fault);
                let builder = Engine::builder().store(store).register(workflow.clone());
                let engine = builder.build().await.unwrap();
                let run = engine.start(workflow, json!(null)).await.unwrap();
                assert_eq!(run.result().await, Ok(json!(1)), "{fault:?} at {number}");
                assert!(ledger.all().values().all(|count| *count <= 2), "{:?}", ledger.all());
            }
        }
    });
}

/// (h) Nobody knows whether the run was written. If it was, it is driven all the same.
#[test]
fn a_start_whose_result_is_unknown_is_driven_if_it_was_written() {
    run_test(async {
        let mut unknown = 0;
        for number in 1..=9 {
            let ledger = Ledger::default();
            let workflow = counted(&ledger, sequence);
            let store = MemoryStore::new();
            let faulty = FaultStore::new(Arc::new(store)).with(number, Fault::WrittenButUnknown);
            let builder = Engine::builder().store(faulty).register(workflow.clone());
            let Ok(engine) = builder.build().await else { continue };
            if engine.start(workflow.clone(), json!(null)).await.is_err() {
                unknown += 1;
                let runs = engine.client().runs(RunFilter::default(), None).await.unwrap();
                let [run] = &runs.items[..] else { panic!("{runs:?}") };
                let run = engine.handle::<Flow>(run.id);
                assert_eq!(run.result().await, Ok(json!(1)), "at {number}");
            }
        }
        assert!(unknown >= 1, "no start was hit");
    });
}

/// (h) What a claim took whose result nobody knows is driven all the same.
#[test]
fn a_claim_whose_result_is_unknown_is_made_again() {
    run_test(async {
        for number in 2..=6 {
            let ledger = Ledger::default();
            let workflow = counted(&ledger, waits);
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let first = FaultStore::new(store.clone());
            let builder = Engine::builder().store(first).register(workflow.clone());
            let engine = builder.linger(Duration::ZERO).build().await.unwrap();
            let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
            until(&engine, &run, RunState::Waiting).await;
            let run = run.id();
            engine.shutdown().await;
            let client = flowcrate::Client::new(store.clone());
            client.send_event(run, "a", json!(1), SendEvent::default()).await.unwrap();
            let faulty = FaultStore::new(store).with(number, Fault::WrittenButUnknown);
            let builder = Engine::builder().store(faulty).register(workflow.clone());
            let engine = builder.build().await.unwrap();
            let view = engine.handle::<Flow>(run).result().await;
            assert!(view.is_ok(), "at {number}: {view:?}");
        }
    });
}

#[test]
fn promise_e_a_predecessor_writes_nothing_after_a_takeover() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.slow(&ctx, "one", 50).await?;
            ledger.step(&ctx, "two", 2).await
        });
        let store = MemoryStore::new();
        let zombie = engine_on(store.clone(), &workflow).await;
        let run = zombie.start(workflow.clone(), json!(null)).key("k").await.unwrap();
        while ledger.of("one") == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let successor = engine_on(store, &workflow).await;
        let taken = successor.start(workflow, json!(null)).key("k").await.unwrap();
        assert_eq!(taken.id(), run.id());
        assert_eq!(taken.result().await, Ok(json!(2)));
        // Both ran the first body, as the promise says; only one outcome is there.
        assert_eq!((ledger.of("one"), ledger.of("two")), (2, 1));
    });
}

#[test]
fn a_run_that_kills_its_worker_is_paused() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow =
            counted(
                &ledger,
                |ctx, _, ledger| async move { ledger.slow(&ctx, "one", 60_000).await },
            );
        let store = MemoryStore::new();
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
        for life in 1..=5 {
            while ledger.of("one") < life {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if life == 1 {
                engine.kill();
            }
            if life < 5 {
                let engine = engine_on(store.clone(), &workflow).await;
                while ledger.of("one") <= life {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                engine.kill();
            }
        }
        let engine = engine_on(store, &workflow).await;
        let view = super::kit::until_id(&engine, run.id(), RunState::Paused).await;
        assert_eq!(view.failure.unwrap().code, "crash_loop");
        assert_eq!(ledger.of("one"), 5);
    });
}

#[test]
fn promise_h_an_orderly_shutdown_hands_runs_over() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).await?;
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
            ledger.step(&ctx, "two", 2).await
        });
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let builder = Engine::builder().shared_store(store.clone()).register(workflow.clone());
        let engine = builder.build().await.unwrap();
        let run = engine.start(workflow.clone(), json!(null)).key("k").await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.shutdown().await;
        let builder = Engine::builder().shared_store(store).register(workflow.clone());
        let engine = builder.build().await.unwrap();
        let run = act(&engine, workflow).await.unwrap();
        assert_eq!(run.result().await, Ok(json!(2)));
        assert_eq!(ledger.of("one"), 1);
    });
}

#[test]
fn a_closed_engine_says_so() {
    run_test(async {
        let workflow = counted(&Ledger::default(), |ctx, _, _| async move {
            Ok(json!(ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?))
        });
        let engine = engine_on(MemoryStore::new(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        let result = tokio::spawn({
            let run = run.clone();
            async move { run.result().await }
        });
        engine.shutdown().await;
        assert_eq!(result.await.unwrap(), Err(Error::Closed));
        assert_eq!(run.result().await, Err(Error::Closed));
        assert_eq!(engine.start(workflow, json!(null)).await.err(), Some(Error::Closed));
    });
}

//! A paused run that is cancelled: its function cleans up where nothing ails it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flowcrate::policy::OnExhausted;
use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::Ledger;
use flowcrate::{
    Client, Context, Engine, EngineBuilder, Error, Policy, Result, RunHandle, RunState, StepError,
    StepSpec, WaitEvent,
};
use serde_json::{Value, json};

use super::super::kit::{Flow, Steps, back, engine, journal, run_test, undoable, until};
use super::begun;

/// What goes wrong, and where.
#[derive(Clone, Default)]
struct Trouble {
    through: Arc<AtomicBool>,
}

impl Trouble {
    /// A step that pauses its run at its first failure, until it is let through.
    async fn step(&self, ctx: &Context, id: &'static str, ledger: &Ledger) -> Result<()> {
        let on_exhausted = OnExhausted::Pause;
        let policy = Policy { max_attempts: 1, on_exhausted, ..Policy::default() };
        let (through, ledger) = (Arc::clone(&self.through), ledger.clone());
        ctx.step(StepSpec::new(id, "step").policy(policy), (), move |step, ()| {
            ledger.count(step.path());
            let through = through.load(Ordering::SeqCst);
            async move {
                if through { Ok(()) } else { Err(StepError::retryable("shut", "not yet")) }
            }
        })
        .await
    }
}

/// Does something that can be undone, then something in a `try`; what its `finally` does depends
/// on the input.
fn tidy(ledger: &Ledger, trouble: &Trouble) -> Flow {
    let trouble = trouble.clone();
    undoable(ledger, move |ctx, input, ledger| {
        let trouble = trouble.clone();
        async move {
            ledger.step(&ctx, "charge", 1).undo(back()).await?;
            let body = async |ctx: Context| match input.as_str() {
                Some("stuck") => trouble.step(&ctx, "stuck", &ledger).await.map(|()| Value::Null),
                Some("astray") => panic!("the function went astray"),
                _ => ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await,
            };
            let finally = async |ctx: Context| {
                if input == "sweeps" {
                    trouble.step(&ctx, "broom", &ledger).await?;
                }
                ledger.step(&ctx, "sweep", 1).await.map(drop)
            };
            ctx.try_scope("try", body).finally(finally).await
        }
    })
}

async fn paused(client: &Client, run: &RunHandle<Value>) -> String {
    let mut watch = client.watch(run.id());
    while let Some(view) = watch.next().await.unwrap() {
        if view.state == RunState::Paused {
            return view.failure.unwrap().code;
        }
    }
    panic!("it has ended");
}

/// The paths that were begun after the first, and what became of each.
async fn rest(engine: &Engine, run: &RunHandle<Value>) -> Vec<(String, &'static str)> {
    journal(engine, run.id()).await.split_off(1)
}

async fn cleans_up(builder: EngineBuilder) {
    let (ledger, trouble) = (Ledger::default(), Trouble::default());
    let workflow = tidy(&ledger, &trouble);
    let engine = builder.register(workflow.clone()).build().await.unwrap();
    let client = engine.client();
    let run = engine.start(workflow, json!("stuck")).await.unwrap();
    assert_eq!(paused(&client, &run).await, "shut");
    client.cancel(run.id(), "never mind").await.unwrap();
    until(&engine, &run, RunState::Cancelled).await;
    assert_eq!(run.result().await, Err(Error::Cancelled));
    let done = rest(&engine, &run).await;
    let completed: Vec<&str> = done
        .iter()
        .filter_map(|(path, status)| (*status == "completed").then_some(path.as_str()))
        .collect();
    assert_eq!(completed, ["!cancel", "try/sweep", "charge!undo", "!unwind"], "{done:?}");
    // The step that was spent is not tried again.
    assert_eq!((ledger.of("try/stuck"), ledger.of("try/sweep")), (1, 1));
    engine.shutdown().await;
}

#[test]
fn a_run_that_a_spent_policy_paused_cleans_up_when_it_is_cancelled() {
    run_test(async {
        let builder = || Engine::builder().shared_store(Arc::new(MemoryStore::new()));
        cleans_up(builder()).await;
        cleans_up(builder().linger(Duration::ZERO).always_replay()).await;
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn a_run_in_a_file_that_a_spent_policy_paused_cleans_up_when_it_is_cancelled() {
    run_test(async {
        let (store, _directory) = super::super::kit::files();
        let store: Arc<dyn Store> = store();
        cleans_up(Engine::builder().shared_store(store)).await;
    });
}

#[test]
fn a_run_that_someone_paused_cleans_up_when_it_is_cancelled() {
    run_test(async {
        let (ledger, trouble) = (Ledger::default(), Trouble::default());
        let workflow = tidy(&ledger, &trouble);
        let engine = engine(&workflow).await;
        let client = engine.client();
        let run = engine.start(workflow, json!("waits")).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        client.pause(run.id(), ()).await.unwrap();
        assert_eq!(paused(&client, &run).await, "paused");
        client.cancel(run.id(), ()).await.unwrap();
        until(&engine, &run, RunState::Cancelled).await;
        assert_eq!((ledger.of("try/sweep"), ledger.of("charge!undo")), (1, 1));
    });
}

#[test]
fn a_finally_that_pauses_a_cancelled_run_waits_for_someone() {
    run_test(async {
        let (ledger, trouble) = (Ledger::default(), Trouble::default());
        let workflow = tidy(&ledger, &trouble);
        let engine = engine(&workflow).await;
        let client = engine.client();
        let run = engine.start(workflow, json!("sweeps")).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        client.cancel(run.id(), ()).await.unwrap();
        begun(&ledger, "try/broom").await;
        assert_eq!(paused(&client, &run).await, "shut");
        // The cancel that it is about does not have it tried over and over.
        client.cancel(run.id(), ()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!((paused(&client, &run).await.as_str(), ledger.of("try/broom")), ("shut", 1));
        trouble.through.store(true, Ordering::SeqCst);
        client.resume(run.id()).await.unwrap();
        until(&engine, &run, RunState::Cancelled).await;
        let counts = ["try/broom", "try/sweep", "charge!undo"].map(|path| ledger.of(path));
        assert_eq!(counts, [2, 1, 1]);
    });
}

#[test]
fn a_function_that_went_astray_is_not_asked_to_clean_up() {
    run_test(async {
        let (ledger, trouble) = (Ledger::default(), Trouble::default());
        let workflow = tidy(&ledger, &trouble);
        let engine = engine(&workflow).await;
        let client = engine.client();
        let run = engine.start(workflow, json!("astray")).await.unwrap();
        assert_eq!(paused(&client, &run).await, "workflow_panic");
        client.cancel(run.id(), ()).await.unwrap();
        until(&engine, &run, RunState::Cancelled).await;
        assert_eq!((ledger.of("try/sweep"), ledger.of("charge!undo")), (0, 1));
    });
}

#[cfg(feature = "sqlite")]
#[test]
fn a_run_of_a_restored_journal_cleans_up_when_it_is_cancelled() {
    use flowcrate::sqlite::{Origin, SqliteStore};

    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let (ledger, trouble) = (Ledger::default(), Trouble::default());
        let workflow = tidy(&ledger, &trouble);
        let engine = async |origin| {
            let store = SqliteStore::options().origin(origin).open(&path).unwrap();
            Engine::builder().store(store).register(workflow.clone()).build().await.unwrap()
        };
        let first = engine(Origin::Moved).await;
        let run = first.start(workflow.clone(), json!("waits")).await.unwrap();
        until(&first, &run, RunState::Waiting).await;
        let id = run.id();
        first.shutdown().await;
        // Each holds the file.
        drop((first, run));
        let second = engine(Origin::Restored).await;
        let client = second.client();
        let run = client.handle::<Flow>(id);
        assert_eq!(paused(&client, &run).await, "restored");
        client.cancel(run.id(), "it was made up for by hand").await.unwrap();
        until(&second, &run, RunState::Cancelled).await;
        assert_eq!(run.result().await, Err(Error::Cancelled));
        let counts = ["charge", "try/sweep", "charge!undo"].map(|path| ledger.of(path));
        assert_eq!(counts, [1, 1, 1]);
        second.shutdown().await;
    });
}

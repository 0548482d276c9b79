//! The storms again, with runs that call others, runs that are cancelled and runs that are forked
//! amid them: 600 families at once on one SQLite file.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowcrate::sqlite::SqliteStore;
use flowcrate::store::child_id;
use flowcrate::{
    Client, Context, Engine, Error, Fork, Result, RunFilter, RunHandle, RunId, RunState, RunView,
    StepContext, StepError, step, workflow,
};
use serde_json::json;

use super::kit::run_test;

const RUNS: u32 = 600;

/// What each idempotency key was used for, and how often its body ran.
type Keys = Arc<Mutex<BTreeMap<String, (String, u32)>>>;

/// Which test it is, the family, and which of its labels.
type Label = (String, u32, u32);

/// The keys of each test.
static KEYS: Mutex<BTreeMap<String, Keys>> = Mutex::new(BTreeMap::new());

fn keys(test: &str) -> Keys {
    Arc::clone(KEYS.lock().unwrap().entry(test.to_owned()).or_default())
}

#[step(retry(max_attempts = 3, initial = "1ms"))]
async fn label(step: StepContext, (test, run, part): Label) -> Result<String, StepError> {
    let made = format!("{run}/{part}");
    {
        let keys = keys(&test);
        let mut keys = keys.lock().unwrap();
        let key = step.idempotency_key().to_owned();
        let (label, count) = keys.entry(key).or_insert_with(|| (made.clone(), 0));
        assert_eq!(*label, made, "two steps have one key");
        *count += 1;
    }
    // In another order in each run, and some of them only the second time.
    tokio::time::sleep(Duration::from_millis(u64::from((run * 7 + part * 13) % 5))).await;
    if (run + part).is_multiple_of(17) && step.attempt() == 1 {
        return Err(StepError::retryable("again", "once more"));
    }
    Ok(made)
}

#[workflow(name = "leaf", revision = "1")]
async fn leaf(ctx: Context, of: Label) -> Result<String> {
    ctx.sleep("breath", Duration::from_millis(1)).await?;
    label(&ctx, of).await
}

#[workflow(name = "tree", revision = "1", calls(Leaf))]
async fn tree(ctx: Context, (test, run): (String, u32)) -> Result<Vec<String>> {
    let of = |part| (test.clone(), run, part);
    let before = label(&ctx, of(9)).key("before").await?;
    let call = async |ctx: Context, part: u32, _| ctx.call("leaf", Leaf, of(part)).await;
    let mut all = ctx.for_each("each", (0..3).collect(), 3, call).await?;
    let alone = ctx.start_workflow("alone", Leaf, of(7)).await?;
    let after = label(&ctx, of(8)).key("after").await?;
    all.extend([before, after, alone.to_string()]);
    Ok(all)
}

/// The families of a test, started, with their engine.
async fn families(
    directory: &tempfile::TempDir,
    test: &str,
) -> (Engine, Vec<RunHandle<Vec<String>>>) {
    let store = SqliteStore::open(directory.path().join("journal.db")).unwrap();
    let builder = Engine::builder().store(store).register(Tree).linger(Duration::ZERO);
    let engine = builder.build().await.unwrap();
    let mut runs = Vec::new();
    for number in 0..RUNS {
        runs.push(engine.start(Tree, (test.to_owned(), number)).await.unwrap());
    }
    (engine, runs)
}

/// What a family comes to.
fn expected(number: u32, alone: RunId) -> Vec<String> {
    let label = |part| format!("{number}/{part}");
    vec![label(0), label(1), label(2), label(9), label(8), alone.to_string()]
}

/// Every run of a workflow, once all have ended.
async fn all_ended(client: &Client, workflow: &str) -> Vec<RunView> {
    loop {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let filter = RunFilter { workflow: Some(workflow.to_owned()), ..RunFilter::default() };
            let page = client.runs(filter, cursor).await.unwrap();
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        if all.iter().all(|run| run.state.is_final()) {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// No leaf has come to another label than its own, and no body ran for two steps or too often.
fn no_corruption(leaves: &[RunView], test: &str) {
    for leaf in leaves.iter().filter(|leaf| leaf.state == RunState::Completed) {
        let made = format!("{}/{}", leaf.input[1], leaf.input[2]);
        assert_eq!(leaf.output, Some(json!(made)), "{} is corrupt", leaf.id);
    }
    for (key, (label, count)) in keys(test).lock().unwrap().iter() {
        assert!((1..=2).contains(count), "{label} ran {count} times as {key}");
    }
}

#[test]
fn child_storm_with_cancels() {
    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let (engine, runs) = families(&directory, "cancels").await;
        let client = engine.client();
        // Each fifth is told to end, wherever it is by then.
        let mut cancelled = 0;
        for run in runs.iter().skip(2).step_by(5) {
            match run.cancel("enough").await {
                Ok(()) => cancelled += 1,
                Err(Error::Finished(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let mut ended = 0;
        for (number, run) in (0..).zip(&runs) {
            match run.result().await {
                Ok(got) => {
                    let alone = child_id(run.id(), "alone");
                    assert_eq!(got, expected(number, alone), "family {number} is corrupt");
                }
                Err(Error::Cancelled) => ended += 1,
                Err(error) => panic!("family {number}: {error}"),
            }
        }
        assert_eq!(ended, cancelled, "a cancel that was acknowledged was forgotten");
        let leaves = all_ended(&client, "leaf").await;
        no_corruption(&leaves, "cancels");
        for leaf in leaves.iter().filter(|leaf| leaf.state != RunState::Completed) {
            // Only who waited for it can have ended it.
            assert_eq!(leaf.state, RunState::Cancelled, "{leaf:?}");
            let parent = leaf.parent.as_ref().unwrap();
            let family = client.run(parent.run).await.unwrap().unwrap();
            assert!(parent.awaited && family.state == RunState::Cancelled, "{family:?}");
        }
        engine.shutdown().await;
    });
}

/// Forks a run at a path as soon as it has come there.
async fn fork(client: &Client, run: RunId, path: &str) -> RunId {
    loop {
        match client.fork(run, Fork::at(path)).await {
            Ok(id) => return id,
            Err(Error::Failed(refused)) if refused.code == "no_entry" => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn child_storm_with_forks() {
    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let (engine, runs) = families(&directory, "forks").await;
        let client = engine.client();
        // Three who fork, each with an eighth of the runs, at another place.
        let mut forkers = Vec::new();
        for (nth, path) in ["label[before]", "each", "label[after]"].into_iter().enumerate() {
            let (client, runs) = (client.clone(), runs.clone());
            forkers.push(tokio::spawn(async move {
                let mut forks = Vec::new();
                for (number, run) in (0..).zip(&runs).skip(nth).step_by(8) {
                    forks.push((number, run.id(), path, fork(&client, run.id(), path).await));
                }
                forks
            }));
        }
        for (number, run) in (0..).zip(&runs) {
            let alone = child_id(run.id(), "alone");
            assert_eq!(run.result().await.unwrap(), expected(number, alone), "family {number}");
        }
        let (mut forked, mut children) = (0, runs.len() * 4);
        for forker in forkers {
            for (number, origin, path, fork) in forker.await.unwrap() {
                let got = engine.handle::<Tree>(fork).result().await.unwrap();
                // What it took along is its origin's, and what it does is its own.
                let takes_all = path == "label[after]";
                let alone = child_id(if takes_all { origin } else { fork }, "alone");
                assert_eq!(got, expected(number, alone), "fork {fork} at {path} is corrupt");
                children += if takes_all { 0 } else { 4 };
                forked += 1;
            }
        }
        assert_eq!(forked, 225);
        let leaves = all_ended(&client, "leaf").await;
        no_corruption(&leaves, "forks");
        assert_eq!(leaves.len(), children, "a child too many, or one is lost");
        engine.shutdown().await;
    });
}

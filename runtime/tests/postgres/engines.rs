//! Engines on one journal, in one process.

use std::path::Path;
use std::time::Duration;

use flowcrate::postgres::PostgresStore;
use flowcrate::testkit::Cluster;
use flowcrate::{Context, Engine, Result, RunHandle, SendEvent, WaitEvent, workflow};
use serde_json::json;

use crate::kit::{block_on, options};
use crate::ledger::{Busy, EFFECTS, Execution, Slow, balance, executions};

/// An engine with connections of its own.
async fn engine(schema: &str, lease: Duration) -> (Engine, PostgresStore) {
    let store = options(schema).lease(lease).open().await.unwrap();
    let builder = Engine::builder().store(store.clone()).register(Busy).register(Slow);
    // What waits is a row at once: whoever comes first takes it up again.
    let engine = builder.register(Hooks).linger(Duration::ZERO).build().await.unwrap();
    (engine, store)
}

async fn finish(runs: Vec<RunHandle<Vec<String>>>) {
    for run in runs {
        assert_eq!(run.result().await.unwrap().len(), EFFECTS);
    }
}

/// Four workers share what each of them starts; two die amid it, and what they had goes on.
#[test]
fn runs_go_on_under_other_workers() {
    const EACH: usize = 40;
    let place = tempfile::tempdir().unwrap();
    let schema = Cluster::schema();
    block_on(async {
        let mut workers = Vec::new();
        for _ in 0..4 {
            workers.push(engine(&schema, Duration::from_secs(1)).await);
        }
        let mut runs = Vec::new();
        let (mut lost, mut slow) = (Vec::new(), Vec::new());
        for number in 0..EACH {
            for (at, (engine, _)) in workers.iter().enumerate() {
                let start = engine.start(Busy, place.path().to_owned());
                let run = start.key(format!("{at}/{number}")).await.unwrap();
                if at < 2 { lost.push(run.id()) } else { runs.push(run) }
            }
        }
        for (engine, _) in &workers[..2] {
            // Long enough that the kill falls into it.
            let long = engine.start(Slow, (place.path().to_owned(), 2_000)).await.unwrap();
            let is_in_it = |one: &Execution| one.run == long.id() && one.path.contains("long");
            while !executions(place.path()).iter().any(is_in_it) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            slow.push(long.id());
            engine.kill();
        }
        finish(runs).await;
        let (engine, store) = &workers[2];
        finish(lost.into_iter().map(|run| engine.handle::<Busy>(run)).collect()).await;
        for run in slow {
            engine.handle::<Slow>(run).result().await.unwrap();
        }
        let again = balance(store, place.path(), 4 * EACH + 2).await;
        println!("{again} effects were begun twice");
        assert!(again >= 2, "nobody was amid anything");
        let by_store: Vec<u64> = workers.iter().map(|(_, store)| store.commits()).collect();
        assert!(by_store.iter().all(|commits| *commits > 10), "some did nothing: {by_store:?}");
    });
}

/// A worker that cannot renew its lease tells its bodies to stop, and its run goes on elsewhere.
#[test]
fn a_worker_that_is_cut_off_lets_go() {
    let place = tempfile::tempdir().unwrap();
    let schema = Cluster::schema();
    block_on(async {
        let (first, store) = engine(&schema, Duration::from_secs(1)).await;
        let run = first.start(Slow, (place.path().to_owned(), 2_000)).await.unwrap();
        while executions(place.path()).len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // What it says gets nowhere from here on.
        first.kill();
        let (second, _) = engine(&schema, Duration::from_secs(1)).await;
        let run = second.handle::<Slow>(run.id());
        run.result().await.unwrap();
        assert_eq!(balance(&store, place.path(), 1).await, 1);
    });
}

#[workflow(name = "hooks", revision = "1", events("hook" = String))]
async fn hooks(ctx: Context, parts: u32) -> Result<Vec<String>> {
    let body = async |ctx: Context, part: u32, _| {
        let wait = WaitEvent::new("hook").key(part.to_string());
        let got: Option<String> = ctx.wait_event("hook", wait).await?;
        let wait = WaitEvent::new("hook").key(part.to_string());
        let more: Option<String> = ctx.wait_event("more", wait).await?;
        Ok(format!("{}+{}", got.unwrap_or_default(), more.unwrap_or_default()))
    };
    ctx.for_each("each", (0..parts).collect(), 3, body).await
}

/// Events come to any of the workers; each run gets its own, in their order.
#[test]
fn a_storm_of_events_over_two_workers() {
    const RUNS: usize = 100;
    let schema = Cluster::schema();
    block_on(async {
        let (one, _) = engine(&schema, Duration::from_secs(15)).await;
        let (two, _) = engine(&schema, Duration::from_secs(15)).await;
        let mut runs = Vec::new();
        for number in 0..RUNS {
            let engine = if number % 2 == 0 { &one } else { &two };
            runs.push(engine.start(Hooks, 3).await.unwrap());
        }
        for nth in 0..2 {
            for part in [2, 0, 1] {
                for (number, run) in runs.iter().enumerate() {
                    let engine = if (number + part) % 3 == 0 { &one } else { &two };
                    let event_id = Some(format!("{part}/{nth}"));
                    let options = SendEvent { key: Some(part.to_string()), event_id };
                    let payload = json!(format!("{number}/{part}/{nth}"));
                    engine.client().send_event(run.id(), "hook", payload, options).await.unwrap();
                }
            }
        }
        for (number, run) in runs.into_iter().enumerate() {
            let part = |part| format!("{number}/{part}/0+{number}/{part}/1");
            assert_eq!(run.result().await.unwrap(), [part(0), part(1), part(2)], "run {number}");
        }
    });
}

/// A start in one process, a worker in another: nobody waits for the next look.
#[test]
fn a_hint_reaches_other_workers() {
    let schema = Cluster::schema();
    let place = tempfile::tempdir().unwrap();
    let lease = Duration::from_mins(5);
    block_on(async {
        let (_worker, _) = engine(&schema, lease).await;
        let client = options(&schema).lease(lease).open().await.unwrap();
        let mut waited = Vec::new();
        for _ in 0..5 {
            let begun = std::time::Instant::now();
            let run = start(&client, place.path()).await;
            let watching = flowcrate::Client::new(std::sync::Arc::new(client.clone()));
            let handle = watching.handle::<Busy>(run);
            assert_eq!(handle.result().await.unwrap().len(), EFFECTS);
            waited.push(begun.elapsed());
        }
        // Looks come every ten seconds: without hints all but the first wait for as long.
        waited.sort_unstable();
        assert!(waited[2] < Duration::from_secs(5), "{waited:?}");
    });
}

/// Starts a run that no worker owns yet.
pub(crate) async fn start(store: &PostgresStore, place: &Path) -> flowcrate::RunId {
    use flowcrate::store::{NewRun, Reply, Started, Store, Transaction};
    let input = flowcrate::Payload::encode(&place.to_owned()).unwrap();
    let hash = input.canonical().unwrap().hash();
    let run = NewRun::new("busy", "1", input, hash, store.now());
    let id = run.id;
    let (reply, started) = Reply::channel();
    store.submit(Transaction::Start(Box::new(run), reply));
    assert_eq!(started.await, Ok(Started::New));
    id
}

//! A run that is taken up again with a long journal.

use std::path::Path;
use std::time::{Duration, Instant};

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Client, Engine, RunId, RunState, SendEvent};
use serde_json::Value;

use super::measure::{median, milliseconds};
use super::workflows::StepsThenWait;

const RUNS: usize = 5;
const LINGER: Duration = Duration::from_millis(20);

/// The cost of an entry that is replayed, in journals of several lengths.
pub(crate) async fn replay(directory: &Path, size: Option<u32>) {
    let file = directory.join("replay.db");
    let lengths = [10, 1_000, size.unwrap_or(10_000)];
    let (engine, store) = lingering(&file).await;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        for length in lengths {
            let run = engine.start(StepsThenWait, length).await.unwrap().id();
            until_waiting(&engine.client(), run).await;
            runs.push((length, run));
        }
    }
    // Once they are but rows, another process, so that nothing is in memory any more.
    tokio::time::sleep(LINGER * 20).await;
    engine.shutdown().await;
    drop((engine, store));
    let (engine, _store) = lingering(&file).await;
    let mut times = lengths.map(|_| Vec::new());
    for (at, (_, run)) in runs.into_iter().enumerate() {
        times[at % lengths.len()].push(wake(&engine, run).await);
    }
    engine.shutdown().await;
    let [short, middle, long] = [0, 1, 2].map(|at| median(&mut times[at]));
    let per_entry = |time: Duration, at: usize| {
        time.saturating_sub(short).as_secs_f64() * 1e6 / f64::from(lengths[at] - lengths[0])
    };
    let (middle_each, long_each) = (per_entry(middle, 1), per_entry(long, 2));
    println!(
        "a run is taken up and ends: {:.2} ms with {} entries in its journal; {middle_each:.1} us \
         for each more up to {}, {long_each:.1} us up to {} ({:.1} ms in all); ratio {:.2}",
        milliseconds(short),
        lengths[0],
        lengths[1],
        lengths[2],
        milliseconds(long),
        long_each / middle_each,
    );
}

async fn lingering(file: &Path) -> (Engine, SqliteStore) {
    let store = SqliteStore::open(file).unwrap();
    let builder = Engine::builder().store(store.clone()).register(StepsThenWait).linger(LINGER);
    (builder.build().await.unwrap(), store)
}

async fn until_waiting(client: &Client, run: RunId) {
    let mut watch = client.watch(run);
    while let Some(view) = watch.next().await.unwrap() {
        let waits = view.waiting_for.iter().any(|waiting| waiting.event.is_some());
        if view.state == RunState::Waiting && waits {
            return;
        }
    }
}

/// From the event's way in to the run's end.
async fn wake(engine: &Engine, run: RunId) -> Duration {
    let client = engine.client();
    let begun = Instant::now();
    client.send_event(run, "go", Value::Null, SendEvent::default()).await.unwrap();
    let mut watch = client.watch(run);
    while let Some(view) = watch.next().await.unwrap() {
        if view.state == RunState::Completed {
            break;
        }
    }
    begun.elapsed()
}

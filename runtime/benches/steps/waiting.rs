//! Many runs that only wait.

use std::path::Path;
use std::time::{Duration, Instant};

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Engine, RunId, SendEvent};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::measure::{median, megabytes, milliseconds, percentile, resident};
use super::workflows::Waits;

const IN_FLIGHT: usize = 256;
const SAMPLE: usize = 200;

/// Many waiting runs are but rows: what they hold in memory, how soon one wakes, and whether a
/// start takes longer beside them.
pub(crate) async fn waiting(directory: &Path, size: Option<u32>) {
    let runs = size.unwrap_or(100_000);
    let store = SqliteStore::open(directory.join("waiting.db")).unwrap();
    let linger = Duration::from_millis(50);
    let builder = Engine::builder().store(store).register(Waits).linger(linger);
    let engine = builder.build().await.unwrap();
    start_many(&engine, 1_000).await;
    let before = resident();
    let starts_before = starts(&engine).await;
    let woken = start_many(&engine, runs).await;
    // Until the last ones are rows, too.
    tokio::time::sleep(linger * 20).await;
    let held = resident().saturating_sub(before);
    let starts_after = starts(&engine).await;
    tokio::time::sleep(linger * 20).await;
    let mut wakes = Vec::new();
    for run in woken {
        wakes.push(wake(&engine, run).await);
    }
    engine.shutdown().await;
    println!(
        "{runs} waiting runs: {:.0} MB resident more, {:.0} in all (budget 300 for 1,000,000); \
         waking one p50 {:.2} ms, p99 {:.2} ms (budget 5); a start beside them {:.2} ms, ratio \
         to before {:.2}",
        megabytes(held),
        megabytes(resident()),
        milliseconds(median(&mut wakes)),
        milliseconds(percentile(&mut wakes, 99)),
        milliseconds(starts_after),
        starts_after.as_secs_f64() / starts_before.as_secs_f64(),
    );
}

/// Starts so many; gives some of them, from all over.
async fn start_many(engine: &Engine, runs: u32) -> Vec<RunId> {
    let mut flying = FuturesUnordered::new();
    let mut some = Vec::new();
    for number in 0..runs {
        if flying.len() == IN_FLIGHT {
            flying.next().await;
        }
        let sampled = number % (runs / u32::try_from(SAMPLE).unwrap()).max(1) == 0;
        let start = engine.start(Waits, number);
        if sampled {
            some.push(start.await.unwrap().id());
        } else {
            flying.push(async move { drop(start.await.unwrap()) });
        }
    }
    while flying.next().await.is_some() {}
    some
}

/// How long a start takes, in the middle.
async fn starts(engine: &Engine) -> Duration {
    let mut times = Vec::new();
    for number in 0..200 {
        let begun = Instant::now();
        drop(engine.start(Waits, number).await.unwrap());
        times.push(begun.elapsed());
    }
    median(&mut times)
}

/// From the event's way in to the run's end.
async fn wake(engine: &Engine, run: RunId) -> Duration {
    let client = engine.client();
    let begun = Instant::now();
    client.send_event(run, "go", Value::Null, SendEvent::default()).await.unwrap();
    let mut watch = client.watch(run);
    while let Some(view) = watch.next().await.unwrap() {
        if view.state.is_final() {
            break;
        }
    }
    begun.elapsed()
}

//! Many runs at once, beside the database.

use std::path::Path;
use std::time::Instant;

use flowcrate::Engine;
use flowcrate::sqlite::Synchronous;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::measure::Spread;
use super::raw::Raw;
use super::workflows::{Steps, engine_syncing, run};

const IN_FLIGHT: usize = 256;
const ROUNDS: usize = 5;

/// 3-step runs beside the same rows written raw in as many commits, in turn; each commit synced,
/// or not.
pub(crate) async fn many_in_flight(directory: &Path, size: Option<u32>) {
    for (name, synchronous) in [("FULL", Synchronous::Full), ("NORMAL", Synchronous::Normal)] {
        beside_raw(&directory.join(name), name, synchronous, size).await;
    }
}

async fn beside_raw(file: &Path, name: &str, synchronous: Synchronous, size: Option<u32>) {
    let runs = size.unwrap_or(20_000) as usize / ROUNDS;
    let (engine, store) = engine_syncing(file, synchronous, Steps::default()).await;
    let mut raw = Raw::new(file, &file.with_extension("raw"), name);
    fly(&engine, 200).await;
    raw.skip();
    let (mut ratios, mut ours, mut theirs, mut per_commit) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let commits = store.commits();
        let begun = Instant::now();
        fly(&engine, runs).await;
        let speed = runs as f64 / begun.elapsed().as_secs_f64();
        let commits = usize::try_from(store.commits() - commits).unwrap();
        let raw_speed = raw.write(commits);
        ratios.push(speed / raw_speed);
        ours.push(speed);
        theirs.push(raw_speed);
        per_commit.push(runs as f64 / commits as f64);
    }
    engine.shutdown().await;
    println!(
        "3-step runs, {IN_FLIGHT} in flight, {name}: {} of the same rows written raw in as many \
         commits (budget 0.25); runs/s {}; raw {}; runs in a commit {}",
        Spread::new(ratios),
        Spread::new(ours),
        Spread::new(theirs),
        Spread::new(per_commit),
    );
}

async fn fly(engine: &Engine, runs: usize) {
    let mut flying = FuturesUnordered::new();
    for _ in 0..runs {
        if flying.len() == IN_FLIGHT {
            flying.next().await;
        }
        flying.push(run(engine, 3));
    }
    while flying.next().await.is_some() {}
}

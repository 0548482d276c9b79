//! Long loops: flat in time and in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::measure::{forget_peak, median, megabytes, milliseconds, peak, resident};
use super::workflows::{Long, Rounds, engine};

/// A while of many rounds: the last ones cost what the first ones did.
pub(crate) async fn rounds(directory: &Path, size: Option<u32>) {
    let rounds = size.unwrap_or(10_000);
    let workflow = Rounds::default();
    let instants = Arc::clone(&workflow.instants);
    let (engine, _store) = engine(&directory.join("rounds.db"), workflow.clone()).await;
    // Warm, so that what is held does not grow by what any run takes.
    assert_eq!(engine.start(workflow.clone(), 500).await.unwrap().result().await.unwrap(), 500);
    *instants.lock().unwrap() = Vec::with_capacity(rounds as usize);
    let before = resident();
    forget_peak();
    let result = engine.start(workflow, rounds).await.unwrap().result().await.unwrap();
    assert_eq!(result, rounds);
    let grown = peak().saturating_sub(before);
    engine.shutdown().await;
    let instants = instants.lock().unwrap();
    let mut times: Vec<Duration> = instants.windows(2).map(|two| two[1] - two[0]).collect();
    let sample = (times.len() / 10).min(1_000);
    let first = median(&mut times[..sample]);
    let at = times.len() - sample;
    let last = median(&mut times[at..]);
    println!(
        "{rounds} rounds of one step: the first {sample} {:.3} ms each, the last {:.3} ms; ratio \
         {:.2}; memory grew by {:.1} MB at most",
        milliseconds(first),
        milliseconds(last),
        last.as_secs_f64() / first.as_secs_f64(),
        megabytes(grown),
    );
}

/// A `for_each_discard` over many items, 64 at a time: memory is that of the items, not of what they do.
pub(crate) async fn items(directory: &Path, size: Option<u32>) {
    let items = size.unwrap_or(10_000);
    let (engine, _store) = engine(&directory.join("items.db"), Long).await;
    let mut grown = Vec::new();
    engine.start(Long, 1_000).await.unwrap().result().await.unwrap();
    let mut each = Vec::new();
    for items in [items / 10, items] {
        let before = resident();
        forget_peak();
        let begun = std::time::Instant::now();
        engine.start(Long, items).await.unwrap().result().await.unwrap();
        each.push(begun.elapsed().as_secs_f64() * 1e6 / f64::from(items));
        grown.push(peak().saturating_sub(before));
    }
    engine.shutdown().await;
    println!(
        "for_each_discard of {}: {:.0} us an item, memory grew by {:.1} MB at most; of {items}: \
         {:.0} us, {:.1} MB; ratio of times {:.2}",
        items / 10,
        each[0],
        megabytes(grown[0]),
        each[1],
        megabytes(grown[1]),
        each[1] / each[0],
    );
}

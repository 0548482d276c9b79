//! One long run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::measure::{median, milliseconds};
use super::workflows::{Steps, engine, run};

/// The cost of a step does not grow with the steps before it.
pub(crate) async fn many_steps(directory: &Path, size: Option<u32>) {
    let steps = size.unwrap_or(1_000);
    let workflow = Steps::default();
    let instants = Arc::clone(&workflow.instants);
    let (engine, _store) = engine(&directory.join("steps.db"), workflow).await;
    // A few runs, so that one hiccup of the disk does not tell.
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        instants.lock().unwrap().clear();
        run(&engine, steps).await;
        let instants = instants.lock().unwrap();
        let times: Vec<Duration> = instants.windows(2).map(|two| two[1] - two[0]).collect();
        first.extend_from_slice(&times[..100]);
        last.extend_from_slice(&times[times.len() - 100..]);
    }
    engine.shutdown().await;
    let (first, last) = (median(&mut first), median(&mut last));
    println!(
        "{steps} steps in one run: the first 100 {:.3} ms each, the last 100 {:.3} ms; \
         ratio {:.2} (budget 1.2)",
        milliseconds(first),
        milliseconds(last),
        last.as_secs_f64() / first.as_secs_f64(),
    );
}

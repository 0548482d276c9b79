//! One wide run.

use std::path::Path;
use std::time::Instant;

use super::measure::{median, milliseconds};
use super::workflows::{Wide, engine};

const WIDTHS: [u32; 2] = [10, 1_000];
const ROUNDS: usize = 8;

/// The cost of a branch does not grow with the branches beside it.
pub(crate) async fn fan_out(directory: &Path) {
    let (engine, _store) = engine(&directory.join("wide.db"), Wide).await;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (width, times) in WIDTHS.into_iter().zip(&mut times) {
            for _ in 0..if width < 100 { 8 } else { 1 } {
                let begun = Instant::now();
                let run = engine.start(Wide, width).await.unwrap();
                assert_eq!(run.result().await.unwrap(), width);
                times.push(begun.elapsed());
            }
        }
    }
    engine.shutdown().await;
    let [narrow, wide] =
        [0, 1].map(|at| milliseconds(median(&mut times[at])) / f64::from(WIDTHS[at]));
    println!(
        "fan-out of {}: {narrow:.3} ms a branch; of {}: {wide:.3} ms; ratio {:.2} (budget 1.5)",
        WIDTHS[0],
        WIDTHS[1],
        wide / narrow,
    );
}

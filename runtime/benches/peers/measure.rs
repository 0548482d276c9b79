//! What is measured of each peer, in the same way: three steps that add one to a number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Runs that are in flight at once.
const IN_FLIGHT: u64 = 64;

/// How long each part takes: the first argument, in seconds; five by default.
fn time() -> Duration {
    let seconds = std::env::args().nth(1).and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

/// Runs one after the other, then many at once; prints a line of the table. A run gives 3 for 0.
pub async fn measure<F>(name: &str, run: impl Fn(u64) -> F + Send + Sync + 'static)
where
    F: Future<Output = u64> + Send,
{
    let run = Arc::new(run);
    let number = Arc::new(AtomicU64::new(0));
    let next = move || number.fetch_add(1, Ordering::Relaxed);
    for _ in 0..20 {
        assert_eq!(run(next()).await, 3);
    }
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < time() {
        let start = Instant::now();
        assert_eq!(run(next()).await, 3);
        took.push(start.elapsed());
    }
    took.sort_unstable();
    let at = |part: usize| took[took.len() * part / 100].as_secs_f64() * 1000.0;
    let (done, stop) = (Arc::new(AtomicU64::new(0)), Instant::now() + time());
    let many: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (run, next, done) = (Arc::clone(&run), next.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while Instant::now() < stop {
                    assert_eq!(run(next()).await, 3);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for one in many {
        one.await.expect("a run");
    }
    let rate = done.load(Ordering::Relaxed) as f64 / time().as_secs_f64();
    println!("| {name} | {:.2} | {:.2} | {rate:.0} |", at(50), at(99));
}

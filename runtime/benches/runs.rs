//! Runs of three steps on SQLite, beside what the disk itself can do: `cargo bench -p flowcrate`.
//!
//! Prints one line per measure; the budgets are ratios within one run of this program.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A bench has nobody else to tell.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Context, Definition, Engine, Result, StepSpec, Workflow};
use futures_util::future::{LocalBoxFuture, join_all};

#[derive(Clone)]
struct Three;

impl Workflow for Three {
    type Input = u64;
    type Output = u64;

    fn definition(&self) -> Definition {
        Definition { name: "three".to_owned(), revision: "1".to_owned(), events: Vec::new() }
    }

    fn run(&self, ctx: Context, input: u64) -> LocalBoxFuture<'static, Result<u64>> {
        Box::pin(async move {
            let one = step(&ctx, "one", input).await?;
            let two = step(&ctx, "two", one).await?;
            step(&ctx, "three", two).await
        })
    }
}

/// As many steps as the input says, one after the other.
#[derive(Clone)]
struct Many;

impl Workflow for Many {
    type Input = u64;
    type Output = u64;

    fn definition(&self) -> Definition {
        Definition { name: "many".to_owned(), revision: "1".to_owned(), events: Vec::new() }
    }

    fn run(&self, ctx: Context, input: u64) -> LocalBoxFuture<'static, Result<u64>> {
        Box::pin(async move {
            for number in 0..input {
                step(&ctx, "one", number).await?;
            }
            Ok(input)
        })
    }
}

/// As many items as the input says, all at once.
#[derive(Clone)]
struct Wide;

impl Workflow for Wide {
    type Input = u64;
    type Output = u64;

    fn definition(&self) -> Definition {
        Definition { name: "wide".to_owned(), revision: "1".to_owned(), events: Vec::new() }
    }

    fn run(&self, ctx: Context, input: u64) -> LocalBoxFuture<'static, Result<u64>> {
        Box::pin(async move {
            let items: Vec<u64> = (0..input).collect();
            let wide = items.len();
            let body = async |ctx: Context, item, _| step(&ctx, "one", item).await;
            let results: Vec<u64> = ctx.for_each("each", items, wide, body).await?;
            Ok(results.into_iter().sum())
        })
    }
}

fn step(ctx: &Context, id: &'static str, input: u64) -> flowcrate::Step<u64> {
    ctx.step(StepSpec::new(id, "step"), input, |_, input| async move { Ok(input + 1) })
}

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let sync = fdatasync(directory.path());
    println!("fdatasync p50: {sync:?}");
    runtime.block_on(async {
        let store = SqliteStore::open(directory.path().join("journal.db")).unwrap();
        let builder = Engine::builder().store(store);
        let builder = builder.register(Three).register(Many).register(Wide);
        let engine = builder.build().await.unwrap();
        one_at_a_time(&engine, sync).await;
        many_in_flight(&engine).await;
        steps_of_one_run(&engine).await;
        fan_out(&engine).await;
        engine.shutdown().await;
    });
}

/// The middle of 200 syncs of a small append.
fn fdatasync(directory: &Path) -> Duration {
    let path = directory.join("sync");
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    let times = (0..200).map(|_| {
        file.write_all(&[0; 4096]).unwrap();
        let begin = Instant::now();
        file.sync_data().unwrap();
        begin.elapsed()
    });
    middle(times.collect())
}

async fn one_at_a_time(engine: &Engine, sync: Duration) {
    let mut times = Vec::new();
    for input in 0..500 {
        let begin = Instant::now();
        engine.start(Three, input).await.unwrap().result().await.unwrap();
        times.push(begin.elapsed());
    }
    let p50 = middle(times);
    let ratio = p50.as_secs_f64() / sync.as_secs_f64();
    println!("run of 3 steps, one at a time, p50: {p50:?} = {ratio:.1} fdatasync");
}

async fn many_in_flight(engine: &Engine) {
    const RUNS: u64 = 20_000;
    let begin = Instant::now();
    let workers = (0..256).map(|worker| async move {
        for input in 0..RUNS / 256 {
            engine.start(Three, worker + input).await.unwrap().result().await.unwrap();
        }
    });
    join_all(workers).await;
    let rate = f64::from(u32::try_from(RUNS).unwrap()) / begin.elapsed().as_secs_f64();
    println!("runs of 3 steps, 256 in flight: {rate:.0}/s");
}

async fn steps_of_one_run(engine: &Engine) {
    for steps in [100, 1_000, 2_000] {
        let begin = Instant::now();
        engine.start(Many, steps).await.unwrap().result().await.unwrap();
        let each = begin.elapsed() / u32::try_from(steps).unwrap();
        println!("a run of {steps} steps: {each:?} each");
    }
}

async fn fan_out(engine: &Engine) {
    for width in [10, 100, 1_000] {
        let begin = Instant::now();
        engine.start(Wide, width).await.unwrap().result().await.unwrap();
        let each = begin.elapsed() / u32::try_from(width).unwrap();
        println!("a fan-out of {width}: {each:?} each");
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

//! What durability costs, as ratios to what the disk and the database cost in the same run.
//!
//! `cargo bench -p flowcrate --bench steps [DIRECTORY [PART]]`: the directory chooses the file
//! system, the part is one of `one-at-a-time`, `many-in-flight`, `many-steps`, `fan-out`.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench, and ratios")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Context, Definition, Engine, Result, StepContext, StepError, StepSpec, Workflow};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use rusqlite::{Connection, params};

/// A run of so many steps, one after the other.
struct Steps {
    instants: Arc<Mutex<Vec<Instant>>>,
}

impl Workflow for Steps {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> Definition {
        Definition { name: "steps".into(), revision: "1".into(), ..Definition::default() }
    }

    fn run(&self, ctx: Context, steps: u32) -> LocalBoxFuture<'static, Result<u32>> {
        let instants = Arc::clone(&self.instants);
        Box::pin(async move {
            let mut value = 0;
            for at in 0..steps {
                let spec = StepSpec::new("add", "add@1").key(at.to_string());
                let instants = Arc::clone(&instants);
                let timed = steps > 3;
                let body = move |_: StepContext, value: u32| {
                    if timed {
                        instants.lock().unwrap().push(Instant::now());
                    }
                    async move { Ok::<u32, StepError>(value + 1) }
                };
                value = ctx.step(spec, value, body).await?;
            }
            Ok(value)
        })
    }
}

/// So many items, all at once.
struct Wide;

impl Workflow for Wide {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> Definition {
        Definition { name: "wide".into(), revision: "1".into(), ..Definition::default() }
    }

    fn run(&self, ctx: Context, width: u32) -> LocalBoxFuture<'static, Result<u32>> {
        Box::pin(async move {
            let items: Vec<u32> = (0..width).collect();
            let body = async |ctx: Context, item: u32, _| {
                let spec = StepSpec::new("one", "one@1");
                ctx.step(spec, item, |_, item| async move { Ok::<_, StepError>(item) }).await
            };
            let results = ctx.for_each("each", items, width as usize, body).await?;
            Ok(u32::try_from(results.len()).unwrap_or(u32::MAX))
        })
    }
}

fn main() {
    // cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let place = arguments.next().unwrap_or_else(|| "target".to_owned());
    let part = arguments.next().unwrap_or_default();
    std::fs::create_dir_all(&place).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let directory = tempfile::tempdir_in(place).unwrap();
    let place = directory.path();
    let wanted = |name: &str| name.contains(&part);
    if wanted("one-at-a-time") {
        runtime.block_on(one_at_a_time(place));
    }
    if wanted("many-in-flight") {
        runtime.block_on(many_in_flight(place));
    }
    if wanted("many-steps") {
        runtime.block_on(many_steps(place));
    }
    if wanted("fan-out") {
        runtime.block_on(fan_out(place));
    }
}

async fn engine(file: &Path, instants: &Arc<Mutex<Vec<Instant>>>) -> (Engine, SqliteStore) {
    let store = SqliteStore::open(file).unwrap();
    let workflow = Steps { instants: Arc::clone(instants) };
    let engine = Engine::builder().store(store.clone()).register(workflow).build().await.unwrap();
    (engine, store)
}

async fn run(engine: &Engine, steps: u32) {
    let workflow = Steps { instants: Arc::default() };
    let handle = engine.start(workflow, steps).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), steps);
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A 3-step run beside one sync of as many bytes as it writes.
async fn one_at_a_time(directory: &Path) {
    const RUNS: usize = 400;
    let file = directory.join("one.db");
    let (engine, store) = engine(&file, &Arc::default()).await;
    let (size, commits) = (log_size(&file), store.commits());
    for _ in 0..20 {
        run(&engine, 3).await;
    }
    let bytes = usize::try_from((log_size(&file) - size) / 20).unwrap();
    let commits = (store.commits() - commits) as f64 / 20.0;
    let mut plain = File::create(directory.join("plain")).unwrap();
    let block = vec![0x5a; bytes];
    let (mut runs, mut syncs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begun = Instant::now();
        run(&engine, 3).await;
        runs.push(begun.elapsed());
        let begun = Instant::now();
        plain.write_all(&block).unwrap();
        plain.sync_data().unwrap();
        syncs.push(begun.elapsed());
    }
    engine.shutdown().await;
    let (run, sync) = (median(&mut runs), median(&mut syncs));
    println!(
        "3-step run, one at a time: p50 {:.2} ms, {commits:.1} commits of {} kB in all; \
         one fdatasync of the same bytes {:.3} ms; ratio {:.1} (budget 6)",
        run.as_secs_f64() * 1e3,
        bytes / 1024,
        sync.as_secs_f64() * 1e3,
        run.as_secs_f64() / sync.as_secs_f64(),
    );
}

fn log_size(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).unwrap().len()
}

/// 3-step runs beside the same rows written raw in as many commits.
async fn many_in_flight(directory: &Path) {
    const IN_FLIGHT: usize = 256;
    const RUNS: usize = 20_000;
    let (engine, store) = engine(&directory.join("many.db"), &Arc::default()).await;
    for _ in 0..100 {
        run(&engine, 3).await;
    }
    let commits = store.commits();
    let begun = Instant::now();
    let mut flying = FuturesUnordered::new();
    for _ in 0..RUNS {
        if flying.len() == IN_FLIGHT {
            flying.next().await;
        }
        flying.push(run(&engine, 3));
    }
    while flying.next().await.is_some() {}
    let ours = RUNS as f64 / begun.elapsed().as_secs_f64();
    let commits = usize::try_from(store.commits() - commits).unwrap();
    engine.shutdown().await;
    let raw = raw(&directory.join("raw.db"), RUNS, commits);
    println!(
        "3-step runs, {IN_FLIGHT} in flight: {ours:.0}/s in {commits} commits; the same rows \
         written raw in as many commits {raw:.0}/s; {:.0} % (budget 25 %)",
        ours / raw * 100.0,
    );
}

/// Writes the rows of some 3-step runs, in so many commits; gives runs per second.
fn raw(file: &Path, runs: usize, commits: usize) -> f64 {
    // The same tables, settings and file layout as the store's.
    drop(SqliteStore::open(file).unwrap());
    let connection = Connection::open(file).unwrap();
    let settings = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
         INSERT INTO definition (workflow, revision, events) VALUES ('steps', '1', '[]');";
    connection.execute_batch(settings).unwrap();
    let mut start = connection
        .prepare(
            "INSERT INTO run (id, definition, state, epoch, owner, queued, inbox_seq,
                              stop, takeovers, started_at, seed, input, input_hash)
             VALUES (?, 1, 1, 1, 1, 0, 0, 0, 0, 1795000000000, ?, '3', ?)",
        )
        .unwrap();
    let mut step = connection
        .prepare(
            "INSERT INTO entry (run, sealed, path, kind, status, seq, input, input_hash, output,
                                attempts, forgiven, started_at, ended_at)
             VALUES (?, 0, ?, 'add@1', 3, ?, '1', ?, '2', 1, 0, 1795000000000, 1795000000001)",
        )
        .unwrap();
    let mut end = connection
        .prepare(
            "UPDATE run SET state = 4, owner = NULL, output = '3', ended_at = 1795000000002
             WHERE n = ?",
        )
        .unwrap();
    // As in life, each commit holds a slice of the starts, steps and ends of many runs.
    let parts = runs * 4;
    let per_commit = parts.div_ceil(commits.max(1));
    let lag = 256;
    let mut written = 0;
    let begun = Instant::now();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    for at in 0..runs + 3 * lag {
        if at < runs {
            let id = flowcrate::RunId::new();
            start.execute(params![id.as_bytes(), [7_u8; 16], [8_u8; 16]]).unwrap();
            written += 1;
        }
        for seq in 1..=3_usize {
            // A run's steps follow its start some way behind, as others start meanwhile.
            let Some(run) = at.checked_sub(seq * lag / 3).filter(|run| *run < runs) else {
                continue;
            };
            let n = i64::try_from(run + 1).unwrap();
            let path = ["add", "add:1", "add:2"][seq - 1];
            step.execute(params![n, path, i64::try_from(seq).unwrap(), [9_u8; 16]]).unwrap();
            if seq == 3 {
                end.execute([n]).unwrap();
            }
            written += 1;
        }
        if written >= per_commit {
            connection.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
            written = 0;
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    runs as f64 / begun.elapsed().as_secs_f64()
}

/// The cost of a step does not grow with the steps before it.
async fn many_steps(directory: &Path) {
    const STEPS: u32 = 1_000;
    let instants = Arc::default();
    let (engine, _store) = engine(&directory.join("steps.db"), &instants).await;
    // A few runs, so that one hiccup of the disk does not tell.
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        instants.lock().unwrap().clear();
        run(&engine, STEPS).await;
        let instants = instants.lock().unwrap();
        let times: Vec<Duration> = instants.windows(2).map(|two| two[1] - two[0]).collect();
        first.extend_from_slice(&times[..100]);
        last.extend_from_slice(&times[times.len() - 100..]);
    }
    engine.shutdown().await;
    let (first, last) = (median(&mut first), median(&mut last));
    println!(
        "{STEPS} steps in one run: the first 100 {:.3} ms each, the last 100 {:.3} ms; \
         ratio {:.2} (budget 1.2)",
        first.as_secs_f64() * 1e3,
        last.as_secs_f64() * 1e3,
        last.as_secs_f64() / first.as_secs_f64(),
    );
}

/// The cost of a branch does not grow with the branches beside it.
async fn fan_out(directory: &Path) {
    let store = SqliteStore::open(directory.join("wide.db")).unwrap();
    let engine = Engine::builder().store(store).register(Wide).build().await.unwrap();
    let mut each = Vec::new();
    for width in [10, 1_000] {
        let mut times = Vec::new();
        for _ in 0..(4_000 / width).min(50) {
            let begun = Instant::now();
            assert_eq!(engine.start(Wide, width).await.unwrap().result().await.unwrap(), width);
            times.push(begun.elapsed());
        }
        each.push(median(&mut times).as_secs_f64() * 1e3 / f64::from(width));
    }
    engine.shutdown().await;
    println!(
        "fan-out of 10: {:.3} ms a branch; of 1000: {:.3} ms; ratio {:.2} (budget 1.5)",
        each[0],
        each[1],
        each[1] / each[0],
    );
}

//! A waiting run is a row, never a task: many of them cost bounded memory, and waking one is fast
//! (R25). `FLOWCRATE_RUNS=1000000` tries more.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::time::{Duration, Instant};

use flowcrate::sqlite::SqliteStore;
use flowcrate::store::MemoryStore;
use flowcrate::{
    Context, Definition, Engine, EventDef, Result, RunState, SendEvent, WaitEvent, Workflow,
};
use futures_util::future::{LocalBoxFuture, join_all};

/// Waits for the event `go`, holding on to its input, and returns how long that is.
#[derive(Clone)]
struct Waiting;

impl Workflow for Waiting {
    type Input = String;
    type Output = usize;

    fn definition(&self) -> Definition {
        let (name, revision) = ("waiting".to_owned(), "1".to_owned());
        let events = vec![EventDef { name: "go".to_owned() }];
        Definition { name, revision, events, ..Definition::default() }
    }

    fn run(&self, ctx: Context, input: String) -> LocalBoxFuture<'static, Result<usize>> {
        Box::pin(async move {
            let more: usize = ctx.wait_event("go", WaitEvent::new("go")).received().await?;
            Ok(input.len() + more)
        })
    }
}

fn runs() -> usize {
    std::env::var("FLOWCRATE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(100_000)
}

/// Bytes of this process that are in memory; none where the system does not tell.
fn resident_bytes() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<usize>().ok().map(|pages| pages * 4096)
}

fn block_on<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_time().build().unwrap().block_on(test)
}

/// Starts so many runs; their ids.
async fn start(engine: &Engine, runs: usize) -> Vec<flowcrate::RunId> {
    let mut ids = Vec::with_capacity(runs);
    while ids.len() < runs {
        let page = (runs - ids.len()).min(2_000);
        let starts = (0..page).map(|_| async { engine.start(Waiting, "x".repeat(100)).await });
        ids.extend(join_all(starts).await.into_iter().map(|run| run.unwrap().id()));
    }
    ids
}

/// Waits until each of these waits, and nobody is in memory any more.
async fn until_all_are_rows(engine: &Engine, runs: &[flowcrate::RunId]) {
    for run in runs.iter().rev().take(1_000) {
        while engine.client().run(*run).await.unwrap().unwrap().state != RunState::Waiting {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    while engine.occupancy().runs > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn r25_many_waiting_runs_cost_bounded_memory_and_waking_one_is_fast() {
    block_on(async {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("journal.db")).unwrap();
        let engine = Engine::builder()
            .store(store)
            .register(Waiting)
            .linger(Duration::ZERO)
            .memory(32 << 20)
            .build();
        let engine = engine.await.unwrap();
        // What any number of runs takes: statements, pages, queues.
        let first = start(&engine, 5_000).await;
        until_all_are_rows(&engine, &first).await;
        let before = resident_bytes();
        let many = start(&engine, runs()).await;
        until_all_are_rows(&engine, &many).await;
        if let (Some(before), Some(after)) = (before, resident_bytes()) {
            // 16 bytes of each id are this test's own.
            let grown = after.saturating_sub(before + many.len() * 16);
            // Pages of the database that are kept, and what was on its way at once; in memory each
            // run would take 8 KiB and more.
            assert!(grown < 128 << 20, "{} waiting runs took {grown} bytes", many.len());
        }
        let mut took = Vec::new();
        let middle = many.len() / 2;
        for run in many[middle..middle + 5].iter().chain([&first[0]]).copied() {
            let view = engine.client().run(run).await.unwrap().unwrap();
            assert_eq!(view.state, RunState::Waiting);
            let begun = Instant::now();
            let handle = engine.handle::<Waiting>(run);
            handle.send_event("go", 7.into(), SendEvent::default()).await.unwrap();
            assert_eq!(handle.result().await.unwrap(), 107);
            took.push(begun.elapsed());
        }
        // However many wait; the best of them, since a machine may have its bad moments.
        let best = took.iter().min().unwrap();
        assert!(*best < Duration::from_millis(500), "waking one took {took:?}");
        engine.shutdown().await;
    });
}

#[test]
fn r25_runs_that_wait_leave_when_memory_is_short_and_not_before() {
    block_on(async {
        let build = |memory| {
            let builder = Engine::builder().store(MemoryStore::new()).register(Waiting);
            builder.linger(Duration::from_hours(1)).memory(memory).build()
        };
        // Room for some of them: each takes about 8 KiB.
        let engine = build(1 << 20).await.unwrap();
        let ids = start(&engine, 1_000).await;
        loop {
            let occupancy = engine.occupancy();
            if occupancy.runs < 200 && occupancy.bytes <= 1 << 20 && occupancy.runs > 50 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The one that was used first has left; it wakes all the same.
        for run in [ids[0], ids[999]] {
            let handle = engine.handle::<Waiting>(run);
            handle.send_event("go", 7.into(), SendEvent::default()).await.unwrap();
            assert_eq!(handle.result().await.unwrap(), 107);
        }
        engine.kill();
        let engine = build(1 << 30).await.unwrap();
        start(&engine, 1_000).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        while engine.occupancy().bytes < 1_000 * 8 * 1024 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(engine.occupancy().runs, 1_000);
        engine.kill();
    });
}

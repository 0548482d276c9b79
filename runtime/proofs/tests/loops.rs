//! What long loops take of memory, apart from what the store keeps on disk.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::System;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use flowcrate::sqlite::{SqliteStore, Synchronous};
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATIONS: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The most bytes that were seen in use.
static MOST: AtomicUsize = AtomicUsize::new(0);

fn in_use() -> usize {
    let stats = ALLOCATIONS.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}

/// Looks; called wherever a loop comes along.
fn look() {
    MOST.fetch_max(in_use(), Ordering::Relaxed);
}

#[step]
async fn next(_step: StepContext, round: u64) -> Result<u64, StepError> {
    look();
    Ok(round + 1)
}

#[step]
async fn copy(_step: StepContext, text: String) -> Result<String, StepError> {
    look();
    Ok(text)
}

#[workflow(name = "rounds", revision = "1")]
async fn rounds(ctx: Context, length: u64) -> Result<u64> {
    ctx.while_loop("rounds", 0, async |ctx: Context, round: u64| {
        let round = next(&ctx, round).await?;
        Ok(if round == length { ControlFlow::Break(round) } else { ControlFlow::Continue(round) })
    })
    .await
}

/// Goes round without a step.
#[workflow(name = "idle", revision = "1")]
async fn idle(ctx: Context, length: u64) -> Result<u64> {
    ctx.while_loop("rounds", 0, async |_: Context, round: u64| {
        look();
        let ends = round == length;
        Ok(if ends { ControlFlow::Break(round) } else { ControlFlow::Continue(round + 1) })
    })
    .await
}

/// Items of 100 bytes, each carried through three steps.
#[workflow(name = "each", revision = "1")]
async fn each(ctx: Context, length: u64) -> Result<u64> {
    let items: Vec<String> = (0..length).map(|item| format!("{item:0100}")).collect();
    ctx.for_each_discard("each", items, 16, async |ctx: Context, item: String, _| {
        for round in 0..3 {
            copy(&ctx, item.clone()).key(round.to_string()).await?;
        }
        Ok(())
    })
    .await?;
    Ok(length)
}

/// How many bytes a run takes at its most.
async fn most(engine: &Engine, kind: &str, length: u64) -> usize {
    let before = in_use();
    MOST.store(before, Ordering::Relaxed);
    let result = match kind {
        "rounds" => engine.start(Rounds, length).await.unwrap().result().await,
        "idle" => engine.start(Idle, length).await.unwrap().result().await,
        _ => engine.start(Each, length).await.unwrap().result().await,
    };
    assert_eq!(result, Ok(length));
    MOST.load(Ordering::Relaxed).saturating_sub(before)
}

/// One test, since what runs beside it would count. A hundred thousand iterations are the bench's.
#[test]
fn long_loops_take_no_more_memory_than_short_ones() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let directory = tempfile::tempdir().unwrap();
        // Nothing here is to survive a loss of power.
        let store = SqliteStore::options().synchronous(Synchronous::Normal);
        let store = store.open(directory.path().join("journal.db")).unwrap();
        let builder = Engine::builder().store(store).register(Rounds).register(Idle);
        let engine = builder.register(Each).build().await.unwrap();
        for kind in ["rounds", "idle"] {
            let short = most(&engine, kind, 1_000).await;
            let long = most(&engine, kind, 10_000).await;
            println!("{kind}: {short} and {long} bytes for 1,000 and 10,000 iterations");
            assert!(long < short + 200_000, "{kind}: {short} bytes, then {long}");
        }
        let short = most(&engine, "each", 1_000).await;
        let long = most(&engine, "each", 10_000).await;
        let item = long.saturating_sub(short) / 9_000;
        println!("each: {short} and {long} bytes for 1,000 and 10,000 items, {item} an item");
        // The item itself (124 bytes), its path, its place; nothing of what it went through.
        assert!(item < 600, "{item} bytes for an item");
    });
}

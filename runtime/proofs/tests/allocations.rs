//! What a step may cost at most: commits and allocations, on either store.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::System;
use std::sync::Arc;

use flowcrate::sqlite::SqliteStore;
use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::FaultStore;
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATIONS: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations per step, reallocations included, of a run of many steps one after the other, store
/// and tokio included. Raise it knowingly.
const PER_STEP: u64 = 50;

#[step]
async fn add(_step: StepContext, number: u64) -> Result<u64, StepError> {
    Ok(number + 1)
}

/// Steps one after the other, as many as its input says.
#[workflow(name = "count", revision = "1")]
async fn count(ctx: Context, steps: u64) -> Result<u64> {
    let mut number = 0;
    for _ in 0..steps {
        number = add(&ctx, number).key(number.to_string()).await?;
    }
    Ok(number)
}

fn run_test<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap()
        .block_on(test)
}

/// What a run of so many steps costs: transactions and allocations.
async fn cost(store: &Arc<dyn Store>, steps: u64) -> (u64, u64) {
    let counting = FaultStore::new(Arc::clone(store));
    let engine = Engine::builder().store(counting.clone()).register(Count).build().await.unwrap();
    // The first run pays for what happens once; opening claims once, too.
    engine.start(Count, 3).await.unwrap().result().await.unwrap();
    let (before, region) = (counting.count(), Region::new(ALLOCATIONS));
    let output = engine.start(Count, steps).await.unwrap().result().await.unwrap();
    let stats = region.change();
    let commits = counting.count() - before;
    assert_eq!(output, steps);
    engine.shutdown().await;
    (commits, u64::try_from(stats.allocations + stats.reallocations).unwrap())
}

/// One test, since what runs beside it would count.
#[test]
fn three_steps_are_four_commits_and_a_step_is_few_allocations() {
    let directory = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(directory.path().join("journal.db")).unwrap();
    let stores: [(&str, Arc<dyn Store>); 2] =
        [("memory", Arc::new(MemoryStore::new())), ("sqlite", Arc::new(sqlite.clone()))];
    run_test(async {
        for (name, store) in stores {
            let (commits, few) = cost(&store, 3).await;
            assert_eq!(commits, 4, "commits of three steps on {name}");
            let (commits, many) = cost(&store, 203).await;
            assert_eq!(commits, 204, "commits of 203 steps on {name}");
            // What a run costs by itself is in both.
            let per_step = (many - few) / 200;
            println!("{name}: {per_step} allocations a step, {few} for a run of three steps");
            assert!(per_step <= PER_STEP, "{per_step} allocations a step on {name}");
        }
    });
    // On SQLite a transaction that waits for no other is a commit of its own.
    assert!(sqlite.commits() > 204);
}

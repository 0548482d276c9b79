//! Workers on one PostgreSQL database: what a run costs, how many there are a second with 1, 2 and
//! 4 workers, and what the database has to do while nothing happens.
//!
//! `cargo bench -p flowcrate --features testkit,postgres --bench workers [SECONDS]`: it starts a
//! server of its own, which syncs its disk.
#![allow(
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench, and ratios"
)]

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flowcrate::postgres::PostgresStore;
use flowcrate::testkit::Cluster;
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};

/// Runs that are in flight at once, over all workers.
const IN_FLIGHT: usize = 256;

#[step]
async fn add(_: StepContext, number: u64) -> Result<u64, StepError> {
    Ok(number + 1)
}

#[workflow(name = "three", revision = "1")]
async fn three(ctx: Context, number: u64) -> Result<u64> {
    let one = add(&ctx, number).key("one").await?;
    let two = add(&ctx, one).key("two").await?;
    add(&ctx, two).key("three").await
}

async fn engine(cluster: &Cluster, schema: &str) -> (Engine, PostgresStore) {
    let store = PostgresStore::options(cluster.address()).schema(schema).open().await.unwrap();
    let engine = Engine::builder().store(store.clone()).register(Three).build().await.unwrap();
    (engine, store)
}

/// Commits that the server has made so far, for whomever.
fn server_commits(cluster: &Cluster) -> u64 {
    let rows = cluster.sql("SELECT sum(xact_commit) FROM pg_stat_database");
    rows[0][0].as_deref().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What the disk takes at least for a commit: one small write and its sync.
fn sync() -> Duration {
    let place = tempfile::tempdir().unwrap();
    let mut file = std::fs::File::create(place.path().join("sync")).unwrap();
    let mut took = Vec::new();
    for _ in 0..300 {
        let start = Instant::now();
        file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).unwrap();
        took.push(start.elapsed());
    }
    took.sort_unstable();
    took[took.len() / 2]
}

async fn one_at_a_time(cluster: &Cluster, time: Duration) {
    let (engine, store) = engine(cluster, &Cluster::schema()).await;
    let (begun, mut took) = (Instant::now(), Vec::new());
    let (commits, transactions) = (store.commits(), store.transactions());
    while begun.elapsed() < time {
        let start = Instant::now();
        engine.start(Three, 1).await.unwrap().result().await.unwrap();
        took.push(start.elapsed());
    }
    let runs = took.len() as f64;
    took.sort_unstable();
    let at = |part: usize| took[took.len() * part / 100];
    println!(
        "one at a time: p50 {:.2?}, p99 {:.2?}; {:.2} commits, {:.2} transactions a run of three \
         steps",
        at(50),
        at(99),
        (store.commits() - commits) as f64 / runs,
        (store.transactions() - transactions) as f64 / runs,
    );
    let sync = sync();
    let least = sync.as_secs_f64() * (store.commits() - commits) as f64 / runs;
    println!(
        "one sync of the disk {sync:.2?}: p50 is {:.1} times what its commits need at least",
        at(50).as_secs_f64() / least
    );
    engine.shutdown().await;
}

async fn many(cluster: &Cluster, workers: usize, time: Duration) -> f64 {
    let schema = Cluster::schema();
    let mut engines = Vec::new();
    for _ in 0..workers {
        engines.push(engine(cluster, &schema).await);
    }
    let (done, stop) = (Arc::new(AtomicU64::new(0)), Instant::now() + time);
    let mut starters = Vec::new();
    for number in 0..IN_FLIGHT {
        let (engine, done) = (engines[number % workers].0.clone(), Arc::clone(&done));
        starters.push(tokio::spawn(async move {
            while Instant::now() < stop {
                engine.start(Three, 1).await.unwrap().result().await.unwrap();
                done.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for starter in starters {
        starter.await.unwrap();
    }
    let sum =
        |of: fn(&PostgresStore) -> u64| engines.iter().map(|(_, store)| of(store)).sum::<u64>();
    let (commits, transactions) = (sum(PostgresStore::commits), sum(PostgresStore::transactions));
    let runs = done.load(Ordering::Relaxed) as f64;
    let rate = runs / time.as_secs_f64();
    println!(
        "{workers} workers, {IN_FLIGHT} in flight: {rate:.0} runs/s; {:.2} transactions a run, \
         {:.1} of them in a commit",
        transactions as f64 / runs,
        transactions as f64 / commits as f64,
    );
    for (engine, _) in engines {
        engine.shutdown().await;
    }
    rate
}

async fn idle(cluster: &Cluster, time: Duration) {
    let schema = Cluster::schema();
    let one = engine(cluster, &schema).await;
    let two = engine(cluster, &schema).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = (one.1.commits() + two.1.commits(), server_commits(cluster));
    tokio::time::sleep(time).await;
    let after = (one.1.commits() + two.1.commits(), server_commits(cluster));
    let a_minute = 60.0 / time.as_secs_f64() / 2.0;
    println!(
        "idle: {:.1} commits of its own a minute and worker, {:.1} transactions of the server",
        (after.0 - before.0) as f64 * a_minute,
        (after.1 - before.1) as f64 * a_minute,
    );
    one.0.shutdown().await;
    two.0.shutdown().await;
}

fn main() {
    // cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let seconds = arguments.next().map_or(5, |seconds| seconds.parse().unwrap());
    let time = Duration::from_secs(seconds);
    let cluster = Cluster::durable();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        one_at_a_time(&cluster, time).await;
        let mut rates = Vec::new();
        for workers in [1, 2, 4] {
            rates.push(many(&cluster, workers, time).await);
        }
        println!("4 workers to 1: {:.2}", rates[2] / rates[0]);
        idle(&cluster, Duration::from_secs(30)).await;
    });
}

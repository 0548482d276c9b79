//! Flowcrate: on a SQLite file, and on a PostgreSQL server of its own that syncs its disk.

#[path = "../../measure.rs"]
mod measure;

use std::io::Write as _;
use std::time::Instant;

use flowcrate::postgres::PostgresStore;
use flowcrate::sqlite::SqliteStore;
use flowcrate::store::Store;
use flowcrate::testkit::Cluster;
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};

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

async fn measure(name: &str, store: impl Store) {
    let engine = Engine::builder().store(store).register(Three).build().await.expect("an engine");
    let running = engine.clone();
    measure::measure(name, move |_| {
        let engine = running.clone();
        async move { engine.start(Three, 0).await.expect("a run").result().await.expect("its end") }
    })
    .await;
    engine.shutdown().await;
}

/// What the disk does at most: one small write and its sync, in milliseconds.
fn sync_of_the_disk(place: &std::path::Path) -> f64 {
    let mut file = std::fs::File::create(place.join("sync")).expect("a file");
    let mut took: Vec<_> = (0..300)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).expect("a sync");
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    took[took.len() / 2].as_secs_f64() * 1000.0
}

#[tokio::main]
async fn main() {
    let place = tempfile::tempdir().expect("a folder");
    println!("one fdatasync of 4 KiB: {:.2} ms at the median", sync_of_the_disk(place.path()));
    let file = SqliteStore::open(place.path().join("journal.db")).expect("a file");
    measure("Flowcrate, SQLite", file).await;
    let cluster = Cluster::durable();
    let store = PostgresStore::open(cluster.address()).await.expect("a database");
    measure("Flowcrate, PostgreSQL", store).await;
}

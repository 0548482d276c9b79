//! A fan-out over ten thousand items: some at a time, each journaled, in one run.
//!
//! `cargo run -p flowcrate-examples --bin fan_out`
//!
//! Kill it half way and run it again: items that are done are not done again. The arguments are
//! the number of items and the journal's file.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};

/// How many items are under way at once.
const AT_ONCE: usize = 64;

/// What this process has done, to show that a second one does only the rest.
static RESIZED: AtomicU64 = AtomicU64::new(0);

/// Makes a thumbnail of a photo, let us say, and gives its size in bytes.
#[step(retry(max_attempts = 5, initial = "100ms"), timeout = "10s")]
async fn resize(_: StepContext, photo: u64) -> Result<u64, StepError> {
    let done = RESIZED.fetch_add(1, Ordering::Relaxed) + 1;
    if done.is_multiple_of(1_000) {
        println!("{done} done");
    }
    Ok(photo % 100)
}

/// Makes thumbnails of so many photos; their size in all.
#[workflow]
async fn thumbnails(ctx: Context, photos: u64) -> Result<u64> {
    let photos: Vec<u64> = (0..photos).collect();
    // The closure's context belongs to the item: its steps stand at `each_photo[17]/resize`.
    let sizes = ctx
        .for_each("each_photo", photos, AT_ONCE, async |ctx: Context, photo, _| {
            resize(&ctx, photo).await
        })
        .await?;
    Ok(sizes.into_iter().sum())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let photos = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let file = arguments.next().unwrap_or_else(|| "fan_out.db".to_owned());
    let store = SqliteStore::open(&file)?;
    let engine = Engine::builder().store(store).register(Thumbnails).build().await?;
    let run = engine.start(Thumbnails, photos).key(format!("album of {photos}")).await?;
    let bytes = run.result().await?;
    println!("{bytes} bytes in all, {} photos by this process", RESIZED.load(Ordering::Relaxed));
    engine.shutdown().await;
    Ok(())
}

//! The smallest durable program: a step, a pause, a step, and a journal in a file.
//!
//! `cargo run -p flowcrate-examples --bin hello -- Ada`
//!
//! Press Ctrl-C during the pause, or kill the process, and run it again: it goes on where it
//! stood, and says hello no second time. The journal is the file `hello.db`, or what the second
//! argument names.

use std::error::Error;
use std::time::Duration;

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};

/// A step is where effects belong. Its outcome is journaled: it runs until it succeeds once.
#[step]
async fn greet(_: StepContext, name: String) -> Result<String, StepError> {
    println!("hello, {name}");
    Ok(format!("hello and goodbye, {name}"))
}

/// Another step, which takes what the first one gave.
#[step]
async fn part(_: StepContext, words: String) -> Result<String, StepError> {
    println!("goodbye");
    Ok(words)
}

/// The workflow: plain control flow between steps. After a crash it runs again from the top, and
/// what has an outcome in the journal gives that outcome at once.
#[workflow]
async fn hello(ctx: Context, name: String) -> Result<String> {
    let words = greet(&ctx, name).await?;
    ctx.sleep("pause", Duration::from_secs(2)).await?;
    part(&ctx, words).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "world".to_owned());
    let file = arguments.next().unwrap_or_else(|| "hello.db".to_owned());
    let store = SqliteStore::open(&file)?;
    let engine = Engine::builder().store(store).register(Hello).build().await?;
    // A start with a key is made once: the second time it is the same run.
    let run = engine.start(Hello, name.clone()).key(format!("hello-{name}")).await?;
    println!("run {} says: {}", run.id(), run.result().await?);
    engine.shutdown().await;
    Ok(())
}

//! Bounds that are met within a workflow.
#![allow(unused)]

use std::time::Duration;

use flowcrate::{Caught, Context, Result, join, workflow};

struct Opaque;

#[workflow]
async fn items(ctx: Context, input: Vec<u8>) -> Result<u8> {
    let found = ctx.for_each("each", input, 4, async |ctx: Context, item, _| Ok(Opaque)).await?;
    Ok(1)
}

#[workflow]
async fn list(ctx: Context, input: u8) -> Result<u8> {
    join(vec![ctx.sleep("nap", Duration::from_secs(1))]).await?;
    Ok(1)
}

fn caught_too_early<T>(step: T) -> Result<()> {
    Caught::<u8>::caught(step)?;
    Ok(())
}

fn main() {}

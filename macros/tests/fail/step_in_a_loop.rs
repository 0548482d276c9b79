//! A step without a key in a loop, or twice, is warned about.
#![deny(warnings)]

use flowcrate::{Context, Result, StepContext, StepError, step, workflow};

#[step]
async fn charge(_step: StepContext, input: u8) -> Result<u8, StepError> {
    Ok(input)
}

#[workflow]
async fn looping(ctx: Context, input: Vec<u8>) -> Result<u8> {
    for price in input {
        charge(&ctx, price).await?;
    }
    Ok(0)
}

#[workflow]
async fn polling(ctx: Context, input: u8) -> Result<u8> {
    while charge(&ctx, input).await? < 3 {}
    Ok(0)
}

#[workflow]
async fn twice(ctx: Context, input: u8) -> Result<u8> {
    let first = charge(&ctx, input).await?;
    charge(&ctx, first).await
}

fn main() {}

//! Mistakes in a step's arguments; its callers still compile.
#![allow(unused)]

use flowcrate::{Context, Result, StepContext, StepError, step, workflow};

#[step(id = "Charge", retry(attempts = 3), timeout = "soon", on_exhausted = "explode")]
async fn charge(step: StepContext, input: u8) -> Result<u8, StepError> {
    Ok(input)
}

#[step(retry(max_attempts = 0, factor = 0.5, cap = "1 parsec", jitter = 3), total = 5)]
async fn refund(step: StepContext, input: u8) -> Result<u8, StepError> {
    Ok(input)
}

#[step(heartbeat = "sometimes", retry_on("timeout", "fatal", "rain"))]
async fn export(step: StepContext, input: u8) -> Result<u8, StepError> {
    Ok(input)
}

#[workflow]
async fn both(ctx: Context, input: u8) -> Result<u8> {
    refund(&ctx, charge(&ctx, input).await?).await
}

fn main() {}

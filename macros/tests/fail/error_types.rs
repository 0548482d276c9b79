//! Errors of other types than the runtime's.
#![allow(unused)]

use flowcrate::{Context, Result, StepContext, StepError, step, workflow};

#[derive(Debug)]
struct OutOfStock;

#[step]
async fn reserve(step: StepContext, input: u8) -> std::result::Result<u8, OutOfStock> {
    Err(OutOfStock)
}

#[step]
async fn read(step: StepContext, input: String) -> Result<String, StepError> {
    Ok(std::fs::read_to_string(input)?)
}

#[workflow]
async fn order(ctx: Context, input: u8) -> std::result::Result<u8, OutOfStock> {
    Err(OutOfStock)
}

#[workflow]
async fn pass_on(ctx: Context, input: u8) -> Result<u8> {
    let stock: std::result::Result<u8, OutOfStock> = Err(OutOfStock);
    Ok(stock?)
}

fn main() {}

//! What no workflow can be.
#![allow(unused)]

use flowcrate::{Context, Result, workflow};

#[workflow]
fn not_async(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

#[workflow]
async fn borrowed(ctx: &Context, input: u8) -> Result<u8> {
    Ok(input)
}

#[workflow]
async fn alone(ctx: Context) -> Result<u8> {
    Ok(1)
}

#[workflow]
async fn infallible(ctx: Context, input: u8) -> u8 {
    input
}

#[workflow]
async fn generic<T>(ctx: Context, input: T) -> Result<T> {
    Ok(input)
}

#[workflow]
struct NoFunction;

fn main() {
    let _ = NoFunction;
}

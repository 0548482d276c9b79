//! What is called, started and waited for without being what it must be.
#![allow(unused)]

use flowcrate::{Context, Engine, Result, workflow};

struct Opaque;

#[workflow]
async fn callee(ctx: Context, input: u8) -> Result<Opaque> {
    Ok(Opaque)
}

#[workflow(calls(Callee))]
async fn caller(ctx: Context, input: u8) -> Result<u8> {
    ctx.call("call", Callee, input).await?;
    Ok(input)
}

#[workflow(calls(not_a_workflow))]
async fn astray(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

async fn not_a_workflow(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

async fn start(engine: &Engine) -> Result<()> {
    engine.start(Callee, 1).await?.result().await?;
    Ok(())
}

fn main() {}

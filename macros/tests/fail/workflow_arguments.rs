//! Mistakes in the arguments: one error each, on the user's token.
#![allow(unused)]

use flowcrate::{Context, Result, Workflow, workflow};

#[workflow(nme = "hello")]
async fn one(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

#[workflow(name = "Hello World", revision = 3, events("a", "a", ""))]
async fn two(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

#[workflow(revision = "2", adopts("2", "1", "1", ""))]
async fn four(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

#[workflow(name "hello")]
async fn three(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

// What the macro makes is there all the same.
fn main() {
    let _ = (One.definition(), Two.definition(), Three.definition());
}

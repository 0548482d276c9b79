//! What is registered, taken and returned without being what it must be.
#![allow(unused)]

use flowcrate::{Context, Engine, Result, workflow};

struct Opaque;

#[workflow]
async fn takes(ctx: Context, input: Opaque) -> Result<u8> {
    Ok(1)
}

#[workflow]
async fn gives(ctx: Context, input: u8) -> Result<Opaque> {
    Ok(Opaque)
}

#[workflow]
async fn sound(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

fn register_the_function() {
    Engine::builder().register(sound);
}

fn main() {}

//! Steps that cannot undo, and how they are named.
#![allow(unused)]

use flowcrate::{Context, Result, StepContext, StepError, step, workflow};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct OneWay;

#[step]
async fn without_input(step: StepContext) -> Result<(), StepError> {
    Ok(())
}

#[step]
async fn not_read_back(step: StepContext, input: OneWay) -> Result<(), StepError> {
    Ok(())
}

#[step]
async fn sound(step: StepContext, input: u8) -> Result<(), StepError> {
    Ok(())
}

async fn no_step(ctx: &Context, input: u8) -> Result<()> {
    Ok(())
}

#[workflow(undo(without_input, not_read_back, no_step))]
async fn one(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

#[workflow(undo(sound, "sound" = sound, "" = sound))]
async fn two(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

#[workflow(undo("sound"))]
async fn three(ctx: Context, input: u8) -> Result<u8> {
    Ok(input)
}

fn main() {}

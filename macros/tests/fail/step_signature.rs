//! What no step can be.
#![allow(unused)]

use flowcrate::{Result, StepContext, StepError, step};

#[step]
fn not_async(step: StepContext, input: u8) -> Result<u8, StepError> {
    Ok(input)
}

#[step]
async fn no_context(input: u8) -> Result<u8, StepError> {
    Ok(input)
}

#[step]
async fn too_many(step: StepContext, one: u8, two: u8) -> Result<u8, StepError> {
    Ok(one + two)
}

#[step]
async fn infallible(step: StepContext, input: u8) -> u8 {
    input
}

struct Service;

impl Service {
    #[step]
    async fn method(&self, step: StepContext) -> Result<u8, StepError> {
        Ok(1)
    }
}

fn main() {}

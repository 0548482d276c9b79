//! An input that cannot be journaled: the error sits on the input.
#![allow(unused)]

use flowcrate::{Result, StepContext, StepError, step};

#[derive(Clone)]
struct Opaque;

#[step]
async fn charge(step: StepContext, input: Opaque) -> Result<u8, StepError> {
    Ok(1)
}

fn main() {}

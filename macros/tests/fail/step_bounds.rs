//! Inputs and outputs that cannot be journaled: the error sits on the type and says what to do.
#![allow(unused)]

use flowcrate::{Result, StepContext, StepError, step};

#[derive(Clone)]
struct Opaque;

#[step]
async fn takes(step: StepContext, input: Opaque) -> Result<u8, StepError> {
    Ok(1)
}

#[step]
async fn gives(step: StepContext, input: u8) -> Result<Opaque, StepError> {
    Ok(Opaque)
}

#[step]
async fn waits_on_a_guard(step: StepContext, input: u8) -> Result<u8, StepError> {
    let guard = std::rc::Rc::new(input);
    step.cancelled().await;
    Ok(*guard)
}

fn main() {}

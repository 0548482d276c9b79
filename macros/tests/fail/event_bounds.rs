//! What an event cannot carry: the error sits on the type, once, and says what to do.
#![allow(unused)]

use flowcrate::{Approval, Context, Result, WaitEvent, workflow};
use serde::Serialize;

#[derive(Serialize)]
struct Opaque;

#[workflow(events("declared" = Opaque))]
async fn declares(ctx: Context, input: u8) -> Result<u8> {
    Ok(1)
}

#[workflow(events("untyped"))]
async fn waits(ctx: Context, input: u8) -> Result<u8> {
    let found = ctx.wait_event::<Opaque>("wait", WaitEvent::new("untyped")).await?;
    let decided = ctx.approval::<Opaque>("ask", Approval::new("untyped")).await?;
    Ok(1)
}

fn main() {}

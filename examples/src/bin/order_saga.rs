//! A saga: each step says what undoes it, and when a later one fails, what was done is undone,
//! the latest first.
//!
//! `cargo run -p flowcrate-examples --bin order_saga -- teapot` is shipped;
//! `cargo run -p flowcrate-examples --bin order_saga -- unicorn` cannot be, so that the payment is
//! given back and the item put back on its shelf.
//!
//! Kill it in the middle of that and run it again: what is undone is not undone twice, and the
//! rest is. The second argument is the journal's file.

use std::error::Error;
use std::time::Duration;

use flowcrate::sqlite::SqliteStore;
use flowcrate::{Context, Engine, Result, StepContext, StepError, Undo, step, workflow};
use serde::{Deserialize, Serialize};

/// An item that waits on its shelf for one order.
#[derive(Clone, Serialize, Deserialize)]
struct Reservation {
    item: String,
    shelf: u32,
}

#[step]
async fn reserve(_: StepContext, item: String) -> Result<Reservation, StepError> {
    println!("reserved: {item}");
    Ok(Reservation { item, shelf: 7 })
}

/// Undoes `reserve`. Somebody has to walk.
#[step]
async fn release(_: StepContext, reservation: Reservation) -> Result<(), StepError> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!("put back on shelf {}: {}", reservation.shelf, reservation.item);
    Ok(())
}

#[step(retry(max_attempts = 5, initial = "200ms", jitter))]
async fn charge(step: StepContext, item: String) -> Result<String, StepError> {
    println!("charged for: {item}");
    // The provider charges once for a key, however often it is asked.
    Ok(format!("payment {}", step.idempotency_key()))
}

/// Undoes `charge`. It tries for longer than other steps: nobody likes to wait for money.
#[step(retry(max_attempts = 20, initial = "1s", cap = "1h"), on_exhausted = "pause")]
async fn refund(_: StepContext, payment: String) -> Result<(), StepError> {
    println!("refunded: {}", payment.split(' ').next().unwrap_or_default());
    Ok(())
}

#[step]
async fn ship(_: StepContext, reservation: Reservation) -> Result<String, StepError> {
    if reservation.item == "unicorn" {
        return Err(StepError::fatal("no_carrier", "nobody carries unicorns"));
    }
    println!("shipped: {}", reservation.item);
    Ok(format!("parcel with one {}", reservation.item))
}

/// `undo` registers the steps that undo others: they run without this function, from what is
/// written beside the outcomes that they undo.
#[workflow(undo(release, refund))]
async fn order(ctx: Context, item: String) -> Result<String> {
    let back = Undo::new(release, |reservation: &Reservation| reservation.clone());
    let reservation = reserve(&ctx, item.clone()).undo(back).await?;
    let back = Undo::new(refund, |payment: &String| payment.clone());
    charge(&ctx, item).undo(back).await?;
    ship(&ctx, reservation).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let item = arguments.next().unwrap_or_else(|| "unicorn".to_owned());
    let file = arguments.next().unwrap_or_else(|| "order_saga.db".to_owned());
    let store = SqliteStore::open(&file)?;
    let engine = Engine::builder().store(store).register(Order).build().await?;
    let run = engine.start(Order, item.clone()).key(format!("order of a {item}")).await?;
    match run.result().await {
        Ok(parcel) => println!("sent: {parcel}"),
        Err(error) => println!("not sent: {error}"),
    }
    engine.shutdown().await;
    Ok(())
}

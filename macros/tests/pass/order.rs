//! A workflow with steps, run on the memory store.
#![deny(warnings, missing_docs)]

use flowcrate::store::MemoryStore;
use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};
use serde::{Deserialize, Serialize};

/// An order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Prices of its items.
    pub items: Vec<i64>,
}

/// What was paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// In all.
    pub total: i64,
    /// Where the charges stand in the journal.
    pub paths: Vec<String>,
}

/// Charges for one item.
#[step(
    id = "charge_card",
    kind = "test.charge@1",
    retry(max_attempts = 5, initial = "1ms", factor = 1.5, cap = "1s", jitter),
    timeout = "30s",
    total = "10m",
    heartbeat = "10s",
    retry_on("retryable", "timeout", "panic"),
    on_exhausted = "fail"
)]
async fn charge(step: StepContext, price: i64) -> Result<(i64, String), StepError> {
    if step.attempt() < 2 {
        return Err(StepError::retryable("busy", "try again"));
    }
    Ok((price, step.path().to_owned()))
}

/// Has no input.
#[step]
async fn ping(_step: StepContext) -> Result<(), StepError> {
    Ok(())
}

/// Takes an order in.
#[workflow(name = "order-intake", revision = "7", adopts("5", "6"), events("shipped"))]
pub async fn order_intake(ctx: Context, order: Order) -> Result<Receipt> {
    ping(&ctx).await?;
    let mut receipt = Receipt { total: 0, paths: Vec::new() };
    for (index, price) in order.items.iter().enumerate() {
        let (paid, path) = charge(&ctx, *price).key(format!("item {index}")).await?;
        receipt.total += paid;
        receipt.paths.push(path);
    }
    let charged = ctx
        .for_each("each", order.items, 2, async |ctx: Context, price, _| charge(&ctx, price).await)
        .await?;
    for (paid, path) in charged {
        receipt.total += paid;
        receipt.paths.push(path);
    }
    Ok(receipt)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let receipt = runtime.block_on(async {
        let engine = Engine::builder()
            .store(MemoryStore::default())
            .register(OrderIntake)
            .build()
            .await
            .unwrap();
        let run = engine.start(OrderIntake, Order { items: vec![3, 4] }).await.unwrap();
        run.result().await.unwrap()
    });
    assert_eq!(
        receipt,
        Receipt {
            total: 14,
            paths: [
                "charge_card[item 0]",
                "charge_card[item 1]",
                "each[0]/charge_card",
                "each[1]/charge_card",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    );
    let definition = flowcrate::Workflow::definition(&OrderIntake);
    assert_eq!((definition.name.as_str(), definition.revision.as_str()), ("order-intake", "7"));
    assert_eq!(definition.adopts, ["5", "6"]);
    assert_eq!(definition.events[0].name, "shipped");
}

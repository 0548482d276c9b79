//! Flows of scopes that end in all sorts of ways.

use std::time::Duration;

use flowcrate::testkit::Ledger;
use flowcrate::{Caught, Context, Failure, Result, WaitEvent};
use serde_json::{Value, json};

use crate::engine::kit::Steps;

const MOMENT: Duration = Duration::from_millis(25);

/// A branch that holds something until it is cancelled, and gives it back.
async fn holds(ctx: Context, ledger: &Ledger) -> Result<Value> {
    ctx.try_scope("hold", async |ctx: Context| {
        ledger.step(&ctx, "take", 1).await?;
        ctx.wait_event::<Value>("never", WaitEvent::new("b")).received().await
    })
    .finally(async |ctx: Context| {
        ledger.step(&ctx, "give_back", 1).await?;
        ctx.sleep("breathe", MOMENT).await?;
        ledger.step(&ctx, "report", 1).await
    })
    .await
}

pub(super) async fn race(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let won = ctx
        .race::<Value>("race")
        .branch("a", async |ctx: Context| holds(ctx, &ledger).await)
        .branch("b", async |ctx: Context| {
            ledger.step(&ctx, "one", 1).await?;
            ctx.sleep("nap", MOMENT).await?;
            ledger.step(&ctx, "two", 2).await
        })
        .branch("c", async |ctx: Context| {
            ledger.step(&ctx, "three", 3).await?;
            Err(Failure::new("lost", "lost").at("c").into())
        })
        .await?;
    ledger.step(&ctx, "after", won).await
}

/// A race in a `try` in a `for_each`, and the other way round.
pub(super) async fn races(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let results: Vec<Value> = ctx
        .for_each("each", vec![1, 2], 2, async |ctx: Context, item: i32, _| {
            ctx.try_scope("try", async |ctx: Context| {
                ctx.race::<Value>("race")
                    .branch("a", async |ctx: Context| holds(ctx, &ledger).await)
                    .branch("b", async |ctx: Context| {
                        ledger.step(&ctx, "one", item).await?;
                        Err(Failure::new("lost", "lost").at("b").into())
                    })
                    .branch("c", async |ctx: Context| {
                        let list: Vec<Value> = ctx
                            .for_each("inner", vec![3, 4], 1, async |ctx: Context, item: i32, _| {
                                ledger.step(&ctx, "two", item).await
                            })
                            .await?;
                        Ok(json!(list))
                    })
                    .await
            })
            .finally(async |ctx: Context| ledger.step(&ctx, "last", item).await)
            .await
        })
        .await?;
    Ok(json!(results))
}

pub(super) async fn tries(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let caught = ctx
        .try_scope("outer", async |ctx: Context| {
            ctx.try_scope("inner", async |ctx: Context| {
                ledger.step(&ctx, "one", 1).await?;
                ledger.flaky(&ctx, "fails", 9).await.map(Value::from)
            })
            .catch(async |ctx: Context, failure: Failure| {
                ledger.step(&ctx, "catch", failure.code.clone()).await?;
                Err(failure.into())
            })
            .finally(async |ctx: Context| {
                ledger.step(&ctx, "finally", 1).await?;
                Err::<(), _>(Failure::new("worse", "worse").at("finally").into())
            })
            .await
        })
        .catch(async |ctx: Context, failure: Failure| {
            ctx.sleep("nap", MOMENT).await?;
            ledger.step(&ctx, "catch", failure.code).await
        })
        .await?;
    ledger.step(&ctx, "after", caught).await
}

pub(super) async fn timeouts(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let late = ctx.timeout("late", MOMENT, async |ctx: Context| holds(ctx, &ledger).await).await?;
    let timely = ctx
        .timeout("timely", Duration::from_hours(1), async |ctx: Context| {
            ledger.step(&ctx, "one", 1).await?;
            ledger.step(&ctx, "two", json!(null)).await
        })
        .await?;
    let failed = ctx
        .timeout("failed", Duration::from_hours(1), async |ctx: Context| {
            ledger.flaky(&ctx, "fails", 9).await
        })
        .await
        .caught()?;
    let code = failed.map_or_else(|failure| failure.code, |_| "none".to_owned());
    ledger.step(&ctx, "after", json!([late, timely, code])).await
}

/// The first failure of a `for_each` cancels the other items.
pub(super) async fn stops(ctx: Context, _: Value, ledger: Ledger) -> Result<Value> {
    let failed = ctx
        .for_each::<_, Value, _, _>("each", vec![1, 2, 3, 4], 3, async |ctx: Context, item, _| {
            if item != 3 {
                return holds(ctx, &ledger).await;
            }
            ledger.step(&ctx, "one", 1).await?;
            ctx.sleep("nap", MOMENT).await?;
            Err(Failure::new("stop", "stop").at("three").into())
        })
        .await
        .caught()?;
    let code = failed.map_or_else(|failure| failure.code, |_| "none".to_owned());
    ledger.step(&ctx, "after", code).await
}

//! The flows whose journals are kept. A flow never changes once a journal of it is kept: a change
//! is another flow.

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use std::ops::ControlFlow;

use flowcrate::{
    Caught, Context, Engine, EngineBuilder, Failure, Result, RunId, StepContext, StepError, Undo,
    WaitEvent, join, step, workflow,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The flows to record.
pub(super) const NAMES: &[&str] = &["order", "journey", "trip"];

pub(super) fn register(builder: EngineBuilder) -> EngineBuilder {
    builder.register(Order).register(Journey).register(Leaf).register(Trip)
}

pub(super) async fn start(engine: &Engine, name: &str) -> RunId {
    match name {
        "order" => {
            let start = engine.start(Order, json!({"items": [1, 2, 3]})).key("golden");
            start.await.unwrap().id()
        }
        "journey" => engine.start(Journey, 2).tag("customer", "7").await.unwrap().id(),
        "trip" => engine.start(Trip, 3).await.unwrap().id(),
        other => panic!("there is no flow {other}"),
    }
}

static BODIES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);

/// The paths of the bodies that ran.
pub(super) fn bodies() -> Vec<String> {
    BODIES.lock().unwrap().clone()
}

pub(super) fn forget_bodies() {
    BODIES.lock().unwrap().clear();
}

fn runs(step: &StepContext) {
    BODIES.lock().unwrap().push(step.path().to_owned());
}

#[derive(Deserialize)]
struct Paid {
    cents: u32,
}

#[step(id = "look_up")]
async fn look_up(step: StepContext, what: String) -> Result<Value, StepError> {
    runs(&step);
    Ok(json!({"name": what, "odd": null, "big": "x".repeat(50)}))
}

/// Fails once.
#[step(id = "charge", retry(max_attempts = 3, initial = "1ms"))]
async fn charge(step: StepContext, cents: u32) -> Result<u32, StepError> {
    runs(&step);
    match step.attempt() {
        1 => Err(StepError::retryable("declined", "try again")),
        _ => Ok(cents),
    }
}

/// Fails for good.
#[step(id = "insure")]
async fn insure(step: StepContext, _cents: u32) -> Result<u32, StepError> {
    runs(&step);
    Err(StepError::fatal("no_insurer", "nobody insures this"))
}

#[step(id = "pack")]
async fn pack(step: StepContext, item: u32) -> Result<u32, StepError> {
    runs(&step);
    Ok(item * 10)
}

/// A bit of everything that format 1 had.
#[workflow(name = "order", revision = "1", events("paid"))]
async fn order(ctx: Context, input: Value) -> Result<Value> {
    let items: Vec<u32> = serde_json::from_value(input["items"].clone()).unwrap_or_default();
    let (customer, insured) =
        join((look_up(&ctx, "Ada".to_owned()), async { insure(&ctx, 7).await.caught() })).await?;
    let packed = ctx
        .for_each("each_item", items, 2, async |ctx: Context, item, _| pack(&ctx, item).await)
        .await?;
    ctx.sleep("rest", Duration::from_millis(5)).await?;
    let paid = ctx.wait_event::<Paid>("paid", WaitEvent::new("paid")).await?;
    let charged = charge(&ctx, paid.map_or(0, |paid| paid.cents)).await?;
    let insured = insured.map_err(|failure| failure.code);
    Ok(json!({"customer": customer, "packed": packed, "charged": charged, "insured": insured}))
}

/// So large that it does not stand in its entry.
#[step(id = "expand")]
async fn expand(step: StepContext, length: usize) -> Result<String, StepError> {
    runs(&step);
    Ok("z".repeat(length))
}

#[workflow(name = "leaf", revision = "1")]
async fn leaf(ctx: Context, number: u32) -> Result<u32> {
    pack(&ctx, number).await
}

/// What format 2 has besides: loops, races, scopes, children, recorded values, answers.
#[workflow(name = "journey", revision = "1", events("paid"))]
async fn journey(ctx: Context, number: u32) -> Result<Value> {
    let rate = ctx.memo("rate", || 7_u32).await?;
    let dice = (ctx.random("dice"), ctx.uuid("name"));
    ctx.publish(&json!({"stage": "begun"}))?;
    let rounds = ctx
        .while_loop("poll", 0_u32, async |ctx: Context, state: u32| {
            let packed = pack(&ctx, state + 1).await?;
            Ok(if state < 2 {
                ControlFlow::Continue(state + 1)
            } else {
                ControlFlow::Break(packed)
            })
        })
        .await?;
    let won = ctx
        .race::<u32>("payment")
        .branch("card", async |ctx: Context| pack(&ctx, 4).await)
        .branch("never", async |ctx: Context| {
            ctx.sleep("an_hour", Duration::from_hours(1)).await?;
            Ok(0)
        })
        .await?;
    let tried = ctx
        .try_scope("risky", async |ctx: Context| insure(&ctx, 1).await)
        .catch(async |_: Context, failure: Failure| Ok(failure.attempts))
        .finally(async |ctx: Context| pack(&ctx, 5).await.map(drop))
        .await?;
    let late = ctx
        .timeout("quick", Duration::from_millis(5), async |ctx: Context| {
            ctx.sleep("an_hour", Duration::from_hours(1)).await
        })
        .await?;
    let child = ctx.call("child", Leaf, number).await?;
    ctx.respond("answer", &json!({"child": child})).await?;
    ctx.publish(&json!({"stage": "waits"}))?;
    let paid = ctx.wait_event::<Paid>("paid", WaitEvent::new("paid")).await?;
    let paid = paid.map(|paid| paid.cents);
    let large = expand(&ctx, 66_000).await?.len();
    Ok(json!([
        rate,
        rounds,
        won,
        tried,
        late.is_none(),
        child,
        paid,
        large,
        dice.0,
        dice.1.to_string()
    ]))
}

#[derive(Clone, Serialize, Deserialize)]
struct Refund {
    seat: u32,
}

#[step(id = "refund")]
async fn refund(step: StepContext, refund: Refund) -> Result<u32, StepError> {
    runs(&step);
    Ok(refund.seat)
}

/// Fails, and undoes what it did.
#[workflow(name = "trip", revision = "1", undo(refund))]
async fn trip(ctx: Context, seats: u32) -> Result<u32> {
    for seat in 0..seats {
        let back = Undo::new(refund, move |_: &u32| Refund { seat });
        pack(&ctx, seat).key(seat.to_string()).undo(back).await?;
    }
    insure(&ctx, 1).await
}

//! The flows whose journals are kept. A flow never changes once a journal of it is kept: a change
//! is another flow.

use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use flowcrate::{
    Caught, Context, Engine, EngineBuilder, Result, RunId, StepContext, StepError, WaitEvent, join,
    step, workflow,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The flows to record.
pub(super) const NAMES: &[&str] = &["order"];

pub(super) fn register(builder: EngineBuilder) -> EngineBuilder {
    builder.register(Order)
}

pub(super) async fn start(engine: &Engine, name: &str) -> RunId {
    let started = match name {
        "order" => engine.start(Order, json!({"items": [1, 2, 3]})).key("golden").await,
        other => panic!("there is no flow {other}"),
    };
    started.unwrap().id()
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

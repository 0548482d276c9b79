//! Somebody calls, and waits for the answer: a run is started for the call, and answers it while
//! it goes on.

use std::time::Duration;

use flowcrate::{Context, Result, RunState, StepContext, StepError, step, workflow};
use serde_json::{Value, json};

use super::kit::{engine, run_test, until};

#[step]
async fn price(_step: StepContext, order: Value) -> Result<i64, StepError> {
    let items = order["items"].as_i64();
    items.map(|items| items * 7).ok_or_else(|| StepError::fatal("items", "how many?"))
}

/// Answers as the caller asks for it, and goes on.
#[workflow(name = "called", revision = "1")]
async fn called(ctx: Context, call: Value) -> Result<String> {
    match call["answer"].as_str() {
        Some("static") => ctx.respond("reply", &json!({ "status": "accepted" })).await?,
        Some("computed") => {
            let price = price(&ctx, call).await?;
            ctx.respond("reply", &json!({ "price": price })).await?;
        }
        // Nothing of its own: the caller gets the default.
        _ => {}
    }
    ctx.sleep("work", Duration::from_millis(20)).await?;
    Ok("done".to_owned())
}

async fn answer(call: Value) -> Option<Value> {
    let engine = engine(Called).await;
    let run = engine.start(Called, call).await.unwrap();
    let response = engine.client().response::<Value>(run.id()).await.unwrap();
    if response.is_some() {
        // The caller has its answer, and the run goes on.
        let view = engine.client().run(run.id()).await.unwrap().unwrap();
        assert!(!view.state.is_final(), "{:?}", view.state);
    }
    assert_eq!(run.result().await.unwrap(), "done");
    // The answer stays for who asks again.
    assert_eq!(engine.client().response::<Value>(run.id()).await.unwrap(), response);
    until(&engine, run.id(), RunState::Completed).await;
    response
}

#[test]
fn a_webhook_waits_with_the_default_answer() {
    run_test(async { assert_eq!(answer(json!({})).await, None) });
}

#[test]
fn a_webhook_waits_with_a_static_answer() {
    run_test(async {
        let got = answer(json!({ "answer": "static" })).await;
        assert_eq!(got, Some(json!({ "status": "accepted" })));
    });
}

#[test]
fn a_webhook_waits_with_a_computed_answer() {
    run_test(async {
        let got = answer(json!({ "answer": "computed", "items": 6 })).await;
        assert_eq!(got, Some(json!({ "price": 42 })));
    });
}

#[test]
fn a_webhook_whose_run_fails_before_it_answers_is_told_of_the_end() {
    run_test(async {
        let engine = engine(Called).await;
        let run = engine.start(Called, json!({ "answer": "computed" })).await.unwrap();
        assert_eq!(engine.client().response::<Value>(run.id()).await.unwrap(), None);
        assert_eq!(run.result().await.unwrap_err().code(), "items");
    });
}

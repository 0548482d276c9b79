//! Waiting for events.

use flowcrate::{Context, Error, Result, RunState, SendEvent, WaitEvent, workflow};
use serde_json::{Value, json};

use super::kit::{engine, run_test, until};

#[workflow(name = "collects", revision = "1", events("item" = String))]
async fn collects(ctx: Context, count: u32) -> Result<Vec<String>> {
    let mut items = Vec::new();
    for number in 0..count {
        let wait = WaitEvent::new("item");
        let item: Option<String> = ctx.wait_event(format!("item_{number}"), wait).await?;
        items.extend(item);
    }
    Ok(items)
}

fn keyed(key: &str) -> SendEvent {
    SendEvent { key: Some(key.to_owned()), ..SendEvent::default() }
}

#[test]
fn several_payloads_come_in_order() {
    run_test(async {
        let engine = engine(Collects).await;
        let run = engine.start(Collects, 4).await.unwrap();
        let client = engine.client();
        // Two that come early, and two that are waited for.
        for (number, text) in ["a", "b", "c", "d"].into_iter().enumerate() {
            if number == 2 {
                until(&engine, run.id(), RunState::Waiting).await;
            }
            let id = SendEvent { event_id: Some(text.to_owned()), ..SendEvent::default() };
            // The sender is not sure, and sends again.
            client.send_event(run.id(), "item", json!(text), id.clone()).await.unwrap();
            drop(client.send_event(run.id(), "item", json!(text), id).await);
        }
        assert_eq!(run.result().await.unwrap(), ["a", "b", "c", "d"]);
    });
}

#[test]
fn an_unknown_name_is_refused() {
    run_test(async {
        let engine = engine(Collects).await;
        let run = engine.start(Collects, 1).await.unwrap();
        let client = engine.client();
        let send = async |name: &str, payload: Value| {
            client.send_event(run.id(), name, payload, SendEvent::default()).await
        };
        assert_eq!(send("itm", json!("x")).await, Err(Error::UndeclaredEvent("itm".to_owned())));
        // Nor is a payload acknowledged that the run could not read.
        assert_eq!(send("item", json!(7)).await.unwrap_err().code(), "codec");
        send("item", json!("x")).await.unwrap();
        assert_eq!(run.result().await.unwrap(), ["x"]);
    });
}

#[test]
fn a_name_is_reusable_after_the_run() {
    run_test(async {
        let engine = engine(Collects).await;
        for text in ["first", "second"] {
            let run = engine.start(Collects, 1).await.unwrap();
            let client = engine.client();
            let options = SendEvent { event_id: Some("e".to_owned()), ..SendEvent::default() };
            client.send_event(run.id(), "item", json!(text), options.clone()).await.unwrap();
            assert_eq!(run.result().await.unwrap(), [text]);
            // What comes after the end is refused, not kept for another run.
            let late = client.send_event(run.id(), "item", json!("late"), keyed("k")).await;
            assert_eq!(late, Err(Error::Finished(run.id())));
        }
    });
}

#[workflow(name = "keyed", revision = "1", events("paid" = u32))]
async fn by_key(ctx: Context, keys: Vec<String>) -> Result<Vec<u32>> {
    let body = async |ctx: Context, key: String, _| {
        let wait = WaitEvent::new("paid").key(key);
        Ok(ctx.wait_event::<u32>("paid", wait).await?.unwrap_or_default())
    };
    ctx.for_each("each", keys, 10, body).await
}

#[test]
fn an_event_goes_to_the_wait_with_its_key() {
    run_test(async {
        let engine = engine(ByKey).await;
        let keys = ["x", "y", "z"];
        let run = engine.start(ByKey, keys.map(str::to_owned).to_vec()).await.unwrap();
        for (key, amount) in [("z", 3), ("x", 1), ("y", 2)] {
            let client = engine.client();
            client.send_event(run.id(), "paid", json!(amount), keyed(key)).await.unwrap();
        }
        assert_eq!(run.result().await.unwrap(), [1, 2, 3]);
    });
}

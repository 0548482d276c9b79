//! Handles: a run by its type, its id, its key.

use flowcrate::store::MemoryStore;
use flowcrate::{Error, RunFilter, SendEvent, WaitEvent};
use serde_json::{Value, json};

use super::kit::{Flow, engine, engine_on, flow, run_test};

fn waiting() -> Flow {
    flow(|ctx, input: Value| async move {
        ctx.publish(&json!({ "waits": true }))?;
        let got = ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await?;
        Ok(json!([input, got]))
    })
}

#[test]
fn a_run_is_found_again_by_its_id_and_by_its_key() {
    run_test(async {
        let workflow = waiting();
        let engine = engine(&workflow).await;
        let start = engine.start(workflow.clone(), json!(1)).key("order-1");
        let run = start.tag("customer", "7").tag("region", "eu").await.unwrap();
        let by_id = engine.handle::<Flow>(run.id());
        let by_key = engine.attach(workflow.clone(), "order-1").await.unwrap().unwrap();
        assert_eq!((by_id.id(), by_key.id()), (run.id(), run.id()));
        assert!(engine.attach(workflow, "order-2").await.unwrap().is_none());
        while by_id.published::<Value>().await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        by_key.send_event("a", json!(2), SendEvent::default()).await.unwrap();
        assert_eq!(by_id.result().await.unwrap(), json!([1, 2]));
        assert_eq!(by_id.view().await.unwrap().tags["customer"], "7");
        let tags = [("region".to_owned(), "eu".to_owned())].into();
        let filter = RunFilter { tags, ..RunFilter::default() };
        let page = by_id.client().runs(filter, None).await.unwrap();
        assert_eq!(page.items.len(), 1);
        let unknown = engine.handle::<Flow>(flowcrate::RunId::new()).result().await;
        assert_eq!(unknown.unwrap_err().code(), "unknown_run");
    });
}

#[test]
fn r22_a_key_holds_across_revisions_and_belongs_to_its_input() {
    run_test(async {
        let store = MemoryStore::new();
        let old = waiting();
        let engine = engine_on(store.clone(), &old).await;
        let run = engine.start(old.clone(), json!({ "a": 1 })).key("k").await.unwrap();
        engine.shutdown().await;
        let new = waiting().in_revision("2");
        let engine = engine_on(store, &new).await;
        // The same key and input are the same run, whatever revision is current by now.
        let same = engine.start(new.clone(), json!({ "a": 1, "b": null })).key("k").await.unwrap();
        assert_eq!(same.id(), run.id());
        assert_eq!(same.view().await.unwrap().revision, "1");
        let Err(Error::KeyReused { key, run: holder }) =
            engine.start(new.clone(), json!({ "a": 2 })).key("k").await
        else {
            panic!("another input went through")
        };
        assert_eq!((key.as_str(), holder), ("k", run.id()));
        assert_eq!(engine.attach(new, "k").await.unwrap().unwrap().id(), run.id());
    });
}

#[test]
fn a_handle_cancels_with_a_reason() {
    run_test(async {
        let workflow = waiting();
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        run.clone().cancel("enough").await.unwrap();
        assert!(run.result().await.is_err());
        assert_eq!(run.view().await.unwrap().stop.unwrap().reason.as_deref(), Some("enough"));
    });
}

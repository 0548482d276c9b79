//! Names that no store takes: a run that comes to one is paused, with its place; a call is refused.

use flowcrate::store::{MAX_NAME, MAX_PATH};
use flowcrate::{Caught, RunState, SendEvent, WaitEvent};
use serde_json::{Value, json};

use super::kit::{Steps, counted, engine, flow, run_test, until};
use flowcrate::testkit::Ledger;

/// The run stands still, and says where.
fn pauses(key: String, code: &'static str) {
    run_test(async move {
        let workflow = counted(&Ledger::default(), move |ctx, _, ledger| {
            let key = key.clone();
            async move {
                ledger.step(&ctx, "one", 1).await?;
                ledger.step(&ctx, "two", 2).key(key).await
            }
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let view = until(&engine, &run, RunState::Paused).await;
        let failure = view.failure.unwrap();
        assert_eq!(failure.code, code);
        assert!(failure.path.starts_with("two["), "{failure}");
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!(journal.len(), 1);
    });
}

#[test]
fn a_path_that_no_store_takes_pauses_the_run() {
    pauses("x".repeat(MAX_PATH), "bad_path");
    pauses("a\0b".to_owned(), "bad_path");
}

#[test]
fn an_event_that_no_store_can_wait_for_pauses_the_run() {
    run_test(async {
        let workflow = flow(async |ctx: flowcrate::Context, _| {
            let wait = WaitEvent::new("a").key("x".repeat(MAX_NAME + 1));
            Ok(json!(ctx.wait_event::<Value>("wait", wait).await?))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let failure = until(&engine, &run, RunState::Paused).await.failure.unwrap();
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("bad_name", "wait"));
    });
}

#[test]
fn what_is_asked_with_such_a_name_is_refused() {
    run_test(async {
        let workflow = flow(async |ctx: flowcrate::Context, _| {
            ctx.sleep("nap", std::time::Duration::from_mins(1)).await.caught()?.ok();
            Ok(json!(null))
        });
        let engine = engine(&workflow).await;
        for bad in ["x".repeat(MAX_NAME + 1), "a\0b".to_owned()] {
            let start = || engine.start(workflow.clone(), json!(null));
            assert_eq!(start().key(bad.clone()).await.map(drop).unwrap_err().code(), "bad_name");
            assert_eq!(
                start().tag("t", bad.clone()).await.map(drop).unwrap_err().code(),
                "bad_name"
            );
            let run = start().await.unwrap();
            let client = engine.client();
            let event = SendEvent { key: Some(bad.clone()), event_id: None };
            let sent = client.send_event(run.id(), "a", json!(1), event).await;
            assert_eq!(sent.unwrap_err().code(), "bad_name");
            let event = SendEvent { key: None, event_id: Some(bad) };
            let sent = client.send_event(run.id(), "a", json!(1), event).await;
            assert_eq!(sent.unwrap_err().code(), "bad_name");
        }
    });
}

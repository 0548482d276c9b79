//! What a workflow must not await is caught, and the message names what to use in its place.

use std::time::Duration;

use flowcrate::{Error, Failure};
use serde_json::json;

use super::kit::{Flow, engine, flow, run_test};

/// Why a flow is paused.
async fn paused(workflow: Flow) -> Failure {
    let engine = engine(&workflow).await;
    let run = engine.start(workflow, json!(null)).await.unwrap();
    match run.result().await {
        Err(Error::Paused(failure)) => failure,
        other => panic!("not paused: {other:?}"),
    }
}

fn names_what_to_use(failure: &Failure) {
    assert_eq!(failure.code, "foreign_await", "{failure}");
    for part in ["`ctx.sleep`", "`ctx.wait_event`", "a step", "`ctx.for_each`"] {
        assert!(failure.message.contains(part), "no {part} in {failure}");
    }
}

#[test]
fn a_timer_of_tokio_is_caught() {
    run_test(async {
        let failure = paused(flow(|_, _| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(json!(null))
        }))
        .await;
        names_what_to_use(&failure);
        assert!(failure.message.starts_with("the workflow calls tokio"), "{failure}");
    });
}

#[test]
fn a_task_of_tokio_is_caught() {
    run_test(async {
        let failure = paused(flow(|_, _| async move {
            let task = tokio::spawn(async { 1 });
            Ok(json!(task.await.unwrap()))
        }))
        .await;
        names_what_to_use(&failure);
        // On a runtime that it brought along.
        let handle = tokio::runtime::Handle::current();
        let failure = paused(flow(move |_, _| {
            let handle = handle.clone();
            async move {
                let task = handle.spawn(tokio::time::sleep(Duration::from_millis(5)));
                task.await.unwrap();
                Ok(json!(null))
            }
        }))
        .await;
        names_what_to_use(&failure);
    });
}

#[test]
fn a_foreign_channel_is_caught() {
    run_test(async {
        let (sender, receiver) = tokio::sync::watch::channel(0);
        let workflow = flow(move |ctx, _| {
            let mut receiver = receiver.clone();
            async move {
                let changed = async { receiver.changed().await.map_err(|_| Error::Cancelled) };
                flowcrate::join((changed, ctx.sleep("nap", Duration::from_hours(1)))).await?;
                Ok(json!(null))
            }
        });
        let later = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            sender.send(1).unwrap();
        });
        let failure = paused(workflow).await;
        names_what_to_use(&failure);
        assert!(failure.message.contains("was woken by something"), "{failure}");
        later.await.unwrap();
        // Nobody wakes this one, ever.
        let failure = paused(flow(|_, _| async move {
            std::future::pending::<()>().await;
            Ok(json!(null))
        }))
        .await;
        names_what_to_use(&failure);
        assert!(failure.message.contains("waits, but for nothing"), "{failure}");
    });
}

//! Steps, retries, results.

use flowcrate::Engine;
use flowcrate::store::MemoryStore;
use serde_json::json;

use crate::kit::{Ledger, flow, run_test};

#[test]
fn a_run_returns_what_its_steps_made() {
    run_test(async {
        let ledger = Ledger::default();
        let steps = ledger.clone();
        let workflow = flow(move |ctx, input| {
            let steps = steps.clone();
            async move {
                let one = steps.step(&ctx, "one", input).await?;
                let two = steps.step(&ctx, "two", json!({ "one": one })).await?;
                steps.step(&ctx, "three", two).await
            }
        });
        let engine = Engine::builder()
            .store(MemoryStore::new())
            .register(workflow.clone())
            .build()
            .await
            .unwrap();
        let run = engine.start(workflow, json!(7)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!({ "one": 7 }));
        let journal = engine.client().journal(run.id()).await.unwrap();
        let paths: Vec<_> = journal.iter().map(|entry| (entry.path.as_str(), entry.seq)).collect();
        assert_eq!(paths, [("one", Some(0)), ("two", Some(1)), ("three", Some(2))]);
        assert_eq!(ledger.all().into_values().collect::<Vec<_>>(), [1, 1, 1]);
        engine.shutdown().await;
    });
}

#[test]
fn a_failed_attempt_is_tried_again() {
    run_test(async {
        let ledger = Ledger::default();
        let steps = ledger.clone();
        let workflow = flow(move |ctx, _| {
            let steps = steps.clone();
            async move { Ok(json!(steps.flaky(&ctx, "one", 3).await?)) }
        });
        let engine = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
        let engine = engine.build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(4));
        assert_eq!(ledger.of("one"), 4);
    });
}

//! The two storms that corrupt a journal which tells steps apart by position.
//!
//! 600 runs at once on one SQLite file. Whatever comes first, each outcome must be its own step's.

use std::collections::BTreeMap;
use std::time::Duration;

use flowcrate::sqlite::SqliteStore;
use flowcrate::{
    Context, Engine, EntryStatus, Result, RunId, SendEvent, StepContext, StepError, WaitEvent,
    step, workflow,
};
use serde_json::json;

use super::kit::run_test;

const RUNS: u32 = 600;

#[step(retry(max_attempts = 3, initial = "1ms"))]
async fn label(step: StepContext, (run, part): (u32, u32)) -> Result<String, StepError> {
    // In another order in each run, and some of them only the second time.
    tokio::time::sleep(Duration::from_millis(u64::from((run * 7 + part * 13) % 5))).await;
    if (run + part).is_multiple_of(17) && step.attempt() == 1 {
        return Err(StepError::retryable("again", "once more"));
    }
    Ok(format!("{run}/{part}"))
}

#[workflow(name = "storm", revision = "1")]
async fn storm(ctx: Context, run: u32) -> Result<Vec<String>> {
    let body = async |ctx: Context, part: u32, _| label(&ctx, (run, part)).await;
    let first = ctx.for_each("each", (0..6).collect(), 6, body).await?;
    let last = label(&ctx, (run, 6)).key("last").await?;
    Ok(first.into_iter().chain([last]).collect())
}

async fn engine_on(directory: &tempfile::TempDir) -> Engine {
    let store = SqliteStore::open(directory.path().join("journal.db")).unwrap();
    let builder = Engine::builder().store(store).register(Storm).register(Hooks);
    // What waits is a row at once, so that the storm goes through the file.
    builder.linger(Duration::ZERO).build().await.unwrap()
}

#[test]
fn step_storm() {
    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let engine = engine_on(&directory).await;
        let mut runs = Vec::new();
        for number in 0..RUNS {
            runs.push((number, engine.start(Storm, number).await.unwrap()));
        }
        for (number, run) in runs {
            let expected: Vec<_> = (0..7).map(|part| format!("{number}/{part}")).collect();
            assert_eq!(run.result().await.unwrap(), expected, "run {number} is corrupt");
            let journal = engine.client().journal(run.id()).await.unwrap();
            let outcomes: BTreeMap<_, _> = journal
                .into_iter()
                .inspect(|entry| assert_eq!(entry.status, EntryStatus::Completed))
                .map(|entry| (entry.path, entry.output))
                .collect();
            // 7 steps, 6 items, the loop.
            assert_eq!(outcomes.len(), 14);
            for part in 0..6 {
                let of = &outcomes[&format!("each[{part}]/label")];
                assert_eq!(*of, Some(json!(format!("{number}/{part}"))));
            }
        }
    });
}

#[workflow(name = "hooks", revision = "1", events("hook" = String))]
async fn hooks(ctx: Context, run: u32) -> Result<Vec<String>> {
    let body = async |ctx: Context, part: u32, _| {
        let wait = WaitEvent::new("hook").key(part.to_string());
        let got: Option<String> = ctx.wait_event("hook", wait).await?;
        let wait = WaitEvent::new("hook").key(part.to_string());
        let more: Option<String> = ctx.wait_event("more", wait).await?;
        Ok(format!("{}+{}", got.unwrap_or_default(), more.unwrap_or_default()))
    };
    let mut got = ctx.for_each("each", (0..3).collect(), 3, body).await?;
    got.push(run.to_string());
    Ok(got)
}

async fn send(engine: &Engine, run: RunId, number: u32, part: u32, nth: u32) {
    let id = format!("{part}/{nth}");
    let options = SendEvent { key: Some(part.to_string()), event_id: Some(id) };
    let payload = json!(format!("{number}/{part}/{nth}"));
    let client = engine.client();
    client.send_event(run, "hook", payload.clone(), options.clone()).await.unwrap();
    if number.is_multiple_of(3) {
        // Delivered twice.
        client.send_event(run, "hook", payload, options).await.unwrap();
    }
}

#[test]
fn hook_storm() {
    run_test(async {
        let directory = tempfile::tempdir().unwrap();
        let engine = engine_on(&directory).await;
        let mut runs = Vec::new();
        for number in 0..RUNS {
            runs.push((number, engine.start(Hooks, number).await.unwrap()));
        }
        // Four senders, each with a quarter of the runs, all keys of a run at once.
        let mut senders = Vec::new();
        for quarter in 0..4 {
            let engine = engine.clone();
            let runs: Vec<_> = runs.iter().map(|(number, run)| (*number, run.id())).collect();
            senders.push(tokio::spawn(async move {
                for (number, run) in runs.into_iter().filter(|(number, _)| number % 4 == quarter) {
                    for nth in 0..2 {
                        for part in [2, 0, 1] {
                            // The last event of the last key ends the run.
                            if (part, nth) != (1, 1) {
                                send(&engine, run, number, part, nth).await;
                            }
                        }
                    }
                    let options = SendEvent { key: Some("1".to_owned()), event_id: None };
                    let payload = json!(format!("{number}/1/1"));
                    engine.client().send_event(run, "hook", payload, options).await.unwrap();
                }
            }));
        }
        for sender in senders {
            sender.await.unwrap();
        }
        for (number, run) in runs {
            let got = run.result().await.unwrap();
            let part = |part| format!("{number}/{part}/0+{number}/{part}/1");
            let expected = vec![part(0), part(1), part(2), number.to_string()];
            assert_eq!(got, expected, "run {number} is corrupt");
        }
    });
}

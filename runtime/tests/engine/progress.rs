//! Progress streams: durable items of running bodies, read from an index and followed.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::{MemoryStore, Store};
use flowcrate::testkit::{Fault, FaultStore, Ledger};
use flowcrate::{Client, Engine, Policy, ProgressItem, RunId, RunState, StepError, StepSpec, join};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, flow, run_test, until};

/// Appends to `log` 0..5 with a pause before each, then fails its first attempt.
fn chatty(once: bool) -> Flow {
    flow(move |ctx, _| async move {
        let policy = Policy { initial: Duration::from_millis(1), ..Policy::default() };
        let spec = StepSpec::new("import", "step").policy(policy);
        let step = ctx.step(spec, (), move |step, ()| async move {
            let log = step.progress("log");
            for row in 0..5 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                let line = format!("{}.{row}", step.attempt());
                if once {
                    log.append_once(row.to_string(), &line).await?;
                } else {
                    log.append(&line).await?;
                }
            }
            if step.attempt() == 1 {
                return Err(StepError::retryable("again", "again"));
            }
            Ok(json!(null))
        });
        step.await
    })
}

async fn lines(client: &Client, run: RunId, from: u64) -> Vec<(u64, String)> {
    let mut stream = client.stream(run, "log").from(from);
    let mut lines = Vec::new();
    while let Some(item) = stream.next::<String>().await.unwrap() {
        lines.push((item.index, item.value));
    }
    lines
}

fn expected(lines: &[&str]) -> Vec<(u64, String)> {
    (0..).zip(lines.iter().map(|line| (*line).to_owned())).collect()
}

#[test]
fn a_stream_is_followed_live_until_the_run_ends() {
    run_test(async {
        let workflow = chatty(false);
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        // An attempt that is repeated appends again.
        let all = lines(&engine.client(), run.id(), 0).await;
        let names = ["1.0", "1.1", "1.2", "1.3", "1.4", "2.0", "2.1", "2.2", "2.3", "2.4"];
        assert_eq!(all, expected(&names));
        assert_eq!(run.result().await.unwrap(), json!(null));
        let rest = lines(&engine.client(), run.id(), 8).await;
        assert_eq!(rest, expected(&names)[8..]);
        assert!(lines(&engine.client(), run.id(), 99).await.is_empty());
    });
}

#[test]
fn an_item_with_an_id_is_appended_once() {
    run_test(async {
        let workflow = chatty(true);
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let all = lines(&engine.client(), run.id(), 0).await;
        assert_eq!(all, expected(&["1.0", "1.1", "1.2", "1.3", "1.4"]));
    });
}

#[test]
fn what_is_there_is_read_without_waiting() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let talk = |id: &'static str| {
                ctx.step(StepSpec::new(id, "step"), (), move |step, ()| async move {
                    step.progress("log").append(step.path()).await
                })
            };
            join((talk("left"), talk("right"))).await?;
            ledger.step(&ctx, "counted", 1).await?;
            ctx.sleep("nap", Duration::from_hours(1)).await?;
            Ok(json!(null))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        let mut stream = engine.client().stream(run.id(), "log");
        let items: Vec<ProgressItem<String>> = stream.items().await.unwrap();
        let mut paths: Vec<_> = items.iter().map(|item| item.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["left", "right"]);
        assert!(items.iter().all(|item| item.value == item.path));
        assert!(stream.items::<String>().await.unwrap().is_empty());
        assert!(
            engine.client().stream(run.id(), "other").items::<Value>().await.unwrap().is_empty()
        );
        let unknown = engine.client().stream(RunId::new(), "log").next::<Value>().await;
        assert_eq!(unknown.unwrap_err().code(), "unknown_run");
    });
}

#[test]
fn items_that_were_acknowledged_outlive_a_crash_at_any_of_them() {
    run_test(async {
        for number in 2..12 {
            for fault in [Fault::CrashBefore, Fault::CrashAfter] {
                crash_at(number, fault).await;
            }
        }
    });
}

async fn crash_at(number: u64, fault: Fault) {
    let inner = MemoryStore::new();
    let workflow = chatty(true);
    let faulty = FaultStore::new(Arc::new(inner.clone())).with(number, fault);
    let shared: Arc<dyn Store> = Arc::new(faulty.clone());
    let engine =
        Engine::builder().shared_store(shared).register(workflow.clone()).build().await.unwrap();
    let life = async {
        let run = engine.start(workflow.clone(), json!(null)).key("k").await?;
        run.result().await
    };
    let life = std::pin::pin!(life);
    futures_util::future::select(life, std::pin::pin!(faulty.crashed())).await;
    engine.kill();
    let engine = engine_on(inner, &workflow).await;
    let run = engine.start(workflow.clone(), json!(null)).key("k").await.unwrap();
    let all = lines(&engine.client(), run.id(), 0).await;
    let rows: Vec<_> = all.iter().map(|(index, line)| (*index, line.split_at(2).1)).collect();
    assert_eq!(rows, [(0, "0"), (1, "1"), (2, "2"), (3, "3"), (4, "4")], "{number} {fault:?}");
}

#[cfg(feature = "sqlite")]
#[test]
fn another_process_follows_a_stream() {
    run_test(async {
        use flowcrate::sqlite::SqliteStore;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let workflow = chatty(true);
        let store = SqliteStore::open(&path).unwrap();
        let engine =
            Engine::builder().store(store).register(workflow.clone()).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let outside = Client::new(Arc::new(SqliteStore::client(&path).unwrap()));
        let all = lines(&outside, run.id(), 1).await;
        assert_eq!(all, expected(&["1.0", "1.1", "1.2", "1.3", "1.4"])[1..]);
        engine.shutdown().await;
    });
}

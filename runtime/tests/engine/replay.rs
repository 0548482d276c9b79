//! Recorded runs, gone through by the workflow of another build.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::{Ledger, Mismatch, RecordedRun, Replayed, replay};
use flowcrate::{Client, Error, Failure, RunId, RunState, SendEvent, StepSpec, WaitEvent, join};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, back, counted, engine_on, flow, run_test, undoable, until};

/// Charges, waits, ships.
fn shop(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        ledger.step(&ctx, "charge", input).await?;
        let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
        ledger.step(&ctx, "ship", got).await
    })
}

/// What is recorded of a run once it waits, or once it has ended after the event came; written to
/// JSON and read again.
async fn recorded(flow: Flow, until_state: RunState) -> RecordedRun {
    let store = MemoryStore::new();
    let engine = engine_on(store, &flow).await;
    let run = engine.start(flow, json!({ "cents": 4200 })).await.unwrap();
    if until_state != RunState::Waiting {
        let client = engine.client();
        client.send_event(run.id(), "a", json!("go"), SendEvent::default()).await.unwrap();
    }
    until(&engine, &run, until_state).await;
    let recorded = RecordedRun::read(&engine.client(), run.id()).await.unwrap();
    engine.kill();
    assert_eq!((recorded.workflow(), recorded.state()), (("test", "1"), until_state));
    let text = serde_json::to_string_pretty(&recorded).unwrap();
    let read: RecordedRun = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string_pretty(&read).unwrap(), text);
    read
}

/// How a workflow does not fit a recorded run that waits.
async fn misfit(other: Flow) -> Mismatch {
    replay(other, &recorded(shop(&Ledger::default()), RunState::Waiting).await).unwrap_err()
}

fn goes_on(paths: &[&str]) -> Replayed {
    Replayed::GoesOn(paths.iter().map(ToString::to_string).collect())
}

#[test]
fn one_that_waits_fits_and_no_body_runs() {
    run_test(async {
        let recorded = recorded(shop(&Ledger::default()), RunState::Waiting).await;
        let ledger = Ledger::default();
        assert_eq!(replay(shop(&ledger), &recorded), Ok(goes_on(&["wait"])));
        // Another revision, and another end: nothing of that is recorded yet.
        let longer = counted(&ledger, |ctx, input, ledger| async move {
            ledger.step(&ctx, "charge", input).await?;
            let wait = ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received();
            join((wait, ledger.step(&ctx, "count", 1))).await?;
            ledger.step(&ctx, "ship_better", json!(1)).await
        });
        let longer = longer.in_revision("2");
        assert_eq!(replay(longer, &recorded), Ok(goes_on(&["wait", "count"])));
        // A memo needs nobody else, and yet nothing beyond the recording is gone on with.
        let memo = counted(&ledger, |ctx, input, ledger| async move {
            ledger.step(&ctx, "charge", input).await?;
            let wait = ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received();
            Ok(json!(join((wait, ctx.memo("rank", || 1))).await?))
        });
        assert_eq!(replay(memo, &recorded), Ok(goes_on(&["wait", "rank"])));
        assert_eq!(ledger.all().len(), 0);
    });
}

#[test]
fn one_that_ended_comes_to_the_same_end() {
    run_test(async {
        let recorded = recorded(shop(&Ledger::default()), RunState::Completed).await;
        let ledger = Ledger::default();
        assert_eq!(replay(shop(&ledger), &recorded), Ok(Replayed::Ended(Ok(json!("go")))));
        let other = counted(&ledger, |ctx, input, ledger| async move {
            ledger.step(&ctx, "charge", input).await?;
            let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
            ledger.step(&ctx, "ship", got).await?;
            Ok(json!("gone"))
        });
        let mismatch = replay(other, &recorded).unwrap_err();
        assert_eq!(
            mismatch.to_string(),
            "the run: expected the recorded output \"go\", found the output \"gone\" [end_changed]"
        );
        let longer = counted(&ledger, |ctx, input, ledger| async move {
            ledger.step(&ctx, "charge", input).await?;
            let got: Value = ctx.wait_event("wait", WaitEvent::new("a")).received().await?;
            ledger.step(&ctx, "ship", got).await?;
            ledger.step(&ctx, "thank", 1).await
        });
        let mismatch = replay(longer, &recorded).unwrap_err();
        assert_eq!(mismatch.code, "end_changed");
        assert_eq!(mismatch.found, "a workflow that goes on at thank");
        assert_eq!(ledger.all().len(), 0);
    });
}

#[test]
fn one_that_was_undone_comes_to_the_same_failure() {
    run_test(async {
        let refused = |code: &'static str| {
            undoable(&Ledger::default(), move |ctx, _, ledger| async move {
                ledger.step(&ctx, "charge", 1).undo(back()).await?;
                Err(Error::from(Failure::new(code, "no")))
            })
        };
        let recorded = {
            let store = MemoryStore::new();
            let engine = engine_on(store.clone(), &refused("refused")).await;
            let run = engine.start(refused("refused"), json!(null)).await.unwrap();
            until(&engine, &run, RunState::Failed).await;
            engine.kill();
            // Whoever has the store needs no engine.
            RecordedRun::read(&Client::new(Arc::new(store)), run.id()).await.unwrap()
        };
        let failure = Failure::new("refused", "no");
        assert_eq!(replay(refused("refused"), &recorded), Ok(Replayed::Ended(Err(failure.into()))));
        assert_eq!(replay(refused("denied"), &recorded).unwrap_err().code, "end_changed");
    });
}

#[test]
fn another_input() {
    run_test(async {
        let other = counted(&Ledger::default(), |ctx, _, ledger| async move {
            ledger.step(&ctx, "charge", "another").await
        });
        let mismatch = misfit(other).await;
        assert_eq!((mismatch.code.as_str(), mismatch.path.as_str()), ("input_changed", "charge"));
        assert_eq!(mismatch.expected, r#"the recorded input {"cents":4200}"#);
        assert_eq!(mismatch.found, r#"the input "another""#);
    });
}

#[test]
fn another_kind() {
    run_test(async {
        let other = flow(|ctx, input| async move {
            let spec = StepSpec::new("charge", "charge@2");
            ctx.step(spec, input, |_, input: Value| async { Ok(input) }).await
        });
        let mismatch = misfit(other).await;
        assert_eq!((mismatch.code.as_str(), mismatch.path.as_str()), ("kind_changed", "charge"));
        assert_eq!((&*mismatch.expected, &*mismatch.found), ("kind step", "kind charge@2"));
    });
}

#[test]
fn a_step_that_is_no_more() {
    run_test(async {
        let other = flow(|ctx, _| async move {
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
        });
        let mismatch = misfit(other).await;
        assert_eq!((mismatch.code.as_str(), mismatch.path.as_str()), ("unreached", "charge"));
        assert_eq!(mismatch.expected, "`charge` (step), which completed in this run");
        assert_eq!(mismatch.found, "a workflow that does not come to it");
    });
}

#[test]
fn an_output_that_is_not_what_is_read() {
    run_test(async {
        let other = flow(|ctx, input| async move {
            let spec = StepSpec::new("charge", "step");
            let paid: u32 = ctx.step(spec, input, |_, _: Value| async { Ok(1) }).await?;
            Ok(json!(paid))
        });
        let mismatch = misfit(other).await;
        assert_eq!((mismatch.code.as_str(), mismatch.path.as_str()), ("undecodable", "charge"));
        assert!(mismatch.found.starts_with(r#"{"cents":4200} (invalid type"#), "{mismatch}");
    });
}

#[test]
fn what_is_no_replay_at_all() {
    run_test(async {
        let mismatch = misfit(shop(&Ledger::default()).named("other")).await;
        assert_eq!((&*mismatch.code, &*mismatch.found), ("another_workflow", "`other`"));
        #[allow(unreachable_code, reason = "the type of what is never returned")]
        let panics = flow(|_, _| async move {
            panic!("boom");
            Ok(json!(null))
        });
        let mismatch = misfit(panics).await;
        assert_eq!(mismatch.code, "workflow_panic");
        assert!(mismatch.found.contains("boom"), "{mismatch}");
        let waits = flow(|_, _| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(json!(null))
        });
        assert_ne!(misfit(waits).await.code, "");
        let empty = Client::new(Arc::new(MemoryStore::new()));
        let nobody = RecordedRun::read(&empty, RunId::new()).await;
        assert!(matches!(nobody, Err(Error::UnknownRun(_))));
    });
}

#[test]
fn another_format_is_refused() {
    run_test(async {
        let recorded = recorded(shop(&Ledger::default()), RunState::Waiting).await;
        let mut value = serde_json::to_value(&recorded).unwrap();
        value["format"] = json!(7);
        let error = serde_json::from_value::<RecordedRun>(value).unwrap_err();
        assert_eq!(error.to_string(), "format 7, where this build reads 1");
    });
}

//! Inputs of compensations that do not follow from every outcome (R15, S24).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flowcrate::expr::{self, ExprError};
use flowcrate::store::MemoryStore;
use flowcrate::testkit::Ledger;
use flowcrate::{Context, Engine, Error, Failure, RunState, StepError, Undo};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, back, engine, journal, quick, run_test, undoable};

/// What `100 // output` gives, as an expression of a graph would.
fn share(output: &Value) -> Result<Value, StepError> {
    Ok(json!(expr::int_floor_div(100, output.as_i64().unwrap_or_default())?))
}

/// Two steps; the second gives the run's input, which decides whether it can be undone.
fn divided(ledger: &Ledger) -> Flow {
    undoable(ledger, |ctx, input, ledger| async move {
        ledger.step(&ctx, "before", 1).undo(back()).await?;
        ledger.step(&ctx, "shared", input).undo(Undo::try_named("back", share)).await?;
        Err(Failure::new("no", "it is over").at("end").into())
    })
}

#[test]
fn an_input_that_does_not_follow_fails_the_step_for_good() {
    run_test(async {
        for (input, path, code) in [(json!(4), "end", "no"), (json!(0), "shared", "expression")] {
            for always_replay in [false, true] {
                let ledger = Ledger::default();
                let workflow = divided(&ledger);
                let builder = Engine::builder().store(MemoryStore::new());
                let builder = builder.register(workflow.clone());
                let builder = if always_replay { builder.always_replay() } else { builder };
                let engine = builder.build().await.unwrap();
                let run = engine.start(workflow, input.clone()).await.unwrap();
                let Err(Error::Failed(failure)) = run.result().await else { panic!("it is fine") };
                assert_eq!((failure.path.as_str(), failure.code.as_str()), (path, code));
                let undone = journal(&engine, run.id()).await;
                let undone: Vec<_> =
                    undone.iter().filter_map(|(path, _)| path.strip_suffix("!undo")).collect();
                let expected = if input == 0 { vec!["before"] } else { vec!["shared", "before"] };
                assert_eq!(undone, expected);
                // It was done, and is not done again.
                assert_eq!(ledger.of("shared"), 1);
            }
        }
    });
}

#[test]
fn what_is_written_is_the_error_of_the_input() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = divided(&ledger);
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(0)).await.unwrap();
        assert!(run.result().await.is_err());
        let journal = engine.client().journal(run.id()).await.unwrap();
        let entry = journal.into_iter().find(|entry| entry.path == "shared").unwrap();
        let failure = entry.error.unwrap();
        assert_eq!((failure.message.as_str(), failure.attempts), ("division by zero", 1));
        assert_eq!((entry.output, entry.status.as_str()), (None, "failed"));
    });
}

/// A step that nobody can stop, to be undone though nobody knows of it, if there is an output.
async fn hangs(ctx: Context, running: Arc<AtomicBool>) -> flowcrate::Result<Value> {
    let undo = Undo::try_named_in_doubt("back", |output: Option<&Value>| {
        let output = output.ok_or_else(|| ExprError::new("there is no output"))?;
        Ok::<Value, StepError>(output.clone())
    });
    let step = ctx.step(quick("hangs"), (), move |_, ()| {
        running.store(true, Ordering::SeqCst);
        std::future::pending::<Result<Value, StepError>>()
    });
    step.undo(undo).await
}

#[test]
fn a_step_in_doubt_says_that_nothing_undoes_it() {
    run_test(async {
        let (ledger, running) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let began = Arc::clone(&running);
        let workflow = undoable(&ledger, move |ctx, _, _| hangs(ctx, Arc::clone(&began)));
        let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
        let engine = builder.grace(Duration::from_millis(5)).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        while !running.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        engine.client().cancel(run.id(), ()).await.unwrap();
        super::kit::until_id(&engine, run.id(), RunState::Cancelled).await;
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert!(!journal.iter().any(|entry| entry.path.ends_with("!undo")), "{journal:?}");
        let entry = journal.iter().find(|entry| entry.path == "hangs").unwrap();
        let said = entry.error.as_ref().unwrap();
        assert_eq!(said.code, "unknown");
        assert!(
            said.message.ends_with("cannot be said: there is no output [expression]"),
            "{said}"
        );
    });
}

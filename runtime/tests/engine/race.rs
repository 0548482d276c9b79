//! R13, S28: races, what they leave of the losers, and what a crash in the middle leaves of them.

use std::time::Duration;

use flowcrate::testkit::Ledger;
use flowcrate::{Caught, Context, Failure, RunState, WaitEvent};
use serde_json::{Value, json};

use super::kit::{Steps, counted, engine, journal, run_test, until};

pub(crate) fn failure(code: &str) -> flowcrate::Error {
    Failure::new(code, code).at(code).into()
}

#[test]
fn the_first_branch_to_succeed_wins_and_the_others_are_cancelled_with_it() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let won = ctx
                .race::<Value>("payment")
                .branch("wait", async |ctx: Context| {
                    let paid =
                        ctx.wait_event::<Value>("paid", WaitEvent::new("a")).received().await;
                    assert_eq!(paid, Err(flowcrate::Error::Cancelled));
                    // Neither handling failures nor another operation helps.
                    ledger.step(&ctx, "again", 1).await.caught()?.unwrap();
                    unreachable!("a cancelled branch goes on");
                })
                .branch("fails", async |_: Context| Err(failure("no")))
                .branch("card", async |ctx: Context| {
                    ledger.step(&ctx, "authorise", 1).await?;
                    ledger.step(&ctx, "charge", 2).await
                })
                .await?;
            ledger.step(&ctx, "after", won).await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(2));
        let expected = [
            ("payment/authorise", "completed"),
            ("payment/charge", "completed"),
            ("payment/!won", "completed"),
            ("payment", "completed"),
            ("after", "completed"),
            ("payment/paid", "cancelled"),
        ];
        let expected = expected.map(|(path, status)| (path.to_owned(), status));
        assert_eq!(journal(&engine, run.id()).await, expected);
        assert_eq!(ledger.of("payment/again"), 0);
    });
}

#[test]
fn if_all_branches_fail_the_race_fails_with_the_first_failure() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ctx.race::<Value>("payment")
                .branch("a", async |ctx: Context| {
                    ledger.slow(&ctx, "slow", 30).await?;
                    Err(failure("second"))
                })
                .branch("b", async |ctx: Context| {
                    ledger.slow(&ctx, "quick", 1).await?;
                    Err(failure("first"))
                })
                .await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "first");
    });
}

#[test]
fn a_tie_goes_to_the_lower_name() {
    run_test(async {
        let workflow = super::kit::flow(|ctx, _| async move {
            ctx.race::<Value>("tie")
                .branch("b", async |_: Context| Ok(json!("b")))
                .branch("a", async |_: Context| Ok(json!("a")))
                .await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!("a"));
    });
}

#[test]
fn a_losers_context_is_not_the_winners() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |outer, _, ledger| async move {
            outer
                .race::<Value>("payment")
                .branch("a", async |_: Context| ledger.step(&outer, "step", 1).await)
                .await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let view = until(&engine, &run, RunState::Paused).await;
        let failure = view.failure.unwrap();
        assert_eq!(failure.code, "wrong_scope");
        let expected = "expected the context of `payment` (a), found the context of the run";
        assert_eq!(failure.message, expected);
    });
}

#[test]
fn a_body_that_loses_is_told_and_its_outcome_does_not_count() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ctx.race::<Value>("race")
                .branch("quick", async |ctx: Context| ledger.slow(&ctx, "quick", 20).await)
                .branch("slow", async |ctx: Context| ledger.slow(&ctx, "slow", 60_000).await)
                .await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let before = std::time::Instant::now();
        assert_eq!(run.result().await.unwrap(), json!(20));
        assert!(before.elapsed() < Duration::from_secs(30), "the race waits for a loser");
        let journal = engine.client().journal(run.id()).await.unwrap();
        let slow = journal.iter().find(|entry| entry.path == "race/slow").unwrap();
        assert_eq!(slow.status.as_str(), "cancelled");
        assert_eq!(slow.error.as_ref().unwrap().code, "unknown");
    });
}

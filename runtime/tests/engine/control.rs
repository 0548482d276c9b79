//! Concurrency, scopes, cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flowcrate::testkit::Ledger;
use flowcrate::{
    Caught, Context, Error, Failure, ItemOutcome, RunState, StepError, WaitEvent, join, join_all,
    join_within, task,
};
use serde_json::{Value, json};

use super::kit::{Steps, counted, engine, entries, flow, journal, quick, run_test, until};

#[test]
fn branches_run_concurrently_and_in_the_order_of_their_outcomes() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let (slow, quick, (a, b)) = join((
                ledger.slow(&ctx, "slow", 60),
                ledger.slow(&ctx, "quick", 1),
                join((ledger.slow(&ctx, "a", 30), ledger.step(&ctx, "b", 1))),
            ))
            .await?;
            Ok(json!([slow, quick, a, b]))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!([60, 1, 30, 1]));
        let journal = journal(&engine, run.id()).await;
        assert_eq!(journal[3], ("slow".to_owned(), "completed"));
    });
}

#[test]
fn the_first_failure_gives_up_the_other_branches_in_the_same_commit() {
    run_test(async {
        let stopped = Arc::new(AtomicUsize::new(0));
        let token = stopped.clone();
        let workflow = flow(move |ctx, _| {
            let token = token.clone();
            async move {
                let fails = ctx.step(quick("fails"), (), |_, ()| async {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    Err::<(), _>(StepError::fatal("no", "no"))
                });
                let long = ctx.step(quick("long"), (), move |step, ()| {
                    let token = token.clone();
                    async move {
                        step.cancelled().await;
                        token.fetch_add(1, Ordering::SeqCst);
                        Ok(())
                    }
                });
                let wait = ctx.wait_event::<Value>("wait", WaitEvent::new("a"));
                join((fails, long, wait)).await.map(|_| json!(null))
            }
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "no");
        let expected =
            entries(&[("fails", "failed"), ("long", "cancelled"), ("wait", "cancelled")]);
        let mut journal = journal(&engine, run.id()).await;
        journal.sort();
        assert_eq!(journal, expected);
        while stopped.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
}

/// Each rung waits for the two before it: were a task polled anew by everyone who waits for it,
/// fifty of them would be polled as often as there are ways down.
#[test]
fn a_ladder_of_tasks_is_polled_rung_by_rung() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let first = task(async { ledger.slow(&ctx, "first", 10).await.map(|_| 1_u64) });
            let second = task(async { ledger.slow(&ctx, "second", 10).await.map(|_| 1_u64) });
            let mut rungs = vec![first, second];
            for at in 2..50 {
                let (one, other) = (rungs[at - 2].clone(), rungs[at - 1].clone());
                rungs.push(task(async move {
                    let (one, other) = join_within((one, other)).await?;
                    Ok(one + other)
                }));
            }
            let all = join_all(rungs).await?;
            Ok(json!(all.last()))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(12_586_269_025_u64));
    });
}

#[test]
fn a_task_has_one_outcome_for_many_consumers() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let a = task(async { ledger.slow(&ctx, "a", 10).await });
            let b = task(async { ledger.step(&ctx, "b", 2).await });
            let c = task({
                let (a, b) = (a.clone(), b.clone());
                let (ctx, ledger) = (&ctx, &ledger);
                async move {
                    let (a, b) = join((a, b)).await?;
                    ledger.step(ctx, "c", json!([a, b])).await
                }
            });
            let d = task({
                let b = b.clone();
                let (ctx, ledger) = (&ctx, &ledger);
                async move {
                    let b = b.await?;
                    ledger.step(ctx, "d", json!([b])).await
                }
            });
            let (_, _, c, d) = join((a, b, c, d)).await?;
            Ok(json!([c, d]))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!([[10, 2], [2]]));
        assert!(ledger.all().values().all(|count| *count == 1));
    });
}

async fn charge(ledger: Ledger, ctx: Context, item: u32) -> Result<Value, Error> {
    if item == 13 {
        return Err(Failure::new("unlucky", "13").at(format!("{}/check", ctx.path())).into());
    }
    ledger.step(&ctx, "charge", item).await?;
    ledger.step(&ctx, "receipt", item * 10).await
}

#[test]
fn for_each_keeps_the_order_of_its_items_and_its_limit() {
    run_test(async {
        let running = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let seen = running.clone();
        let workflow = flow(move |ctx, _| {
            let running = running.clone();
            async move {
                let items: Vec<u64> = (0..20).collect();
                let results: Vec<u64> = ctx
                    .for_each("each", items, 4, async |ctx: Context, item, index| {
                        let running = running.clone();
                        assert_eq!(item, u64::try_from(index).unwrap());
                        ctx.step(quick("one"), item, move |_, item| {
                            let running = running.clone();
                            async move {
                                let now = running.0.fetch_add(1, Ordering::SeqCst) + 1;
                                running.1.fetch_max(now, Ordering::SeqCst);
                                tokio::time::sleep(Duration::from_millis(item % 5)).await;
                                running.0.fetch_sub(1, Ordering::SeqCst);
                                Ok(item * 2)
                            }
                        })
                        .await
                    })
                    .await?;
                Ok(json!(results))
            }
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let expected: Vec<u64> = (0..20).map(|item| item * 2).collect();
        assert_eq!(run.result().await.unwrap(), json!(expected));
        assert_eq!(seen.1.load(Ordering::SeqCst), 4);
    });
}

#[test]
fn for_each_stops_skips_or_collects_failures() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, input, ledger| async move {
            let items = vec![1, 13, 3];
            let body = |ctx: Context, item, _| charge(ledger.clone(), ctx, item);
            match input.as_str() {
                Some("fail") => {
                    let list: Vec<Value> = ctx.for_each("each", items, 1, body).await?;
                    Ok(json!(list))
                }
                Some("skip") => {
                    let list: Vec<Value> = ctx.for_each_skip("each", items, 2, body).await?;
                    Ok(json!(list))
                }
                _ => {
                    let list: Vec<ItemOutcome<Value>> =
                        ctx.for_each_collect("each", items, 2, body).await?;
                    Ok(json!(list))
                }
            }
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow.clone(), json!("skip")).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!([10, 30]));
        let run = engine.start(workflow.clone(), json!("collect")).await.unwrap();
        let failure = json!({
            "code": "unlucky", "message": "13", "attempts": 0, "path": "each[1]/check"
        });
        let expected = json!([
            { "index": 0, "value": 10 }, { "index": 1, "error": failure }, { "index": 2, "value": 30 }
        ]);
        assert_eq!(run.result().await.unwrap(), expected);
        let run = engine.start(workflow, json!("fail")).await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "unlucky");
        let expected = entries(&[
            ("each[0]/charge", "completed"),
            ("each[0]/receipt", "completed"),
            ("each[0]", "completed"),
            ("each[1]", "failed"),
            ("each", "failed"),
        ]);
        assert_eq!(journal(&engine, run.id()).await, expected);
    });
}

#[test]
fn loops_nest_and_an_empty_one_is_empty() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let rows = vec![vec![1, 2], vec![], vec![3]];
            let sums: Vec<i64> = ctx
                .for_each("row", rows, 2, async |ctx: Context, row: Vec<i64>, _| {
                    let doubled: Vec<i64> = ctx
                        .for_each("cell", row, 2, async |ctx: Context, cell, _| {
                            let double = ledger.step(&ctx, "double", cell * 2).await?;
                            Ok(double.as_i64().unwrap())
                        })
                        .await?;
                    Ok(doubled.iter().sum())
                })
                .await?;
            Ok(json!(sums))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!([6, 0, 6]));
        assert_eq!(ledger.of("row[2]/cell[0]/double"), 1);
    });
}

#[test]
fn a_cancelled_run_gives_up_everything() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).await?;
            let waits = join((
                ctx.sleep("nap", Duration::from_hours(1)),
                ctx.wait_event::<Value>("wait", WaitEvent::new("a")),
            ))
            .await;
            assert_eq!(waits.unwrap_err(), Error::Cancelled);
            // Handling failures does not see it, and nothing can be done any more.
            let after = ledger.step(&ctx, "after", 2).await.caught();
            assert_eq!(after, Err(Error::Cancelled));
            Ok(json!("never"))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(run.id(), ()).await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        let expected = entries(&[
            ("one", "completed"),
            ("!cancel", "completed"),
            ("nap", "cancelled"),
            ("wait", "cancelled"),
        ]);
        assert_eq!(journal(&engine, run.id()).await, expected);
        assert_eq!(ledger.of("after"), 0);
        assert_eq!(engine.client().cancel(run.id(), ()).await, Err(Error::Finished(run.id())));
    });
}

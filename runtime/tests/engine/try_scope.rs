//! S23: body, catch, finally.

use std::time::Duration;

use flowcrate::testkit::Ledger;
use flowcrate::{Caught, Context, Error, Failure, Result, RunState, WaitEvent, join, task};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, journal, run_test, until};

fn failure(code: &str) -> Error {
    Failure::new(code, code).at(code).into()
}

/// The result of a flow, and what it did in the order of the outcomes.
async fn run(workflow: Flow, input: Value) -> (Result<Value>, Vec<String>) {
    let engine = engine(&workflow).await;
    let run = engine.start(workflow, input).await.unwrap();
    let result = run.result().await;
    let journal = journal(&engine, run.id()).await;
    (result, journal.into_iter().map(|(path, _)| path).collect())
}

/// Fails in its body, its catch or its finally, as the input says.
fn parts(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        let fails = |part: &str| input.as_array().unwrap().contains(&json!(part));
        let result = ctx
            .try_scope("try", async |ctx: Context| {
                ledger.step(&ctx, "body", 1).await?;
                if fails("body") { Err(failure("body")) } else { Ok(json!("body")) }
            })
            .catch(async |ctx: Context, caught: Failure| {
                ledger.step(&ctx, "catch", caught.code).await?;
                if fails("catch") { Err(failure("catch")) } else { Ok(json!("catch")) }
            })
            .finally(async |ctx: Context| {
                ledger.step(&ctx, "finally", 1).await?;
                if fails("finally") { Err(failure("finally")) } else { Ok(()) }
            })
            .await;
        ledger.step(&ctx, "after", 1).await?;
        result
    })
}

#[test]
fn finally_follows_success_and_failure_and_its_own_failure_replaces_the_outcome() {
    run_test(async {
        let cases = [
            (json!([]), Ok("body"), false),
            (json!(["body"]), Ok("catch"), true),
            (json!(["body", "catch"]), Err("catch"), true),
            (json!(["finally"]), Err("finally"), false),
            (json!(["body", "catch", "finally"]), Err("finally"), true),
        ];
        for (input, expected, catches) in cases {
            let (result, done) = run(parts(&Ledger::default()), input.clone()).await;
            let result = result.map_err(|error| error.code().to_owned());
            assert_eq!(result, expected.map(Value::from).map_err(str::to_owned), "{input}");
            let mut steps = vec!["try/body", "try/catch", "try/finally", "try", "after"];
            steps.retain(|step| catches || *step != "try/catch");
            assert_eq!(done, steps, "{input}");
        }
    });
}

#[test]
fn without_a_catch_the_failure_goes_on_and_without_a_finally_nothing_follows() {
    run_test(async {
        let workflow = super::kit::flow(|ctx, _| async move {
            let failed = ctx
                .try_scope("try", async |_: Context| Err::<(), _>(failure("body")))
                .await
                .caught()?
                .unwrap_err();
            let caught = ctx
                .try_scope("again", async |_: Context| Err(failure("body")))
                .catch(async |_: Context, failure: Failure| Ok(failure.code))
                .await?;
            Ok(json!([failed.code, caught]))
        });
        assert_eq!(run(workflow, json!(null)).await.0.unwrap(), json!(["body", "body"]));
    });
}

#[test]
fn a_cancelled_run_skips_the_catch_and_runs_finally_to_its_end() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let result = ctx
                .try_scope("try", async |ctx: Context| {
                    ledger.step(&ctx, "body", 1).await?;
                    ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
                })
                .catch(async |ctx: Context, _: Failure| ledger.step(&ctx, "catch", 1).await)
                .finally(async |ctx: Context| {
                    let nap = async { ctx.sleep("nap", Duration::from_millis(5)).await };
                    join((nap, ledger.slow(&ctx, "one", 5), ledger.flaky(&ctx, "two", 2))).await?;
                    ctx.try_scope("inner", async |ctx: Context| ledger.step(&ctx, "three", 1).await)
                        .await
                })
                .await;
            assert_eq!(result, Err(Error::Cancelled));
            ledger.step(&ctx, "after", 1).await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(run.id(), "").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!((ledger.of("try/catch"), ledger.of("after")), (0, 0));
        assert_eq!((ledger.of("try/one"), ledger.of("try/inner/three")), (1, 1));
        assert_eq!(ledger.of("try/two"), 3);
        let journal = journal(&engine, run.id()).await;
        assert_eq!(journal[0].0, "try/body");
        assert_eq!(journal[1].0, "!cancel");
        let outcome = |path| journal.iter().find(|(other, _)| other == path).unwrap().1;
        assert_eq!(outcome("try/inner"), "completed");
        assert_eq!((outcome("try"), outcome("try/wait")), ("cancelled", "cancelled"));
    });
}

#[test]
fn a_join_that_is_cancelled_waits_for_every_finally() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let waits = |id: &'static str, milliseconds| {
                let (outer, ledger) = (ctx.clone(), ledger.clone());
                async move {
                    outer
                        .try_scope(id, async |ctx: Context| {
                            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
                        })
                        .finally(async |ctx: Context| {
                            ledger.slow(&ctx, "slow", milliseconds).await?;
                            ledger.step(&ctx, "last", 1).await
                        })
                        .await
                }
            };
            join((waits("quick", 1), waits("slow", 40))).await?;
            Ok(json!(null))
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.client().cancel(run.id(), "").await.unwrap();
        assert_eq!(run.result().await, Err(Error::Cancelled));
        assert_eq!((ledger.of("quick/last"), ledger.of("slow/last")), (1, 1));
    });
}

/// A `try` in a `try`, thirty deep; each level does something in its `finally`.
fn nested(
    ctx: Context,
    ledger: Ledger,
    depth: u32,
) -> futures_util::future::LocalBoxFuture<'static, Result<u32>> {
    Box::pin(async move {
        if depth == 0 {
            return Ok(0);
        }
        ctx.try_scope("level", async |ctx: Context| {
            Ok(nested(ctx, ledger.clone(), depth - 1).await? + 1)
        })
        .finally(async |ctx: Context| ledger.step(&ctx, "last", depth).await)
        .await
    })
}

#[test]
fn thirty_levels_of_scopes_nest() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            nested(ctx, ledger, 30).await.map(Value::from)
        });
        assert_eq!(run(workflow, json!(null)).await.0.unwrap(), json!(30));
        assert_eq!(ledger.all().len(), 30);
    });
}

/// Scopes within each other, all in one function.
macro_rules! nested {
    ($ctx:ident $ledger:ident;) => {
        $ledger.step(&$ctx, "bottom", 1).await
    };
    ($ctx:ident $ledger:ident; raced $($inner:ident)*) => {
        $ctx.race::<Value>("race")
            .branch("a", async |$ctx: Context| nested!($ctx $ledger; $($inner)*))
            .await
    };
    ($ctx:ident $ledger:ident; timed $($inner:ident)*) => {
        $ctx.timeout("timeout", Duration::from_hours(1), async |$ctx: Context| {
            nested!($ctx $ledger; $($inner)*)
        })
        .await
        .map(Option::unwrap)
    };
    ($ctx:ident $ledger:ident; tried $($inner:ident)*) => {
        $ctx.try_scope("try", async |$ctx: Context| nested!($ctx $ledger; $($inner)*)).await
    };
    ($ctx:ident $ledger:ident; each $($inner:ident)*) => {
        $ctx.for_each("each", vec![1], 1, async |$ctx: Context, _: i32, _| {
            nested!($ctx $ledger; $($inner)*)
        })
        .await
        .map(|list: Vec<Value>| json!(list))
    };
}

#[test]
fn thirty_scopes_within_each_other_compile() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            nested! { ctx ledger;
                tried timed raced each tried timed raced each tried timed raced each tried timed
                raced each tried timed raced each tried timed raced each tried timed raced each
                tried timed
            }
        });
        let (result, _) = run(workflow, json!(null)).await;
        assert_eq!(result.unwrap().to_string(), "[[[[[[[1]]]]]]]");
        assert_eq!(ledger.all().len(), 1);
    });
}

/// Holds something until it is cancelled.
async fn holds(ctx: Context, ledger: Ledger, id: &'static str) -> Result<Value> {
    ctx.try_scope(id, async |ctx: Context| {
        ledger.step(&ctx, "take", 1).await?;
        ctx.wait_event::<Value>("wait", WaitEvent::new("a")).received().await
    })
    .finally(async |ctx: Context| ledger.slow(&ctx, "give_back", 20).await)
    .await
}

#[test]
fn a_failure_beside_it_cancels_a_try_and_its_finally_runs() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let fails = async {
                ledger.slow(&ctx, "one", 10).await?;
                Err::<Value, _>(failure("no"))
            };
            let inner = join((
                holds(ctx.clone(), ledger.clone(), "inner"),
                ctx.sleep("nap", Duration::from_hours(1)),
            ));
            let failed =
                join((holds(ctx.clone(), ledger.clone(), "outer"), fails, inner)).await.caught()?;
            // The scope itself is not cancelled.
            ledger.step(&ctx, "after", failed.unwrap_err().code).await
        });
        let (result, done) = run(workflow, json!(null)).await;
        assert_eq!(result.unwrap(), json!("no"));
        assert_eq!((ledger.of("outer/give_back"), ledger.of("inner/give_back")), (1, 1));
        let after = done.iter().position(|path| path == "after").unwrap();
        let given = done.iter().position(|path| path == "inner/give_back").unwrap();
        assert!(given < after, "{done:?}");
    });
}

#[test]
fn a_task_is_cancelled_with_the_last_who_waits_for_it() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            let shared = task(holds(ctx.clone(), ledger.clone(), "shared"));
            let kept = task(async { ledger.slow(&ctx, "kept", 40).await });
            let fails = {
                let (shared, kept) = (shared.clone(), kept.clone());
                let (ctx, ledger) = (&ctx, &ledger);
                async move {
                    let fails = async {
                        ledger.slow(ctx, "one", 5).await?;
                        Err::<Value, _>(failure("no"))
                    };
                    // Gives up what it waits for, but not what others wait for, too.
                    let failed = join((shared, kept, fails)).await.caught()?;
                    ledger.step(ctx, "caught", failed.unwrap_err().code).await?;
                    Err::<Value, _>(failure("again"))
                }
            };
            let fails = async {
                let two = async { ledger.slow(&ctx, "two", 60_000).await };
                let failed = join((shared, fails, two)).await.caught()?;
                Ok(failed.unwrap_err().code)
            };
            let late = kept.clone();
            let done = join((kept, fails)).await?;
            // A binding alone, such as this one's, keeps nothing going.
            Ok(json!([done, late.await?]))
        });
        let (result, done) = run(workflow, json!(null)).await;
        assert_eq!(result.unwrap(), json!([[40, "again"], 40]));
        assert_eq!(ledger.of("shared/give_back"), 1, "{done:?}");
    });
}

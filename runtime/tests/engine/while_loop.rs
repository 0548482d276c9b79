//! `while_loop` (R7, S27).

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flowcrate::store::{MemoryStore, Query, Reply, Store};
use flowcrate::testkit::{FaultStore, Ledger};
use flowcrate::{Context, Engine, Error, RunId, RunState, SendEvent, WaitEvent, While, join};
use serde_json::{Value, json};

use super::kit::{Flow, Steps, counted, engine, engine_on, journal, run_test, until};

/// Counts to the input, one step at a time.
fn counting(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        let most = input.as_u64().unwrap_or(3);
        let total: u64 = ctx
            .while_loop("count", 0, async |ctx: Context, so_far: u64| {
                let one = ledger.step(&ctx, "one", so_far).await?;
                let next = one.as_u64().unwrap_or_default() + 1;
                Ok(if next == most {
                    ControlFlow::Break(next * 100)
                } else {
                    ControlFlow::Continue(next)
                })
            })
            .await?;
        Ok(json!(total))
    })
}

/// Paths of what a replay of a run would load, with the output of what is open.
async fn loaded(store: &dyn Store, run: RunId) -> Vec<(String, Option<Value>)> {
    let (reply, loaded) = Reply::channel();
    store.query(Query::Load(run, reply));
    let entries = loaded.await.unwrap().unwrap().entries;
    let output = |output: Option<flowcrate::Payload>| output.map(|output| output.to_value());
    entries.into_iter().map(|entry| (entry.path.to_string(), output(entry.output))).collect()
}

#[test]
fn a_loop_goes_from_state_to_state_in_scopes_of_their_own() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counting(&ledger);
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(3)).await.unwrap();
        assert_eq!(run.result().await, Ok(json!(300)));
        let entries = engine.client().journal(run.id()).await.unwrap();
        let seen: Vec<_> = entries.iter().map(|entry| (entry.path.as_str(), entry.seq)).collect();
        // Every head took a place in the order; the last one is the outcome itself.
        assert_eq!(
            seen,
            [
                ("count[0]/one", Some(0)),
                ("count[1]/one", Some(2)),
                ("count[2]/one", Some(4)),
                ("count", Some(5)),
            ]
        );
        assert_eq!(entries[3].output, Some(json!(300)));
        assert!(ledger.all().values().all(|count| *count == 1));
    });
}

#[test]
fn heads_commit_with_the_last_outcome_of_their_iteration() {
    run_test(async {
        for iterations in [1, 5] {
            let store = FaultStore::new(Arc::new(MemoryStore::new()));
            let workflow = counting(&Ledger::default());
            let builder = Engine::builder().store(store.clone()).register(workflow.clone());
            let engine = builder.build().await.unwrap();
            let before = store.count();
            let run = engine.start(workflow, json!(iterations)).await.unwrap();
            run.result().await.unwrap();
            // The start, and one for each outcome: the last one holds the loop's and the run's.
            // Claims are counted too, and there is one.
            let writes = store.count() - before;
            assert!(writes <= iterations + 2, "{writes} writes for {iterations} iterations");
        }
    });
}

#[test]
fn a_replay_loads_the_head_and_nothing_before_it() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ctx.while_loop("rounds", json!([]), async |ctx: Context, state: Value| {
                let list = state.as_array().cloned().unwrap_or_default();
                let index = list.len();
                let one = ledger.step(&ctx, "one", index).await?;
                if index == 4 {
                    ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await?;
                }
                let list: Vec<_> = list.into_iter().chain([one]).collect();
                Ok(match index {
                    6 => ControlFlow::Break(json!(list)),
                    _ => ControlFlow::Continue(json!(list)),
                })
            })
            .await
        });
        let store = MemoryStore::new();
        let builder = Engine::builder().store(store.clone()).linger(Duration::ZERO);
        let engine = builder.register(workflow.clone()).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        let head = json!({ "iteration": 4, "state": [0, 1, 2, 3] });
        let expected = [
            ("rounds".to_owned(), Some(head)),
            ("rounds[4]/one".to_owned(), Some(json!(4))),
            ("rounds[4]/wait".to_owned(), None),
        ];
        assert_eq!(loaded(&store, run.id()).await, expected);
        engine.client().send_event(run.id(), "a", json!(1), SendEvent::default()).await.unwrap();
        assert_eq!(run.result().await, Ok(json!([0, 1, 2, 3, 4, 5, 6])));
        // History: sealed iterations stay in the journal.
        assert_eq!(journal(&engine, run.id()).await.len(), 9);
        assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
    });
}

#[test]
fn reaching_max_iterations_is_a_failure() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, input, ledger| async move {
            let most = input.as_u64().unwrap_or_default();
            let rounds = While::new("poll").max_iterations(most);
            ctx.while_loop(rounds, 0, async |ctx: Context, state: u64| {
                ledger.step(&ctx, "one", state).await?;
                Ok(if state == 2 {
                    ControlFlow::Break(json!("done"))
                } else {
                    ControlFlow::Continue(state + 1)
                })
            })
            .await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow.clone(), json!(3)).await.unwrap();
        assert_eq!(run.result().await, Ok(json!("done")));
        let run = engine.start(workflow.clone(), json!(2)).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("it did not fail") };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("max_iterations", "poll"));
        assert_eq!(ledger.of("poll[1]/one"), 2);
        let run = engine.start(workflow, json!(0)).await.unwrap();
        assert_eq!(run.result().await.unwrap_err().code(), "max_iterations");
        assert_eq!(ledger.of("poll[0]/one"), 2);
    });
}

#[test]
fn a_failed_body_fails_its_loop() {
    run_test(async {
        let workflow = counted(&Ledger::default(), |ctx, _, ledger| async move {
            ctx.while_loop("poll", 0, async |ctx: Context, state: u32| {
                if state == 2 {
                    return Err(ctx.failure("check", "no_more", "it is enough").into());
                }
                ledger.step(&ctx, "one", state).await?;
                Ok(ControlFlow::<Value, _>::Continue(state + 1))
            })
            .await
        });
        let engine = engine(&workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let Err(Error::Failed(failure)) = run.result().await else { panic!("it did not fail") };
        assert_eq!((failure.code.as_str(), failure.path.as_str()), ("no_more", "poll[2]/check"));
        let journal = journal(&engine, run.id()).await;
        assert_eq!(journal.last(), Some(&("poll".to_owned(), "failed")));
    });
}

#[test]
fn a_head_has_its_turn_among_the_outcomes_of_other_branches() {
    run_test(async {
        for always_replay in [false, true] {
            let ledger = Ledger::default();
            let workflow = counted(&ledger, |ctx, _, ledger| async move {
                // Which instant an iteration sees is part of its step's input: were it to begin
                // early on replay, the input would be another one.
                let rounds = ctx.while_loop("rounds", 0, async |ctx: Context, state: u32| {
                    let now = ctx.now();
                    ledger.step(&ctx, "one", json!(now)).await?;
                    ctx.sleep("nap", Duration::from_millis(4)).await?;
                    Ok(if state == 5 {
                        ControlFlow::Break(state)
                    } else {
                        ControlFlow::Continue(state + 1)
                    })
                });
                let beside = async {
                    for _ in 0..10 {
                        ctx.sleep("pause", Duration::from_millis(3)).await?;
                    }
                    ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await
                };
                let (rounds, _) = join((rounds, beside)).await?;
                Ok(json!(rounds))
            });
            let builder = Engine::builder().store(MemoryStore::new()).linger(Duration::ZERO);
            let builder = builder.register(workflow.clone());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.build().await.unwrap();
            let run = engine.start(workflow, json!(null)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(60)).await;
            engine
                .client()
                .send_event(run.id(), "a", json!(1), SendEvent::default())
                .await
                .unwrap();
            assert_eq!(run.result().await, Ok(json!(5)));
            assert!(ledger.all().values().all(|count| *count == 1), "{:?}", ledger.all());
        }
    });
}

/// A loop that never ends and never waits for anything, beside another branch; with an input it
/// returns that after a step.
fn restless(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, input, ledger| async move {
        if !input.is_null() {
            return ledger.step(&ctx, "one", input).await;
        }
        let spin = ctx.while_loop("spin", 0_u64, async |_: Context, state| {
            Ok(ControlFlow::<Value, _>::Continue(state + 1))
        });
        let beside = async {
            ctx.sleep("nap", Duration::from_millis(5)).await?;
            ctx.wait_event::<Value>("wait", WaitEvent::new("a")).await
        };
        join((spin, beside)).await.map(|(done, _)| done)
    })
}

#[test]
fn a_loop_without_a_step_neither_starves_nor_grows() {
    run_test(async {
        let store = MemoryStore::new();
        let workflow = restless(&Ledger::default());
        let engine = engine_on(store.clone(), &workflow).await;
        let spin = engine.start(workflow.clone(), json!(null)).await.unwrap();
        // Another branch of the same run gets on with it.
        let waits =
            |paths: Vec<(String, Option<Value>)>| paths.iter().any(|(path, _)| path == "wait");
        while !waits(loaded(&store, spin.id()).await) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // So do other runs of the same thread.
        let run = engine.start(workflow, json!(7)).await.unwrap();
        assert_eq!(run.result().await, Ok(json!(7)));
        assert_eq!(loaded(&store, spin.id()).await.len(), 3);
        engine.client().cancel(spin.id(), ()).await.unwrap();
        assert_eq!(spin.result().await, Err(Error::Cancelled));
        let journal = journal(&engine, spin.id()).await;
        assert!(journal.contains(&("spin".to_owned(), "cancelled")), "{journal:?}");
    });
}

#[test]
fn loops_nest() {
    run_test(async {
        let ledger = Ledger::default();
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ctx.while_loop("outer", json!([]), async |ctx: Context, state: Value| {
                let items = vec![1, 2];
                let inner = ctx
                    .for_each("each", items, 2, async |ctx: Context, item: u32, _| {
                        ctx.while_loop("inner", 0, async |ctx: Context, state: u32| {
                            ledger.step(&ctx, "one", state).await?;
                            Ok(if state == item {
                                ControlFlow::Break(state)
                            } else {
                                ControlFlow::Continue(state + 1)
                            })
                        })
                        .await
                    })
                    .await?;
                let mut list = state.as_array().cloned().unwrap_or_default();
                list.push(json!(inner));
                Ok(if list.len() == 2 {
                    ControlFlow::Break(json!(list))
                } else {
                    ControlFlow::Continue(json!(list))
                })
            })
            .await
        });
        for always_replay in [false, true] {
            let builder = Engine::builder().store(MemoryStore::new()).register(workflow.clone());
            let builder = if always_replay { builder.always_replay() } else { builder };
            let engine = builder.build().await.unwrap();
            let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
            assert_eq!(run.result().await, Ok(json!([[1, 2], [1, 2]])));
        }
        assert_eq!(ledger.of("outer[1]/each[1]/inner[2]/one"), 2);
    });
}

#[test]
fn every_iteration_takes_as_long_as_the_first() {
    run_test(async {
        let store = MemoryStore::new();
        let workflow = counting(&Ledger::default());
        let engine = engine_on(store.clone(), &workflow).await;
        let mut tries = Vec::new();
        for _ in 0..3 {
            let mut times = Vec::new();
            for iterations in [1_000, 10_000] {
                let began = Instant::now();
                let run = engine.start(workflow.clone(), json!(iterations)).await.unwrap();
                assert_eq!(run.result().await, Ok(json!(iterations * 100)));
                times.push(began.elapsed().as_secs_f64() / f64::from(iterations));
                assert_eq!(loaded(&store, run.id()).await.len(), 1);
            }
            // Were a step of the way to cost what lies behind it, this would be a factor of ten,
            // each time; a machine's bad moment passes.
            if times[1] < times[0] * 4.0 {
                return;
            }
            tries.push(times);
        }
        panic!("{tries:?} seconds for an iteration");
    });
}

/// Doubles the input while it is below 100; at most `most` times.
fn doubling(ledger: &Ledger, most: u64) -> Flow {
    counted(ledger, move |ctx, input, ledger| async move {
        let below = |state: &i64| {
            ctx.evaluate("double", || {
                let limit = if *state < 0 { "a limit" } else { "100" };
                Ok(*state < flowcrate::expr::string_to_int(limit)?)
            })
        };
        let rounds = While::new("double").max_iterations(most);
        let state = input.as_i64().unwrap_or_default();
        let last = ctx
            .repeat_while(rounds, state, below, async |ctx: Context, state: i64, index| {
                ledger.step(&ctx, "note", json!([state, index])).await?;
                Ok(state * 2)
            })
            .await?;
        Ok(json!(last))
    })
}

#[test]
fn s27_a_loop_repeats_while_its_condition_holds() {
    run_test(async {
        for (input, most, expected, rounds) in [
            (30, 9, Ok(json!(120)), vec!["double[0]/note", "double[1]/note", "double"]),
            // The condition is looked at before the limit.
            (30, 2, Ok(json!(120)), vec!["double[0]/note", "double[1]/note", "double"]),
            (100, 0, Ok(json!(100)), vec!["double"]),
            (30, 1, Err("max_iterations"), vec!["double[0]/note", "double"]),
            (-1, 9, Err("expression"), vec!["double"]),
        ] {
            let workflow = doubling(&Ledger::default(), most);
            let engine = engine(&workflow).await;
            let run = engine.start(workflow, json!(input)).await.unwrap();
            let result = run.result().await;
            let found = result.as_ref().map_err(|error| match error {
                Error::Failed(failure) => (failure.code.as_str(), failure.path.as_str()),
                other => panic!("{other}"),
            });
            assert_eq!(found, expected.as_ref().map_err(|code| (*code, "double")), "{input}");
            let entries = engine.client().journal(run.id()).await.unwrap();
            let paths: Vec<_> = entries.iter().map(|entry| entry.path.as_str()).collect();
            assert_eq!(paths, rounds, "{input}");
        }
    });
}

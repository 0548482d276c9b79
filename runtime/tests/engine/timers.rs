//! Timers, waiting as a row.

use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::{Ledger, SimClock};
use flowcrate::{Engine, RunState, Timestamp};
use serde_json::json;

use super::kit::{Flow, Steps, counted, engine_on, journal, run_test, until};

fn sleeper(ledger: &Ledger) -> Flow {
    counted(ledger, |ctx, _, ledger| async move {
        ledger.step(&ctx, "before", 1).await?;
        ctx.sleep("nap", Duration::from_hours(1)).await?;
        let now = ctx.now();
        ledger.step(&ctx, "after", 2).await?;
        Ok(json!(now))
    })
}

#[test]
fn a_timer_is_due_by_the_clock_of_the_store() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let workflow = sleeper(&ledger);
        let engine = engine_on(MemoryStore::with_clock(clock.clone()), &workflow).await;
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let view = until(&engine, &run, RunState::Waiting).await;
        assert_eq!(view.waiting_for[0].path, "nap");
        assert_eq!(view.waiting_for[0].due, Some(Timestamp(3_600_000)));
        clock.advance(Duration::from_millis(3_599_999));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(ledger.of("after"), 0);
        clock.advance(Duration::from_millis(1));
        assert_eq!(run.result().await.unwrap(), json!(Timestamp(3_600_000)));
        let expected = ["before", "nap", "after"].map(|path| (path.to_owned(), "completed"));
        assert_eq!(journal(&engine, run.id()).await, expected);
    });
}

#[test]
fn a_timer_survives_the_process() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let workflow = sleeper(&ledger);
        let store = MemoryStore::with_clock(clock.clone());
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).key("k").await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.kill();
        // Nobody is there when it is due.
        clock.advance(Duration::from_hours(5));
        let engine = engine_on(store, &workflow).await;
        let run = engine.start(workflow, json!(null)).key("k").await.unwrap();
        assert_eq!(run.result().await.unwrap(), json!(Timestamp(5 * 3_600_000)));
        assert_eq!(ledger.all().into_values().collect::<Vec<_>>(), [1, 1]);
    });
}

#[test]
fn a_timer_for_an_instant_is_due_then_and_at_once_if_that_is_past() {
    run_test(async {
        let (clock, ledger) = (SimClock::at(Timestamp(5_000)), Ledger::default());
        let workflow = counted(&ledger, |ctx, _, ledger| async move {
            ctx.sleep_until("past", Timestamp(1_000)).await?;
            ledger.step(&ctx, "before", 1).await?;
            ctx.sleep_until("noon", Timestamp(60_000)).await?;
            Ok(json!(ctx.now()))
        });
        let store = MemoryStore::with_clock(clock.clone());
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).key("k").await.unwrap();
        // It may be seen to wait for what is past, too.
        let due = loop {
            let view = until(&engine, &run, RunState::Waiting).await;
            match view.waiting_for.as_slice() {
                [wait] if wait.path == "noon" => break wait.due,
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
        assert_eq!(due, Some(Timestamp(60_000)));
        engine.kill();
        // The instant stays what it was, however late somebody comes.
        clock.advance(Duration::from_secs(54));
        let engine = engine_on(store, &workflow).await;
        let run = engine.start(workflow, json!(null)).key("k").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(until(&engine, &run, RunState::Waiting).await.state, RunState::Waiting);
        clock.advance(Duration::from_secs(1));
        assert_eq!(run.result().await.unwrap(), json!(Timestamp(60_000)));
        assert_eq!(ledger.of("before"), 1);
    });
}

#[test]
fn a_waiting_run_is_a_row_and_wakes_by_itself() {
    run_test(async {
        let clock = SimClock::at(Timestamp(0));
        let ledger = Ledger::default();
        let workflow = sleeper(&ledger);
        let store = MemoryStore::with_clock(clock.clone());
        let builder = Engine::builder().store(store.clone()).register(workflow.clone());
        let engine = builder.linger(Duration::ZERO).build().await.unwrap();
        let run = engine.start(workflow, json!(null)).await.unwrap();
        let row = loop {
            let row = row(&store, run.id()).await;
            if row.owner.is_none() {
                break row;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        assert_eq!(row.wake_at, Some(Timestamp(3_600_000)));
        assert_eq!(row.state, RunState::Waiting);
        clock.advance(Duration::from_hours(1));
        assert_eq!(run.result().await.unwrap(), json!(Timestamp(3_600_000)));
        assert_eq!(ledger.of("before"), 1);
    });
}

async fn row(store: &MemoryStore, run: flowcrate::RunId) -> flowcrate::store::RunRow {
    use flowcrate::store::{Query, Reply, Store};
    let (reply, answer) = Reply::channel();
    store.query(Query::Run(run, reply));
    answer.await.unwrap().unwrap().0
}

/// A clock that somebody sets.
#[derive(Clone, Default)]
struct SetClock(std::sync::Arc<std::sync::atomic::AtomicI64>);

impl flowcrate::clock::Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

#[test]
fn r11_a_clock_that_is_set_back_makes_no_timer_early_and_no_time_run_backwards() {
    run_test(async {
        const HOUR: i64 = 3_600_000;
        let clock = SetClock::default();
        let set = |hours: i64| clock.0.store(hours * HOUR, std::sync::atomic::Ordering::SeqCst);
        set(10);
        let store = MemoryStore::with_clock(clock.clone());
        let workflow = counted(&Ledger::default(), |ctx, _, ledger| async move {
            ledger.step(&ctx, "one", 1).await?;
            let before = ctx.now();
            ctx.wait_event::<serde_json::Value>("wait", flowcrate::WaitEvent::new("a")).await?;
            assert!(ctx.now() >= before, "time ran backwards");
            ctx.sleep("nap", Duration::from_mins(30)).await?;
            Ok(json!(null))
        });
        let engine = engine_on(store.clone(), &workflow).await;
        let run = engine.start(workflow.clone(), json!(null)).await.unwrap();
        until(&engine, &run, RunState::Waiting).await;
        engine.kill();
        set(9);
        let engine = engine_on(store, &workflow).await;
        let run = engine.handle::<Flow>(run.id());
        run.send_event("a", json!(1), flowcrate::SendEvent::default()).await.unwrap();
        let due = loop {
            let view = run.view().await.unwrap();
            match view.waiting_for.first() {
                Some(waiting) if waiting.path == "nap" => break waiting.due,
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
        assert_eq!(due, Some(Timestamp(10 * HOUR + HOUR / 2)));
        engine.kill();
    });
}

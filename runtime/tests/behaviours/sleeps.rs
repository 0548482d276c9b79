//! Sleeps: rows, not tasks.

use std::time::Duration;

use flowcrate::{Context, Result, RunState, SendEvent, Timestamp, WaitEvent, join, workflow};
use serde_json::json;

use super::kit::{
    engine_by_the_clock, entries, journal, run_test, until, until_waiting_at, until_waiting_for,
};

#[workflow(name = "night", revision = "1")]
async fn night(ctx: Context, hours: u64) -> Result<Timestamp> {
    ctx.sleep("doze", Duration::from_hours(hours)).await?;
    Ok(ctx.now())
}

#[test]
fn sleeps_are_durable() {
    run_test(async {
        let (engine, clock) = engine_by_the_clock(Night).await;
        let run = engine.start(Night, 8).await.unwrap();
        let view = until(&engine, run.id(), RunState::Waiting).await;
        assert_eq!(view.waiting_for[0].due, Some(Timestamp(8 * 3_600_000)));
        clock.advance(Duration::from_hours(8));
        assert_eq!(run.result().await.unwrap(), Timestamp(8 * 3_600_000));
    });
}

#[workflow(name = "overlap", revision = "1")]
async fn overlap(ctx: Context, (): ()) -> Result<Vec<i64>> {
    let nap = async |id: &'static str, seconds| {
        ctx.sleep(id, Duration::from_secs(seconds)).await?;
        Ok(ctx.now().0)
    };
    let (a, b, c) = join((nap("a", 30), nap("b", 10), nap("c", 20))).await?;
    Ok(vec![a, b, c])
}

#[test]
fn sleeps_overlap_in_parallel() {
    run_test(async {
        let (engine, clock) = engine_by_the_clock(Overlap).await;
        let run = engine.start(Overlap, ()).await.unwrap();
        until_waiting_for(&engine, run.id(), 3).await;
        for left in [2, 1, 0] {
            clock.advance(Duration::from_secs(10));
            until_waiting_for(&engine, run.id(), left).await;
        }
        assert_eq!(run.result().await.unwrap(), [30_000, 10_000, 20_000]);
        let expected = entries(&[("b", "completed"), ("c", "completed"), ("a", "completed")]);
        assert_eq!(journal(&engine, run.id()).await, expected);
    });
}

#[workflow(name = "naps", revision = "1")]
async fn naps(ctx: Context, (): ()) -> Result<Vec<i64>> {
    let body = async |ctx: Context, seconds: u64, _| {
        ctx.sleep("nap", Duration::from_secs(seconds)).await?;
        Ok(ctx.now().0)
    };
    ctx.for_each("each", vec![1, 2, 3], 1, body).await
}

#[test]
fn sleeps_in_loops() {
    run_test(async {
        let (engine, clock) = engine_by_the_clock(Naps).await;
        let run = engine.start(Naps, ()).await.unwrap();
        for (item, seconds) in [1, 2, 3].into_iter().enumerate() {
            until_waiting_at(&engine, run.id(), &format!("each[{item}]/nap")).await;
            clock.advance(Duration::from_secs(seconds));
        }
        assert_eq!(run.result().await.unwrap(), [1_000, 3_000, 6_000]);
    });
}

/// Waits for an event at most so long, and then without a limit: an event that comes too late for
/// the first is there for the second.
#[workflow(name = "impatient", revision = "1", events("news" = String))]
async fn impatient(ctx: Context, (): ()) -> Result<Vec<Option<String>>> {
    let hurried = WaitEvent::new("news").timeout(Duration::from_secs(10));
    let first = ctx.wait_event("hurried", hurried).await?;
    let second = ctx.wait_event("patient", WaitEvent::new("news")).await?;
    Ok(vec![first, second])
}

#[test]
fn a_sleep_races_an_event_without_losing_it() {
    run_test(async {
        let send = async |engine: &flowcrate::Engine, run, text: &str| {
            let client = engine.client();
            client.send_event(run, "news", json!(text), SendEvent::default()).await.unwrap();
        };
        let some = |text: &str| Some(text.to_owned());
        // The timer wins; what comes afterwards is not lost.
        let (engine, clock) = engine_by_the_clock(Impatient).await;
        let run = engine.start(Impatient, ()).await.unwrap();
        until_waiting_for(&engine, run.id(), 1).await;
        clock.advance(Duration::from_secs(10));
        until_waiting_at(&engine, run.id(), "patient").await;
        send(&engine, run.id(), "late").await;
        assert_eq!(run.result().await.unwrap(), [None, some("late")]);
        // The event wins; the timer's time is nobody's any more.
        let run = engine.start(Impatient, ()).await.unwrap();
        send(&engine, run.id(), "early").await;
        clock.advance(Duration::from_secs(10));
        send(&engine, run.id(), "second").await;
        assert_eq!(run.result().await.unwrap(), [some("early"), some("second")]);
        // Both at the same moment, again and again: whoever wins, no event is lost.
        for round in 0..50 {
            let run = engine.start(Impatient, ()).await.unwrap();
            if round % 2 == 0 {
                until_waiting_for(&engine, run.id(), 1).await;
            }
            let id = run.id();
            let (client, ticking) = (engine.client(), clock.clone());
            let tick = tokio::spawn(async move { ticking.advance(Duration::from_secs(10)) });
            let options = SendEvent::default();
            client.send_event(id, "news", json!("one"), options.clone()).await.unwrap();
            tick.await.unwrap();
            // The second wait takes what the first left, or else this.
            let second = client.send_event(id, "news", json!("two"), options).await;
            let got = run.result().await.unwrap();
            match got.as_slice() {
                [None, Some(one)] => assert_eq!(one, "one"),
                [Some(one), Some(two)] => {
                    second.unwrap();
                    assert_eq!((one.as_str(), two.as_str()), ("one", "two"));
                }
                lost => panic!("{lost:?}"),
            }
        }
    });
}

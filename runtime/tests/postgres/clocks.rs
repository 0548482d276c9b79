//! The database's clock jumps, forward and back, while workers are at work: all promises hold.

use std::collections::BTreeMap;
use std::time::Duration;

use flowcrate::testkit::Cluster;
use flowcrate::{Context, Engine, EntryStatus, Result, RunState, workflow};

use crate::kit::{block_on, options};
use crate::ledger::{Busy, EFFECTS, Execution, executions, is_of_the_last};

/// Sets the clock of a journal so many seconds beside the server's.
fn set(schema: &str, seconds: i64) {
    Cluster::shared().sql(&format!(
        "CREATE OR REPLACE FUNCTION \"{schema}\".now_v2() RETURNS timestamptz LANGUAGE sql VOLATILE
         AS $$ SELECT clock_timestamp() + interval '{seconds} seconds' $$"
    ));
}

#[workflow(name = "naps", revision = "1")]
async fn naps(ctx: Context, length: Duration) -> Result<i64> {
    let before = ctx.started_at();
    ctx.sleep("nap", length).await?;
    Ok(ctx.now().0 - before.0)
}

async fn engine(schema: &str) -> Engine {
    let store = options(schema).lease(Duration::from_secs(1)).open().await.unwrap();
    let builder = Engine::builder().store(store).register(Busy).register(Naps);
    builder.linger(Duration::ZERO).build().await.unwrap()
}

/// Leases end early and late, runs are taken over and taken back; each outcome is there once, the
/// whole of each run is, and no timer was early.
#[test]
fn all_promises_hold_while_the_clock_jumps() {
    const RUNS: usize = 40;
    let place = tempfile::tempdir().unwrap();
    let schema = Cluster::schema();
    block_on(async {
        let workers = [engine(&schema).await, engine(&schema).await, engine(&schema).await];
        let mut runs = Vec::new();
        for number in 0..RUNS {
            let worker = &workers[number % workers.len()];
            runs.push(worker.start(Busy, place.path().to_owned()).await.unwrap());
            // A minute, an hour, a day; and each time back again, and further.
            let jump = [0, 60, -60, 3600, -3600, 86_400, 30, -30][number % 8];
            set(&schema, jump);
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        // From here on it goes as it should. It is later than ever before: what waits is due.
        set(&schema, 2 * 86_400);
        for run in &runs {
            assert_eq!(run.result().await.unwrap().len(), EFFECTS);
        }
        let mut begun: BTreeMap<(String, String), Vec<Execution>> = BTreeMap::new();
        for one in executions(place.path()) {
            begun.entry((one.run.to_string(), one.path.clone())).or_default().push(one);
        }
        assert_eq!(begun.len(), RUNS * EFFECTS);
        for run in &runs {
            let journal = workers[0].client().journal(run.id()).await.unwrap();
            assert!(journal.iter().all(|entry| entry.status == EntryStatus::Completed));
            let seqs: Vec<_> = journal.iter().filter_map(|entry| entry.seq).collect();
            assert_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>());
            let pause = journal.iter().find(|entry| entry.path == "pause").unwrap();
            let lasted = pause.ended_at.unwrap().0 - pause.started_at.0;
            assert!(lasted >= 20, "a timer was early: {lasted} ms of 20");
            for entry in &journal {
                let step = (run.id().to_string(), entry.path.clone());
                let Some(all) = begun.get(&step) else { continue };
                is_of_the_last(all, entry.output.as_ref());
            }
        }
    });
}

/// A clock that is set back makes a timer late, never early; set forward, it is due at once.
#[test]
fn timers_follow_the_clock_and_are_never_early() {
    let schema = Cluster::schema();
    block_on(async {
        let worker = engine(&schema).await;
        let length = Duration::from_secs(4);
        let short = worker.start(Naps, length).await.unwrap();
        let long = worker.start(Naps, Duration::from_hours(1)).await.unwrap();
        for run in [short.id(), long.id()] {
            while worker.client().run(run).await.unwrap().unwrap().state != RunState::Waiting {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        set(&schema, -1000);
        // By the clock on the wall it is over; by the database's it is not.
        tokio::time::sleep(length).await;
        let view = worker.client().run(short.id()).await.unwrap().unwrap();
        assert_eq!(view.state, RunState::Waiting);
        set(&schema, 0);
        assert!(short.result().await.unwrap() >= 4000);
        set(&schema, 3700);
        assert!(long.result().await.unwrap() >= 3_600_000);
        // Started at an instant that the clock will not see again for an hour.
        let run = worker.start(Naps, Duration::from_millis(200)).await.unwrap();
        set(&schema, 3698);
        assert!(run.result().await.unwrap() >= 200);
    });
}

/// The clock goes back: a dead worker's runs are taken later, and those of the living stay theirs.
#[test]
fn leases_that_last_longer_are_leases() {
    let place = tempfile::tempdir().unwrap();
    let schema = Cluster::schema();
    block_on(async {
        let [one, two] = [engine(&schema).await, engine(&schema).await];
        set(&schema, 100);
        tokio::time::sleep(Duration::from_millis(700)).await;
        let run = one.start(Busy, place.path().to_owned()).await.unwrap();
        set(&schema, 96);
        one.kill();
        let run = two.handle::<Busy>(run.id());
        assert_eq!(run.result().await.unwrap().len(), EFFECTS);
    });
}

//! The storm of steps that corrupts a journal which tells them apart by position, over three
//! workers on one database: 600 runs at once, each of which goes from worker to worker.

use std::collections::BTreeMap;
use std::time::Duration;

use flowcrate::testkit::Cluster;
use flowcrate::{Context, Engine, EntryStatus, Result, StepContext, StepError, step, workflow};
use serde_json::json;

use crate::kit::{block_on, options};

const RUNS: u32 = 600;

#[step(retry(max_attempts = 3, initial = "1ms"))]
async fn label(step: StepContext, (run, part): (u32, u32)) -> Result<String, StepError> {
    // In another order in each run, and some of them only the second time.
    tokio::time::sleep(Duration::from_millis(u64::from((run * 7 + part * 13) % 5))).await;
    if (run + part).is_multiple_of(17) && step.attempt() == 1 {
        return Err(StepError::retryable("again", "once more"));
    }
    Ok(format!("{run}/{part}"))
}

#[workflow(name = "storm", revision = "1")]
async fn storm(ctx: Context, run: u32) -> Result<Vec<String>> {
    let body = async |ctx: Context, part: u32, _| label(&ctx, (run, part)).await;
    let first = ctx.for_each("each", (0..6).collect(), 6, body).await?;
    // It is a row, and whoever comes first goes on.
    ctx.sleep("pause", Duration::from_millis(1)).await?;
    let last = label(&ctx, (run, 6)).key("last").await?;
    Ok(first.into_iter().chain([last]).collect())
}

#[test]
fn step_storm() {
    let schema = Cluster::schema();
    block_on(async {
        let mut engines = Vec::new();
        for _ in 0..3 {
            let store = options(&schema).open().await.unwrap();
            let builder = Engine::builder().store(store).register(Storm).linger(Duration::ZERO);
            engines.push(builder.build().await.unwrap());
        }
        let mut runs = Vec::new();
        for (number, engine) in (0..RUNS).zip(engines.iter().cycle()) {
            runs.push((number, engine.start(Storm, number).await.unwrap()));
        }
        for (number, run) in runs {
            let expected: Vec<_> = (0..7).map(|part| format!("{number}/{part}")).collect();
            assert_eq!(run.result().await.unwrap(), expected, "run {number} is corrupt");
            let journal = engines[0].client().journal(run.id()).await.unwrap();
            let outcomes: BTreeMap<_, _> = journal
                .into_iter()
                .inspect(|entry| assert_eq!(entry.status, EntryStatus::Completed))
                .map(|entry| (entry.path, entry.output))
                .collect();
            // 7 steps, 6 items, the loop, the pause.
            assert_eq!(outcomes.len(), 15);
            for part in 0..6 {
                let of = &outcomes[&format!("each[{part}]/label")];
                assert_eq!(*of, Some(json!(format!("{number}/{part}"))));
            }
        }
        for engine in engines {
            engine.shutdown().await;
        }
    });
}

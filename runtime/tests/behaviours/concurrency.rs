//! Branches that run at once.

use std::time::Duration;

use flowcrate::{Context, Result, StepContext, StepError, join, step, workflow};

use super::kit::{engine, run_test};

#[step(retry(max_attempts = 1))]
async fn takes(_step: StepContext, milliseconds: u64) -> Result<u64, StepError> {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    Ok(milliseconds)
}

#[workflow(name = "all_three", revision = "1")]
async fn all_three(ctx: Context, (): ()) -> Result<(u64, u64, u64)> {
    let take = |milliseconds: u64| takes(&ctx, milliseconds).key(milliseconds.to_string());
    join((take(60), take(61), take(1))).await
}

#[test]
fn all() {
    run_test(async {
        let engine = engine(AllThree).await;
        let begun = std::time::Instant::now();
        let run = engine.start(AllThree, ()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), (60, 61, 1));
        assert!(begun.elapsed() < Duration::from_millis(115), "not one after the other");
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!(journal[0].path, "takes[1]");
    });
}

//! Branches that run at once.

use std::time::Duration;

use flowcrate::{
    Caught, Context, Error, Result, StepContext, StepError, WaitEvent, join, step, workflow,
};

use super::kit::{engine, journal, run_test};

/// Takes so long, and fails for good where it is told to.
#[step(retry(max_attempts = 1))]
async fn takes(_step: StepContext, (milliseconds, fails): (u64, bool)) -> Result<u64, StepError> {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    if fails {
        return Err(StepError::fatal("broken", format!("after {milliseconds} ms")));
    }
    Ok(milliseconds)
}

#[workflow(name = "all_three", revision = "1")]
async fn all_three(ctx: Context, (): ()) -> Result<(u64, u64, u64)> {
    let take = |milliseconds: u64| takes(&ctx, (milliseconds, false)).key(milliseconds.to_string());
    join((take(60), take(61), take(1))).await
}

#[test]
fn all() {
    run_test(async {
        let engine = engine(AllThree).await;
        let run = engine.start(AllThree, ()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), (60, 61, 1));
        // At once: the last to be called is the first to end.
        let journal = engine.client().journal(run.id()).await.unwrap();
        assert_eq!(journal[0].path, "takes[1]");
        let last = journal.iter().map(|entry| entry.started_at).max().unwrap();
        assert!(last < journal[1].ended_at.unwrap(), "one after the other");
    });
}

/// Branches by name: how long each takes, and whether it fails.
type Branches = Vec<(String, u64, bool)>;

fn branches(list: &[(&str, u64, bool)]) -> Branches {
    list.iter().map(|(name, takes, fails)| ((*name).to_owned(), *takes, *fails)).collect()
}

#[workflow(name = "first_of", revision = "1")]
async fn first_of(ctx: Context, branches: Branches) -> Result<String> {
    let mut race = ctx.race("race");
    for (name, milliseconds, fails) in branches {
        race = race.branch(name.clone(), async move |ctx: Context| {
            takes(&ctx, (milliseconds, fails)).key(&name).await?;
            Ok(name)
        });
    }
    race.await
}

async fn winner(list: &[(&str, u64, bool)]) -> Result<String> {
    let engine = engine(FirstOf).await;
    let run = engine.start(FirstOf, branches(list)).await.unwrap();
    let result = run.result().await;
    let journal = journal(&engine, run.id()).await;
    if let Ok(name) = &result {
        assert!(journal.contains(&(format!("race/takes[{name}]"), "completed")), "{journal:?}");
    }
    // Nobody is left behind.
    let ended =
        |(_, status): &(String, &str)| matches!(*status, "completed" | "failed" | "cancelled");
    assert!(journal.iter().all(ended), "{journal:?}");
    result
}

#[test]
fn race() {
    run_test(async {
        let won = winner(&[("slow", 5_000, false), ("quick", 1, false), ("late", 6_000, false)]);
        assert_eq!(won.await.unwrap(), "quick");
    });
}

#[test]
fn race_where_a_loser_fails_fatally() {
    run_test(async {
        // Before the winner has come, and after.
        let won = winner(&[("broken", 1, true), ("sound", 30, false)]).await;
        assert_eq!(won.unwrap(), "sound");
        let won = winner(&[("broken", 30, true), ("sound", 1, false)]).await;
        assert_eq!(won.unwrap(), "sound");
    });
}

#[test]
fn any() {
    run_test(async {
        let won = winner(&[("a", 1, true), ("b", 20, true), ("c", 40, false)]).await;
        assert_eq!(won.unwrap(), "c");
        // If all fail, the first failure counts.
        let lost = winner(&[("a", 30, true), ("b", 1, true), ("c", 15, true)]).await;
        let Err(Error::Failed(failure)) = lost else { panic!("somebody has won: {lost:?}") };
        assert_eq!(
            (failure.message.as_str(), failure.path.as_str()),
            ("after 1 ms", "race/takes[b]")
        );
    });
}

#[workflow(name = "rounds", revision = "1")]
async fn rounds(ctx: Context, rounds: u32) -> Result<Vec<u32>> {
    let mut winners = Vec::new();
    for round in 0..rounds {
        let mut race = ctx.race(format!("round_{round}"));
        for branch in 0..3 {
            // Another branch is the quickest each time.
            let milliseconds = u64::from((branch + round) % 3) * 200;
            race = race.branch(branch.to_string(), async move |ctx: Context| {
                takes(&ctx, (milliseconds, false)).key(branch.to_string()).await?;
                Ok(branch)
            });
        }
        winners.push(race.await?);
    }
    Ok(winners)
}

#[test]
fn repeated_races_in_order() {
    run_test(async {
        let engine = engine(Rounds).await;
        let run = engine.start(Rounds, 6).await.unwrap();
        assert_eq!(run.result().await.unwrap(), [0, 2, 1, 0, 2, 1]);
        let journal = journal(&engine, run.id()).await;
        let of = |round: usize| {
            let won = format!("round_{round}/!won");
            journal.iter().position(|(path, _)| *path == won).unwrap()
        };
        assert!((0..6).map(of).is_sorted());
    });
}

#[workflow(name = "limited", revision = "1", events("never" = u8))]
async fn limited(ctx: Context, (): ()) -> Result<(Option<u64>, Option<u64>, String)> {
    let in_time = ctx.timeout("in_time", Duration::from_mins(1), async |ctx: Context| {
        takes(&ctx, (1, false)).await
    });
    let in_time = in_time.await?;
    let too_late = ctx.timeout("too_late", Duration::from_millis(5), async |ctx: Context| {
        ctx.wait_event("never", WaitEvent::new("never")).received().await
    });
    let too_late: Option<u8> = too_late.await?;
    let failed = ctx.timeout("failed", Duration::from_mins(1), async |ctx: Context| {
        takes(&ctx, (1, true)).await
    });
    let failed = failed.await.caught()?.map_or_else(|failure| failure.path, |_| String::new());
    Ok((in_time, too_late.map(u64::from), failed))
}

#[test]
fn a_timeout_round_anything() {
    run_test(async {
        let engine = engine(Limited).await;
        let run = engine.start(Limited, ()).await.unwrap();
        assert_eq!(run.result().await.unwrap(), (Some(1), None, "failed/takes".to_owned()));
    });
}

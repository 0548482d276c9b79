//! Flows that work in an application's own rows, over any store: each ends with the rows that are
//! there, so that a row that is lost, or there twice, makes another result.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::Work;
use flowcrate::{Caught, Context, Failure, Policy, Result, Undos, WaitEvent, join};
use serde_json::{Value, json};

/// Works in rows of one store.
#[derive(Clone)]
pub(crate) struct Rows(Arc<dyn Fn(Act) -> Work<Value> + Send + Sync>);

/// What is done with the rows. Each gives all rows there are then, as `[[key, count], ...]`.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Counts a key up.
    Put(String),
    /// Takes a key away.
    Remove(String),
    /// Counts a key up, and fails.
    Fail(String),
    /// Counts a key up, and panics.
    Panic(String),
}

impl Rows {
    pub(crate) fn new(work: impl Fn(Act) -> Work<Value> + Send + Sync + 'static) -> Self {
        Self(Arc::new(work))
    }

    pub(crate) fn work(&self, act: Act) -> Work<Value> {
        (self.0)(act)
    }

    pub(crate) fn put(&self, key: impl Into<String>) -> Work<Value> {
        self.work(Act::Put(key.into()))
    }

    /// Steps that undo what these flows do.
    pub(crate) fn undos(&self) -> Undos {
        let rows = self.clone();
        Undos::new().step("remove", move |ctx: &Context, key: String| {
            ctx.transaction("remove", rows.work(Act::Remove(key))).into()
        })
    }
}

/// Tried up to three times without much delay.
pub(crate) fn quick() -> Policy {
    Policy { max_attempts: 3, initial: Duration::from_millis(2), ..Policy::default() }
}

pub(crate) const FLOWS: [&str; 6] = ["sequence", "parallel", "race", "rounds", "undone", "failing"];

/// The flow of a name.
pub(crate) async fn run(name: &str, ctx: Context, rows: Rows) -> Result<Value> {
    match name {
        "sequence" => sequence(ctx, rows).await,
        "parallel" => parallel(ctx, rows).await,
        "race" => race(ctx, rows).await,
        "rounds" => rounds(ctx, rows).await,
        "undone" => undone(ctx, rows).await,
        _ => failing(ctx, rows).await,
    }
}

async fn sequence(ctx: Context, rows: Rows) -> Result<Value> {
    ctx.transaction("one", rows.put("one")).input(&1).await?;
    ctx.sleep("nap", Duration::from_millis(2)).await?;
    ctx.transaction("two", rows.put("two")).await
}

async fn parallel(ctx: Context, rows: Rows) -> Result<Value> {
    let nap = async {
        ctx.sleep("nap", Duration::from_millis(2)).await?;
        ctx.transaction("late", rows.put("late")).await
    };
    let each = ctx.for_each("each", vec![1, 2, 3], 3, async |ctx: Context, item: u32, _| {
        ctx.transaction("put", rows.put(format!("each {item}"))).await.map(|_| item)
    });
    join((nap, ctx.transaction("one", rows.put("one")), each)).await?;
    ctx.transaction("last", rows.put("last")).await
}

/// What has not begun when its race is lost never does.
async fn race(ctx: Context, rows: Rows) -> Result<Value> {
    let race = ctx.race("race").branch("lost", async |ctx: Context| {
        let _: Value = ctx.wait_event("never", WaitEvent::new("b")).received().await?;
        ctx.transaction("lost", rows.put("lost")).await
    });
    let won =
        race.branch("won", async |ctx: Context| ctx.transaction("won", rows.put("won")).await);
    won.await?;
    ctx.transaction("last", rows.put("last")).await
}

async fn rounds(ctx: Context, rows: Rows) -> Result<Value> {
    ctx.while_loop("rounds", 0_u32, async |ctx: Context, round: u32| {
        let all = ctx.transaction("put", rows.put(format!("round {round}"))).await?;
        Ok(if round == 3 { ControlFlow::Break(all) } else { ControlFlow::Continue(round + 1) })
    })
    .await
}

/// Undoes what a `try` did, in another transaction.
async fn undone(ctx: Context, rows: Rows) -> Result<Value> {
    ctx.try_scope("try", async |ctx: Context| {
        let one = ctx.transaction("one", rows.put("one"));
        one.undo_named("remove", |_| Ok("one")).await?;
        Err::<(), _>(Failure::new("end", "the end").at("try").into())
    })
    .catch(async |_, _: Failure| Ok(()))
    .compensate()
    .await?;
    ctx.transaction("two", rows.put("two")).await
}

/// What fails leaves nothing behind, however often it is tried.
async fn failing(ctx: Context, rows: Rows) -> Result<Value> {
    for (id, act) in [("fails", Act::Fail("x".into())), ("panics", Act::Panic("y".into()))] {
        let failed = ctx.transaction(id, rows.work(act)).policy(quick()).await.caught()?;
        let failure = failed.expect_err("it fails");
        assert_eq!(failure.attempts, 3);
        ctx.transaction("told", rows.put(format!("{id} {}", failure.code))).await?;
    }
    ctx.transaction("last", rows.put("last")).await.map(|rows| json!(rows))
}

//! The workflows that are measured, and engines that drive them.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flowcrate::sqlite::{SqliteStore, Synchronous};
use flowcrate::{
    Context, Definition, Engine, EventDef, Result, Step, StepError, StepSpec, WaitEvent, Workflow,
};
use futures_util::future::LocalBoxFuture;

/// When something happened, in the order in which it did.
pub(crate) type Instants = Arc<Mutex<Vec<Instant>>>;

fn definition(name: &str, event: Option<&str>) -> Definition {
    let events = event.into_iter().map(|name| EventDef { name: name.to_owned() }).collect();
    Definition { name: name.to_owned(), revision: "1".to_owned(), events, adopts: Vec::new() }
}

/// A step that adds one.
fn add(ctx: &Context, key: Option<u32>, value: u32) -> Step<u32> {
    let spec = StepSpec { key: key.map(|key| key.to_string()), ..StepSpec::new("add", "add@1") };
    ctx.step(spec, value, |_, value: u32| async move { Ok::<u32, StepError>(value + 1) })
}

/// A run of so many steps, one after the other.
#[derive(Clone, Default)]
pub(crate) struct Steps {
    /// When each body of a long run began.
    pub(crate) instants: Instants,
}

impl Workflow for Steps {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> Definition {
        definition("steps", None)
    }

    fn run(&self, ctx: Context, steps: u32) -> LocalBoxFuture<'static, Result<u32>> {
        let instants = Arc::clone(&self.instants);
        Box::pin(async move {
            let mut value = 0;
            for at in 0..steps {
                let spec = StepSpec::new("add", "add@1").key(at.to_string());
                let instants = Arc::clone(&instants);
                let timed = steps > 3;
                let body = move |_, value: u32| {
                    if timed {
                        instants.lock().unwrap().push(Instant::now());
                    }
                    async move { Ok::<u32, StepError>(value + 1) }
                };
                value = ctx.step(spec, value, body).await?;
            }
            Ok(value)
        })
    }
}

/// So many items, all at once.
pub(crate) struct Wide;

impl Workflow for Wide {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> Definition {
        definition("wide", None)
    }

    fn run(&self, ctx: Context, width: u32) -> LocalBoxFuture<'static, Result<u32>> {
        Box::pin(async move {
            let items: Vec<u32> = (0..width).collect();
            let body = async |ctx: Context, item: u32, _| add(&ctx, None, item).await;
            let results = ctx.for_each("each", items, width as usize, body).await?;
            Ok(u32::try_from(results.len()).unwrap_or(u32::MAX))
        })
    }
}

/// So many items, 64 at a time, whose results nobody wants.
pub(crate) struct Long;

impl Workflow for Long {
    type Input = u32;
    type Output = ();

    fn definition(&self) -> Definition {
        definition("long", None)
    }

    fn run(&self, ctx: Context, items: u32) -> LocalBoxFuture<'static, Result<()>> {
        Box::pin(async move {
            let items: Vec<u32> = (0..items).collect();
            let body = async |ctx: Context, item: u32, _| add(&ctx, None, item).await.map(drop);
            ctx.for_each_discard("each", items, 64, body).await
        })
    }
}

/// A loop of so many rounds.
#[derive(Clone, Default)]
pub(crate) struct Rounds {
    /// When each round began that was begun.
    pub(crate) instants: Instants,
}

impl Workflow for Rounds {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> Definition {
        definition("rounds", None)
    }

    fn run(&self, ctx: Context, rounds: u32) -> LocalBoxFuture<'static, Result<u32>> {
        let instants = Arc::clone(&self.instants);
        Box::pin(async move {
            let instants = &instants;
            ctx.while_loop("round", 0, async |ctx: Context, round: u32| {
                instants.lock().unwrap().push(Instant::now());
                let next = add(&ctx, None, round).await?;
                let done = next == rounds;
                Ok(if done { ControlFlow::Break(next) } else { ControlFlow::Continue(next) })
            })
            .await
        })
    }
}

/// So many steps, then a wait for `go`.
pub(crate) struct StepsThenWait;

impl Workflow for StepsThenWait {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> Definition {
        definition("steps-then-wait", Some("go"))
    }

    fn run(&self, ctx: Context, steps: u32) -> LocalBoxFuture<'static, Result<u32>> {
        Box::pin(async move {
            // All at once, so that a long journal is soon made.
            let steps = (0..steps).map(|at| add(&ctx, Some(at), at)).collect::<Vec<_>>();
            let count = futures_util::future::try_join_all(steps).await?.len();
            ctx.wait_event::<()>("go", WaitEvent::new("go")).received().await?;
            Ok(u32::try_from(count).unwrap_or(u32::MAX))
        })
    }
}

/// A wait for `go`, or for a day.
pub(crate) struct Waits;

impl Workflow for Waits {
    type Input = u32;
    type Output = u32;

    fn definition(&self) -> Definition {
        definition("waits", Some("go"))
    }

    fn run(&self, ctx: Context, number: u32) -> LocalBoxFuture<'static, Result<u32>> {
        Box::pin(async move {
            let go = WaitEvent::new("go").timeout(Duration::from_hours(24));
            ctx.wait_event::<()>("go", go).await?;
            Ok(number)
        })
    }
}

/// An engine over a file that drives one workflow.
pub(crate) async fn engine(
    file: &Path,
    workflow: impl Workflow + Send + Sync,
) -> (Engine, SqliteStore) {
    engine_syncing(file, Synchronous::Full, workflow).await
}

/// The same, synced so.
pub(crate) async fn engine_syncing(
    file: &Path,
    synchronous: Synchronous,
    workflow: impl Workflow + Send + Sync,
) -> (Engine, SqliteStore) {
    let store = SqliteStore::options().synchronous(synchronous).open(file).unwrap();
    let engine = Engine::builder().store(store.clone()).register(workflow).build().await.unwrap();
    (engine, store)
}

/// Runs a run of so many steps.
pub(crate) async fn run(engine: &Engine, steps: u32) {
    let handle = engine.start(Steps::default(), steps).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), steps);
}

//! What the tests share: workflows made of closures, and bodies that count themselves.

use std::sync::Arc;
use std::time::Duration;

use flowcrate::store::MemoryStore;
use flowcrate::testkit::Ledger;
use flowcrate::{
    Context, Definition, Engine, EventDef, Policy, Result, RunHandle, RunState, RunView, Step,
    StepError, StepSpec, Undo, Undos, Workflow,
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

pub(crate) use crate::shared::{entries, journal, run_test, until as until_id};

/// A workflow made of a closure.
#[derive(Clone)]
pub(crate) struct Flow {
    name: &'static str,
    revision: &'static str,
    adopts: &'static [&'static str],
    fingerprint: Option<&'static str>,
    body: Arc<dyn Fn(Context, Value) -> LocalBoxFuture<'static, Result<Value>> + Send + Sync>,
    undos: Arc<dyn Fn() -> Undos + Send + Sync>,
}

impl Flow {
    /// The same, which registers steps that undo others.
    pub(crate) fn undoing(self, undos: impl Fn() -> Undos + Send + Sync + 'static) -> Self {
        Self { undos: Arc::new(undos), ..self }
    }
}

/// A workflow `test` in revision 1, which declares the events `a` and `b`.
pub(crate) fn flow<F, Fut>(body: F) -> Flow
where
    F: Fn(Context, Value) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Value>> + 'static,
{
    let body =
        move |ctx, input| -> LocalBoxFuture<'static, Result<Value>> { Box::pin(body(ctx, input)) };
    Flow {
        name: "test",
        revision: "1",
        adopts: &[],
        fingerprint: None,
        body: Arc::new(body),
        undos: Arc::new(Undos::new),
    }
}

impl Flow {
    /// The same under another name.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The same in another revision.
    pub(crate) fn in_revision(self, revision: &'static str) -> Self {
        Self { revision, ..self }
    }

    /// The same, with a fingerprint.
    pub(crate) fn marked(self, fingerprint: &'static str) -> Self {
        Self { fingerprint: Some(fingerprint), ..self }
    }

    /// The same, adopting runs of other revisions.
    pub(crate) fn adopting(self, adopts: &'static [&'static str]) -> Self {
        Self { adopts, ..self }
    }
}

/// Like [`flow`], with a ledger for its steps.
pub(crate) fn counted<F, Fut>(ledger: &Ledger, body: F) -> Flow
where
    F: Fn(Context, Value, Ledger) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Value>> + 'static,
{
    let ledger = ledger.clone();
    flow(move |ctx, input| body(ctx, input, ledger.clone()))
}

impl Workflow for Flow {
    type Input = Value;
    type Output = Value;

    fn definition(&self) -> Definition {
        let events = ["a", "b"].map(|name| EventDef { name: name.to_owned() });
        Definition {
            name: self.name.to_owned(),
            revision: self.revision.to_owned(),
            events: events.into(),
            adopts: self.adopts.iter().map(|&old| old.to_owned()).collect(),
        }
    }

    fn run(&self, ctx: Context, input: Value) -> LocalBoxFuture<'static, Result<Value>> {
        (self.body)(ctx, input)
    }

    fn fingerprint(&self) -> Option<&'static str> {
        self.fingerprint
    }

    fn undos(&self) -> Undos {
        (self.undos)()
    }
}

/// Like [`counted`], registering `back`, a step that counts itself as well, and `hard`, which
/// fails at first.
pub(crate) fn undoable<F, Fut>(ledger: &Ledger, body: F) -> Flow
where
    F: Fn(Context, Value, Ledger) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Value>> + 'static,
{
    let ledger = ledger.clone();
    counted(&ledger.clone(), body).undoing(move || {
        let ledger = ledger.clone();
        let hard = ledger.clone();
        Undos::new()
            .step("back", move |ctx: &Context, of: Value| ledger.step(ctx, "back", of))
            .step("hard", move |ctx: &Context, _: Value| hard.flaky(ctx, "hard", 1))
    })
}

/// What undoes a step: `back`, with the step's output.
pub(crate) fn back() -> Undo<Value> {
    Undo::named("back", |output: &Value| json!({ "of": output }))
}

/// Steps that count themselves in a ledger.
pub(crate) trait Steps {
    /// Returns its input.
    fn step(&self, ctx: &Context, id: &'static str, input: impl Into<Value>) -> Step<Value>;
    /// Fails for its first `failures` attempts, then returns the attempt's number.
    fn flaky(&self, ctx: &Context, id: &'static str, failures: u32) -> Step<u32>;
    /// Takes a moment, then returns its input.
    fn slow(&self, ctx: &Context, id: &'static str, milliseconds: u64) -> Step<Value>;
}

impl Steps for Ledger {
    fn step(&self, ctx: &Context, id: &'static str, input: impl Into<Value>) -> Step<Value> {
        let ledger = self.clone();
        ctx.step(quick(id), input.into(), move |step, input: Value| {
            ledger.count(step.path());
            async move { Ok(input) }
        })
    }

    fn flaky(&self, ctx: &Context, id: &'static str, failures: u32) -> Step<u32> {
        let ledger = self.clone();
        ctx.step(quick(id), (), move |step, ()| {
            ledger.count(step.path());
            let attempt = step.attempt();
            async move {
                if attempt <= failures {
                    return Err(StepError::retryable("flaky", format!("attempt {attempt}")));
                }
                Ok(attempt)
            }
        })
    }

    fn slow(&self, ctx: &Context, id: &'static str, milliseconds: u64) -> Step<Value> {
        let ledger = self.clone();
        ctx.step(quick(id), milliseconds, move |step, milliseconds| {
            ledger.count(step.path());
            async move {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok(Value::from(milliseconds))
            }
        })
    }
}

/// A step that is tried up to 5 times without much delay.
pub(crate) fn quick(id: &'static str) -> StepSpec {
    let initial = Duration::from_millis(5);
    StepSpec::new(id, "step").policy(Policy { max_attempts: 5, initial, ..Policy::default() })
}

/// Makes empty stores in files of their own, for as long as the directory is kept.
#[cfg(feature = "sqlite")]
pub(crate) fn files() -> (impl Fn() -> Arc<dyn flowcrate::store::Store> + Clone, tempfile::TempDir)
{
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_owned();
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let store = move || -> Arc<dyn flowcrate::store::Store> {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let file = path.join(format!("{number}.db"));
        Arc::new(flowcrate::sqlite::SqliteStore::open(file).unwrap())
    };
    (store, directory)
}

/// An engine over a fresh memory store that drives one workflow.
pub(crate) async fn engine(workflow: &Flow) -> Engine {
    engine_on(MemoryStore::new(), workflow).await
}

/// An engine that drives one workflow.
pub(crate) async fn engine_on(store: MemoryStore, workflow: &Flow) -> Engine {
    Engine::builder().store(store).register(workflow.clone()).build().await.unwrap()
}

/// Waits until a run is in a state.
pub(crate) async fn until<T>(engine: &Engine, run: &RunHandle<T>, state: RunState) -> RunView
where
    T: serde::de::DeserializeOwned,
{
    until_id(engine, run.id(), state).await
}

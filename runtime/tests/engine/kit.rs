//! What the tests share: workflows made of closures, and bodies that count themselves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use flowcrate::{Context, Definition, EventDef, Policy, Result, StepError, StepSpec, Workflow};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

/// A workflow made of a closure.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) name: &'static str,
    pub(crate) revision: &'static str,
    body: Arc<dyn Fn(Context, Value) -> LocalBoxFuture<'static, Result<Value>> + Send + Sync>,
}

/// A workflow `test` in revision 1, which declares the events `a` and `b`.
pub(crate) fn flow<F, Fut>(body: F) -> Flow
where
    F: Fn(Context, Value) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Value>> + 'static,
{
    let body =
        move |ctx, input| -> LocalBoxFuture<'static, Result<Value>> { Box::pin(body(ctx, input)) };
    Flow { name: "test", revision: "1", body: Arc::new(body) }
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
        }
    }

    fn run(&self, ctx: Context, input: Value) -> LocalBoxFuture<'static, Result<Value>> {
        (self.body)(ctx, input)
    }
}

/// How often each body ran, by path.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<BTreeMap<String, u32>>>);

impl Ledger {
    pub(crate) fn count(&self, path: &str) {
        *self.0.lock().unwrap().entry(path.to_owned()).or_default() += 1;
    }

    pub(crate) fn of(&self, path: &str) -> u32 {
        self.0.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    pub(crate) fn all(&self) -> BTreeMap<String, u32> {
        self.0.lock().unwrap().clone()
    }

    /// A step that counts itself and returns its input.
    pub(crate) fn step(
        &self,
        ctx: &Context,
        id: &'static str,
        input: Value,
    ) -> flowcrate::Step<Value> {
        let ledger = self.clone();
        ctx.step(quick(id), input, move |step, input: Value| {
            ledger.count(step.path());
            async move { Ok(input) }
        })
    }

    /// A step that counts itself and fails for its first `failures` attempts.
    pub(crate) fn flaky(
        &self,
        ctx: &Context,
        id: &'static str,
        failures: u32,
    ) -> flowcrate::Step<u32> {
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
}

/// A step that is tried up to 5 times without much delay.
pub(crate) fn quick(id: &'static str) -> StepSpec {
    let initial = std::time::Duration::from_millis(5);
    StepSpec::new(id, "step").policy(Policy { max_attempts: 5, initial, ..Policy::default() })
}

/// Runs a test on a small runtime, for at most a minute.
pub(crate) fn run_test<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let limit = std::time::Duration::from_mins(1);
    runtime.block_on(async { tokio::time::timeout(limit, test).await.expect("the test hangs") })
}

//! Who has run how often.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ids::RunId;

/// Counts executions of step bodies, by path. Outlives the engines, as the world does.
///
/// ```
/// use flowcrate::store::MemoryStore;
/// use flowcrate::testkit::Ledger;
/// use flowcrate::{Context, Engine, Result, StepContext, StepError, step, workflow};
///
/// static BODIES: std::sync::LazyLock<Ledger> = std::sync::LazyLock::new(Ledger::default);
///
/// #[step]
/// async fn charge(step: StepContext, cents: u64) -> Result<u64, StepError> {
///     BODIES.count(step.path());
///     Ok(cents)
/// }
///
/// #[workflow]
/// async fn order(ctx: Context, cents: u64) -> Result<u64> {
///     charge(&ctx, cents).await
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::builder().store(MemoryStore::new()).register(Order).build().await?;
/// // Started twice with one key, charged once.
/// engine.start(Order, 4200).key("order-7").await?.result().await?;
/// engine.start(Order, 4200).key("order-7").await?.result().await?;
/// assert_eq!(BODIES.of("charge"), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    counts: Arc<Mutex<BTreeMap<String, u32>>>,
    tells_runs: Arc<AtomicBool>,
}

impl Ledger {
    /// Notes an execution of the step at `path`.
    pub fn count(&self, path: &str) {
        *self.counts().entry(path.to_owned()).or_default() += 1;
    }

    /// How often the step at `path` was executed.
    pub fn of(&self, path: &str) -> u32 {
        self.counts().get(path).copied().unwrap_or(0)
    }

    /// All counts, by path.
    pub fn all(&self) -> BTreeMap<String, u32> {
        self.counts().clone()
    }

    /// From here on the steps of runs that were called are counted apart, by [`place`](Self::place).
    pub(super) fn tell_runs(&self) {
        self.tells_runs.store(true, Ordering::Relaxed);
    }

    /// By what a step is counted: its path, with the run before it if that was called.
    pub(super) fn place(&self, callee: Option<RunId>, path: &str) -> String {
        match callee.filter(|_| self.tells_runs.load(Ordering::Relaxed)) {
            Some(run) => format!("{run}:{path}"),
            None => path.to_owned(),
        }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

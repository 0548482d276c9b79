//! Who has run how often.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts executions of step bodies, by path. Outlives the engines, as the world does.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Mutex<BTreeMap<String, u32>>>);

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

    fn counts(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

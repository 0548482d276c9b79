//! Who watches which run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::ids::RunId;

/// Tells watchers that a run has changed.
#[derive(Default)]
pub(crate) struct Hub(Mutex<BTreeMap<RunId, Arc<watch::Sender<()>>>>);

impl Hub {
    /// Notices each change of a run from now on.
    pub(crate) fn watch(&self, run: RunId) -> watch::Receiver<()> {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = watched.entry(run).or_insert_with(|| Arc::new(watch::channel(()).0));
        sender.subscribe()
    }

    /// A run has changed.
    pub(crate) fn changed(&self, run: RunId) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = watched.get(&run)
            && sender.send(()).is_err()
        {
            // Nobody watches it any more.
            watched.remove(&run);
        }
    }

    /// Any run may have changed.
    pub(crate) fn all_changed(&self) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|_, sender| sender.send(()).is_ok());
    }
}

//! Who watches which run.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::ids::RunId;

/// Tells watchers that a run has changed.
#[derive(Default)]
pub(crate) struct Hub(Mutex<State>);

#[derive(Default)]
struct State {
    watched: BTreeMap<RunId, watch::Sender<()>>,
    closed: bool,
}

impl Hub {
    /// Notices each change of a run from now on; closed with the hub.
    pub(crate) fn watch(&self, run: RunId) -> watch::Receiver<()> {
        let mut state = self.state();
        if state.closed {
            return watch::channel(()).1;
        }
        state.watched.entry(run).or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// A run has changed.
    pub(crate) fn changed(&self, run: RunId) {
        let mut state = self.state();
        // Without receivers nobody watches it any more.
        if state.watched.get(&run).is_some_and(|sender| sender.send(()).is_err()) {
            state.watched.remove(&run);
        }
    }

    /// Any run may have changed.
    pub(crate) fn all_changed(&self) {
        self.state().watched.retain(|_, sender| sender.send(()).is_ok());
    }

    /// Nobody here notices changes any more.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.watched.clear();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

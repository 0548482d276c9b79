//! Who watches which run.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::ids::RunId;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Tells watchers that a run has changed.
#[derive(Default)]
pub(crate) struct Hub(Mutex<State>);

#[derive(Default)]
struct State {
    watched: BTreeMap<RunId, Watched>,
    closed: bool,
}

/// Those who watch one run.
#[derive(Default)]
struct Watched {
    /// For every change.
    changes: watch::Sender<()>,
    /// For a run that leaves memory: it has ended, is paused or only waits. Who wants its result
    /// need not read it after every step.
    stops: watch::Sender<()>,
}

impl Hub {
    /// Notices each change of a run from now on; closed with the hub.
    pub(crate) fn watch(&self, run: RunId) -> watch::Receiver<()> {
        self.subscribe(run, |watched| &watched.changes)
    }

    /// Notices from now on what may be a run's end; closed with the hub.
    pub(crate) fn watch_stops(&self, run: RunId) -> watch::Receiver<()> {
        self.subscribe(run, |watched| &watched.stops)
    }

    fn subscribe(&self, run: RunId, to: fn(&Watched) -> &watch::Sender<()>) -> watch::Receiver<()> {
        let mut state = self.state();
        if state.closed {
            return watch::channel(()).1;
        }
        to(state.watched.entry(run).or_default()).subscribe()
    }

    /// A run has changed, and goes on.
    pub(crate) fn changed(&self, run: RunId) {
        let mut state = self.state();
        if state.watched.get(&run).is_some_and(|watched| !watched.tell_of_change()) {
            state.watched.remove(&run);
        }
    }

    /// A run has left memory.
    pub(crate) fn stopped(&self, run: RunId) {
        let mut state = self.state();
        if state.watched.get(&run).is_some_and(|watched| !watched.tell_of_stop()) {
            state.watched.remove(&run);
        }
    }

    /// Any run may have changed.
    pub(crate) fn all_changed(&self) {
        self.state().watched.retain(|_, watched| watched.tell_of_stop());
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

/// Each says whether anybody watches still.
impl Watched {
    fn tell_of_change(&self) -> bool {
        self.changes.send(()).is_ok() || self.stops.receiver_count() > 0
    }

    fn tell_of_stop(&self) -> bool {
        let changes = self.changes.send(()).is_ok();
        self.stops.send(()).is_ok() || changes
    }
}

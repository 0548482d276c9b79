//! Who watches which run.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::ids::RunId;
use crate::payload::Payload;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Tells watchers that a run has changed.
#[derive(Default)]
pub(crate) struct Hub(Mutex<State>);

#[derive(Default)]
struct State {
    watched: BTreeMap<RunId, Watched>,
    /// How many were left when those were last let go whom nobody watches any more.
    kept: usize,
    closed: bool,
}

/// Those who watch one run.
#[derive(Default)]
struct Watched {
    /// For every change.
    changes: watch::Sender<()>,
    /// For a run that leaves memory: it has ended, is paused or only waits. Who wants its result
    /// need not read it after every step, and not at all where it has completed: its output is
    /// here.
    stops: watch::Sender<Option<Payload>>,
}

/// So many watched runs are not worth a look whether they still are.
const FEW: usize = 1_024;

impl Hub {
    /// Notices each change of a run from now on; closed with the hub.
    pub(crate) fn watch(&self, run: RunId) -> watch::Receiver<()> {
        self.subscribe(run, |watched| &watched.changes)
    }

    /// Notices from now on what may be a run's end, and has its output if it is one that
    /// completes; closed with the hub.
    pub(crate) fn watch_stops(&self, run: RunId) -> watch::Receiver<Option<Payload>> {
        self.subscribe(run, |watched| &watched.stops)
    }

    fn subscribe<T: Default>(
        &self,
        run: RunId,
        to: fn(&Watched) -> &watch::Sender<T>,
    ) -> watch::Receiver<T> {
        let mut state = self.state();
        if state.closed {
            return watch::channel(T::default()).1;
        }
        state.let_go();
        to(state.watched.entry(run).or_default()).subscribe()
    }

    /// A run has changed, and goes on.
    pub(crate) fn changed(&self, run: RunId) {
        let mut state = self.state();
        if state.watched.get(&run).is_some_and(|watched| !watched.tell_of_change()) {
            state.watched.remove(&run);
        }
    }

    /// A run has completed, with this output: nothing else will happen to it.
    pub(crate) fn completed(&self, run: RunId, output: Payload) {
        if let Some(watched) = self.state().watched.remove(&run) {
            watched.stops.send_replace(Some(output));
            watched.changes.send_replace(());
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

impl State {
    /// Forgets those whom nobody watches any more, now and then: a run that has ended before
    /// somebody looked at it has no change to tell of.
    fn let_go(&mut self) {
        if self.watched.len() >= FEW.max(self.kept * 2) {
            self.watched.retain(|_, watched| watched.is_watched());
            self.kept = self.watched.len();
        }
    }
}

/// Each says whether anybody watches still.
impl Watched {
    fn is_watched(&self) -> bool {
        self.changes.receiver_count() > 0 || self.stops.receiver_count() > 0
    }

    fn tell_of_change(&self) -> bool {
        self.changes.send(()).is_ok() || self.stops.receiver_count() > 0
    }

    fn tell_of_stop(&self) -> bool {
        let changes = self.changes.send(()).is_ok();
        self.stops.send(None).is_ok() || changes
    }
}

//! A clock that stands still until it is told to go on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Timestamp;
use crate::clock::{Clock, later};

/// A simulated clock. Clones are the same clock; a store built on it obeys it, and with the
/// store every timer, time-out and retry.
#[derive(Clone, Default)]
pub struct SimClock(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    now: Timestamp,
    on_jump: Vec<Arc<dyn Fn() + Send + Sync>>,
}

impl SimClock {
    /// A clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(State { now, on_jump: Vec::new() })))
    }

    /// Lets so much time pass at once.
    pub fn advance(&self, by: Duration) {
        let calls = {
            let mut state = self.state();
            state.now = later(state.now, by);
            state.on_jump.clone()
        };
        for call in calls {
            call();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn on_jump(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.state().on_jump.push(call.into());
    }
}

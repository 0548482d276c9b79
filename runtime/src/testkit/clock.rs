//! A clock that stands still until it is told to go on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Timestamp;
use crate::clock::{Clock, later};

/// A simulated clock. Clones are the same clock; a store built on it obeys it, and with the
/// store every timer, time-out and retry.
///
/// ```
/// use std::time::Duration;
///
/// use flowcrate::store::MemoryStore;
/// use flowcrate::testkit::SimClock;
/// use flowcrate::{Context, Engine, Result, Timestamp, workflow};
///
/// #[workflow]
/// async fn remind(ctx: Context, days: u64) -> Result<u64> {
///     ctx.sleep("later", Duration::from_secs(86_400 * days)).await?;
///     Ok(days)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = SimClock::at(Timestamp(0));
/// let store = MemoryStore::with_clock(clock.clone());
/// let engine = Engine::builder().store(store).register(Remind).build().await?;
/// let run = engine.start(Remind, 30).await?;
/// # let mut watch = engine.client().watch(run.id());
/// # while watch.next().await?.is_some_and(|view| view.waiting_for.is_empty()) {}
/// // Once the run waits:
/// clock.advance(Duration::from_secs(86_400 * 30));
/// assert_eq!(run.result().await?, 30);
/// # Ok(())
/// # }
/// ```
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

//! Where "now" comes from.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::Timestamp;

/// A source of instants. A store owns one: timers are due by the store's clock.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Asks to be called whenever the clock jumps; a clock that only flows never calls.
    fn on_jump(&self, _call: Box<dyn Fn() + Send + Sync>) {}
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The instant so long after another; never beyond the last one that there is.
pub(crate) fn later(at: Timestamp, by: std::time::Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

/// The instant so long before another; never before the first one that there is.
pub(crate) fn earlier(at: Timestamp, by: std::time::Duration) -> Timestamp {
    Timestamp(at.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

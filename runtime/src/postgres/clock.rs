//! The clock of the database, by which timers are due and leases end.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::Timestamp;
use crate::clock::{Clock, later};

/// The database's clock, as far as it is known: what it said last, and what has passed since.
/// It is never ahead of the database's own, since what an answer took on its way counts as nothing.
pub(super) struct DatabaseClock {
    began: Instant,
    /// The database's instant, in milliseconds, when `began` was.
    offset: AtomicI64,
}

impl DatabaseClock {
    /// A clock that was told nothing yet: it goes by the machine's.
    pub(super) fn new() -> Self {
        let now = crate::clock::SystemClock.now();
        Self { began: Instant::now(), offset: AtomicI64::new(now.0) }
    }

    /// The database has just said what time it is.
    pub(super) fn set(&self, now: Timestamp) {
        let passed = later(Timestamp(0), self.began.elapsed());
        self.offset.store(now.0.saturating_sub(passed.0), Ordering::Relaxed);
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let began = Timestamp(self.offset.load(Ordering::Relaxed));
        later(
            began,
            Duration::from_millis(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(0)),
        )
    }
}

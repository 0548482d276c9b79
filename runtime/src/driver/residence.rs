//! Which runs stay in memory: those that wait leave after the linger, and sooner, the ones that
//! were used least recently first, where memory is short (R25).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::ids::RunId;
use crate::values::Timestamp;

/// What a run that does nothing takes besides its values: its future, its indexes.
const BASE: usize = 8 * 1024;

/// So many runs may always be in memory.
const FEW: usize = 16;

/// How many runs an engine holds in memory, and about how many bytes they take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Runs.
    pub runs: usize,
    /// Bytes, by an estimate that counts their values.
    pub bytes: usize,
}

/// What others see of it.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    runs: AtomicUsize,
    bytes: AtomicUsize,
    full: AtomicBool,
}

impl Gauge {
    pub(super) fn read(&self) -> Occupancy {
        let read = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        Occupancy { runs: read(&self.runs), bytes: read(&self.bytes) }
    }

    /// Whether a run that is started now should wait as a row until there is room.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }
}

/// The runs in memory, by what they take and since when they only wait.
pub(super) struct Residence {
    limit: Occupancy,
    bytes: usize,
    places: BTreeMap<RunId, Place>,
    idle: BTreeSet<(Timestamp, RunId)>,
    gauge: Arc<Gauge>,
}

#[derive(Clone, Copy)]
struct Place {
    bytes: usize,
    idle_since: Option<Timestamp>,
}

impl Residence {
    pub(super) fn new(limit: Occupancy, gauge: Arc<Gauge>) -> Self {
        let (places, idle) = (BTreeMap::new(), BTreeSet::new());
        Self { limit, bytes: 0, places, idle, gauge }
    }

    /// A run is there, with values of so many bytes, and only waits since that instant.
    pub(super) fn settle(&mut self, run: RunId, values: usize, idle_since: Option<Timestamp>) {
        self.remove(run);
        let bytes = values.saturating_add(BASE);
        self.bytes = self.bytes.saturating_add(bytes);
        self.places.insert(run, Place { bytes, idle_since });
        self.idle.extend(idle_since.map(|since| (since, run)));
    }

    /// A run has left, or is about to.
    pub(super) fn remove(&mut self, run: RunId) {
        let Some(place) = self.places.remove(&run) else { return };
        self.bytes = self.bytes.saturating_sub(place.bytes);
        if let Some(since) = place.idle_since {
            self.idle.remove(&(since, run));
        }
    }

    /// The run that should leave next, if memory is short and there is one that only waits.
    pub(super) fn surplus(&mut self) -> Option<RunId> {
        let too_many = self.places.len() > self.limit.runs || self.bytes > self.limit.bytes;
        if !too_many {
            return None;
        }
        let (_, run) = self.idle.first().copied()?;
        self.remove(run);
        Some(run)
    }

    /// Tells others how many runs are in memory, those that are on their way out included.
    pub(super) fn show(&self, runs: usize) {
        self.gauge.runs.store(runs, Ordering::Relaxed);
        self.gauge.bytes.store(self.bytes, Ordering::Relaxed);
        self.gauge.full.store(!self.has_room(runs), Ordering::Relaxed);
    }

    /// Whether one more can come to so many. However short memory is, some go on.
    pub(super) fn has_room(&self, runs: usize) -> bool {
        runs < FEW || (runs < self.limit.runs && self.bytes < self.limit.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: u8) -> RunId {
        RunId::from_bytes([number; 16])
    }

    #[test]
    fn who_waits_longest_leaves_first_and_only_as_many_as_must() {
        let gauge = Arc::new(Gauge::default());
        let limit = Occupancy { runs: 10, bytes: 3 * BASE + 100 };
        let mut residence = Residence::new(limit, Arc::clone(&gauge));
        residence.settle(run(1), 0, Some(Timestamp(30)));
        residence.settle(run(2), 0, Some(Timestamp(20)));
        residence.settle(run(3), 0, None);
        assert_eq!(residence.surplus(), None);
        residence.settle(run(4), 200, Some(Timestamp(10)));
        // The one that waits longest takes what is too much along.
        assert_eq!(residence.surplus(), Some(run(4)));
        assert_eq!(residence.surplus(), None);
        residence.show(3);
        assert_eq!(gauge.read(), Occupancy { runs: 3, bytes: 3 * BASE });
        // One that grew while it was used.
        residence.settle(run(3), 200, None);
        assert_eq!(residence.surplus(), Some(run(2)));
        assert_eq!(residence.surplus(), None);
        residence.remove(run(1));
        residence.show(1);
        assert_eq!(gauge.read(), Occupancy { runs: 1, bytes: BASE + 200 });
        // One that works is never put out.
        residence.settle(run(3), 9 * BASE, None);
        assert_eq!(residence.surplus(), None);
    }
}

//! Which runs the shard should ask the store for, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::later;
use crate::ids::RunId;
use crate::values::Timestamp;

/// Runs per claim.
pub(super) const LIMIT: usize = 256;

/// How long to wait after the store failed for the first time.
const BACK_OFF: Duration = Duration::from_millis(200);

/// When to claim.
#[derive(Default)]
pub(super) struct Claims {
    in_flight: bool,
    wanted: bool,
    not_before: Option<Timestamp>,
    next_wake: Option<Timestamp>,
    /// Runs that were dropped from memory without a last write, in their epochs: they must be
    /// released before they can be claimed again.
    evicted: BTreeMap<RunId, u64>,
    /// Whether the result of a claim is unknown.
    lost: bool,
    /// Failures since something was written.
    failures: u32,
}

impl Claims {
    /// There may be something to claim.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// A suspended run is due by itself.
    pub(super) fn wake_at(&mut self, at: Option<Timestamp>) {
        self.next_wake = self.next_wake.into_iter().chain(at).min();
    }

    /// A run was dropped from memory without a write.
    pub(super) fn evicted(&mut self, run: RunId, epoch: u64, now: Timestamp) {
        self.evicted.insert(run, epoch);
        self.hold_off(now);
    }

    /// Something was written: the store is well.
    pub(super) fn wrote(&mut self) {
        self.failures = 0;
    }

    /// Waits after a failure: longer after each one, a minute at most. What fails while it waits
    /// already, such as all runs of one commit, is the same failure.
    fn hold_off(&mut self, now: Timestamp) {
        if self.not_before.is_some_and(|at| at > now) {
            return;
        }
        let back_off = BACK_OFF * 2_u32.pow(self.failures.min(8));
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(later(now, back_off));
    }

    /// The runs to be released now.
    pub(super) fn take_evicted(&mut self, now: Timestamp) -> BTreeMap<RunId, u64> {
        if self.not_before.is_some_and(|at| at > now) {
            return BTreeMap::new();
        }
        std::mem::take(&mut self.evicted)
    }

    /// Whether it is time for a claim, which then begins.
    pub(super) fn begin(&mut self, now: Timestamp) -> bool {
        let due = self.next_wake.is_some_and(|at| at <= now);
        if self.in_flight || !(self.wanted || due) || self.not_before.is_some_and(|at| at > now) {
            return false;
        }
        self.in_flight = true;
        self.wanted = false;
        self.not_before = None;
        self.next_wake = None;
        true
    }

    /// Whether a claim is under way.
    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight
    }

    /// A claim was answered.
    pub(super) fn ended(&mut self, claimed: &crate::store::Claimed) {
        self.in_flight = false;
        self.wanted |= claimed.more;
        self.wake_at(claimed.next_wake);
    }

    /// A claim failed.
    pub(super) fn failed(&mut self, now: Timestamp) {
        self.in_flight = false;
        self.wanted = true;
        self.hold_off(now);
    }

    /// Nobody knows what a claim has taken: none is made until that is looked for.
    pub(super) fn lost(&mut self, now: Timestamp) {
        self.lost = true;
        self.failed(now);
    }

    /// Whether it is time to look for what was claimed; that counts as a claim under way.
    pub(super) fn take_lost(&mut self, now: Timestamp) -> bool {
        let due = self.lost && self.not_before.is_none_or(|at| at <= now);
        self.lost &= !due;
        self.in_flight |= due;
        due
    }

    /// When the next claim is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let claim = if self.in_flight {
            None
        } else if self.wanted {
            Some(self.not_before.unwrap_or_default())
        } else {
            self.next_wake
        };
        let release = if self.evicted.is_empty() { None } else { self.not_before };
        claim.into_iter().chain(release).min()
    }
}

//! Cancellation (S22).

use super::state::{At, Due, End, OpId, Phase, RegionId, Sim, Work};

/// How long a body may go on after it was told.
const GRACE: At = 5_000;

impl Sim<'_> {
    /// Cancels all that is in flight in a scope instance that has failed.
    pub(super) fn cancel_all(&mut self, region: RegionId) {
        self.cuts.insert(self.now);
        for op in self.in_flight(region) {
            self.cancel(op, false);
        }
    }

    /// Cancels a scope instance from outside.
    fn cancel_region(&mut self, region: RegionId, guarded: bool) {
        match self.regions[region].phase {
            Phase::Live => {}
            Phase::Failing(_) => return self.doubt("a failing scope is cancelled"),
            Phase::Cancelled | Phase::Ended => return,
        }
        if !self.regions[region].failures.is_empty() {
            self.doubt("a scope fails and is cancelled at once");
        }
        self.regions[region].phase = Phase::Cancelled;
        for op in self.in_flight(region) {
            self.cancel(op, guarded);
        }
        self.come_to_rest(region);
    }

    /// Cancels what is under way: at once, or once it has come to its end. `guarded`: a `finally`
    /// follows, so that a body has its grace time.
    pub(super) fn cancel(&mut self, op: OpId, guarded: bool) {
        self.doubts_of_undoing(op);
        if self.ops[op].over || std::mem::replace(&mut self.ops[op].stopping, true) {
            return;
        }
        self.cuts.insert(self.now);
        if matches!(self.ops[op].work, Work::Try(_)) && self.begins(op) && self.has_finally(op) {
            self.doubt_of_turns("a try begins and is cancelled at once");
        }
        if self.ends_now(op) {
            self.doubt("a step ends at the instant at which it is given up");
        }
        match self.ops[op].work.clone() {
            // One that was to begin at this instant has not begun.
            Work::Step(step)
                if step.runs && (guarded || self.can_be_undone(op)) && !self.begins(op) =>
            {
                self.due(GRACE, Due::Grace(op));
            }
            Work::Step(_) | Work::Timer | Work::Wait { .. } | Work::Call(_) => {
                self.finish(op, End::Cancelled);
            }
            Work::Each(each) => self.cancel_regions(op, each.running.keys().copied(), guarded),
            Work::While { .. } => {
                let own = |region: &RegionId| {
                    self.regions[*region].op == Some(op)
                        && self.regions[*region].phase != Phase::Ended
                };
                let region: Vec<RegionId> = (0..self.regions.len()).filter(own).collect();
                self.cancel_regions(op, region, guarded);
            }
            Work::Race(race) => {
                if !race.finished.is_empty() || race.winner.is_some() {
                    self.doubt("a race that is won is cancelled");
                }
                self.cancel_regions(op, race.running, guarded);
            }
            // What is done in any case is done (S23).
            Work::Try(tried) if tried.outcome.is_some() => {}
            Work::Try(tried) => {
                // As runtime/PROTOCOL.md: one that is undone before its catch has a grace, too.
                let guarded = guarded
                    || self.has_finally(op)
                    || (self.regions[tried.region].name == "body" && self.is_undone(op));
                self.cancel_region(tried.region, guarded);
            }
        }
    }

    /// Whether an attempt of a step ends at this very instant, so that its outcome may count.
    fn ends_now(&self, op: OpId) -> bool {
        let runs = |number: u32| match &self.ops[op].work {
            Work::Step(step) => step.runs && step.attempt == number,
            _ => false,
        };
        let mut due = self.queue.range((self.now, 0)..=(self.now, usize::MAX));
        due.any(|(_, due)| match due {
            Due::Attempt(of, number) | Due::Timeout(of, number) | Due::Silence(of, number) => {
                *of == op && runs(*number)
            }
            _ => false,
        })
    }

    /// Cancels the other items of a loop that has failed.
    pub(super) fn cancel_items(&mut self, items: Vec<RegionId>) {
        for item in items {
            self.cancel_region(item, false);
        }
    }

    /// Cancels the losers of a race; it is left once they have come to their ends.
    pub(super) fn cancel_losers(&mut self, op: OpId, losers: impl IntoIterator<Item = RegionId>) {
        let mut none = true;
        for loser in losers {
            none = false;
            self.cancel_region(loser, false);
        }
        if none {
            self.undo_losers(op);
        }
    }

    fn cancel_regions(
        &mut self,
        op: OpId,
        regions: impl IntoIterator<Item = RegionId>,
        guarded: bool,
    ) {
        for region in regions {
            self.cancel_region(region, guarded);
        }
        self.rest(op);
    }

    /// A step's body was cut short: nobody knows whether it took effect.
    pub(super) fn in_doubt(&mut self, op: OpId) {
        if self.begins(op) {
            return;
        }
        let path = self.ops[op].path.clone();
        let attempt = match &self.ops[op].work {
            Work::Step(step) => step.attempt,
            _ => 0,
        };
        let failure = serde_json::json!({
            "code": "unknown", "message": super::compare::ANY, "attempts": attempt, "path": path,
        });
        if let Some(entry) = self.journal.get_mut(&path) {
            entry.error = failure;
        }
    }
}

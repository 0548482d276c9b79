//! Random limits.

use std::time::Duration;

use super::Pair;
use crate::store::{Declare, Hold, Limit, Store};

impl<S: Store> Pair<'_, S> {
    /// Both workflows are under some limit from now on, or under none.
    pub(super) fn declare(&mut self) {
        let workflows = ["orders", "returns"].map(|workflow| (workflow.into(), self.limit()));
        let declare = Declare { workflows: workflows.into() };
        self.store.declare(declare.clone());
        self.model.declare(declare);
    }

    fn limit(&mut self) -> Option<Limit> {
        if self.dice.one_in(3) {
            return None;
        }
        let limit = Limit::new(self.dice.pick(&["one", "other"]).unwrap_or_default());
        let slots = u32::try_from(self.dice.below(4)).unwrap_or(1);
        let limit = if slots > 0 { limit.concurrency(slots) } else { limit };
        let period = Duration::from_millis(self.dice.below(400));
        let limit = if self.dice.one_in(3) { limit.rate(slots, period) } else { limit };
        let hold = if self.dice.one_in(2) { Hold::WhileActive } else { Hold::UntilEnd };
        Some(limit.hold(hold))
    }

    /// None mostly.
    pub(super) fn priority(&mut self) -> i32 {
        if self.dice.one_in(4) { self.dice.pick(&[-1, 1, 2]).unwrap_or(0) } else { 0 }
    }
}

//! Random purges.

use super::Pair;
use crate::Timestamp;
use crate::store::{Purge, RunState, Store};

impl<S: Store> Pair<'_, S> {
    /// Takes away what ended before a random instant, in so many transactions as it takes.
    pub(super) fn purge(&mut self) {
        let states = [RunState::Completed, RunState::Failed, RunState::Cancelled];
        let workflows = ["orders", "returns"].map(str::to_owned);
        // Ends are written at 9,000, requests at 5,000, calls are given up as they begin.
        let instant = self.dice.pick(&[1_501, 5_001, 9_000, 9_001]).unwrap_or_default();
        let keys = self.dice.below(u64::from(self.step) + 1).cast_signed();
        let purge = Purge {
            workflow: self.dice.pick(&workflows).filter(|_| self.dice.one_in(3)),
            except: self
                .dice
                .pick(&workflows)
                .filter(|_| self.dice.one_in(4))
                .into_iter()
                .collect(),
            states: self.dice.pick(&states).filter(|_| self.dice.one_in(3)).into_iter().collect(),
            keys_before: Timestamp(keys),
            limit: usize::try_from(1 + self.dice.below(6)).unwrap_or(1),
            ..Purge::before(Timestamp(instant))
        };
        // In which order runs go is the store's affair.
        let (store, model) =
            (self.store.purge_all(purge.clone()), self.model.purge_all(purge.clone()));
        self.same(&purge, store, model);
        self.compare_all();
    }
}

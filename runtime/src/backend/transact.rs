//! Work in the application's own tables, with its outcome in the same commit (R32).
//!
//! The write that holds the outcome does the work. Its place in the order is taken before, and
//! nothing is surfaced until it is answered: so what comes of it is the run's next outcome or, if
//! it failed, a failed attempt that left nothing behind. A transaction that has not begun when its
//! scope is cancelled never does, and one that has is over before the function sees anything else.

use std::time::Duration;

use super::live::{Activity, Arrived};
use super::store_backend::StoreBackend;
use super::{Body, OpId, Target};
use crate::failure::StepError;
use crate::store::{AnyWork, Entry, Transact, UndoOf};

/// The kind of a step that is done in the store's database.
pub(crate) const TRANSACTION: &str = "transaction@1";

/// The longest that work may take whose policy says nothing.
const LIMIT: Duration = Duration::from_secs(30);

/// What an attempt of a step consists of.
#[derive(Clone)]
pub(crate) enum Labour {
    /// A body, which the driver runs.
    Body(Body),
    /// Work, which the store does with the write of its outcome; and what undoes that.
    Work(AnyWork, Option<UndoOf>),
}

/// Work that is being done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    pub(super) op: OpId,
    /// Whether the function has given it up meanwhile.
    pub(super) lost: bool,
}

impl StoreBackend {
    /// The work that is to be done now, if there is any: in its turn, once nothing is left to be
    /// written that came before it.
    pub(crate) fn transact(&mut self) -> Option<Transact> {
        let is_free = self.in_flight.is_none() && self.arrived.is_empty() && !self.is_pausing();
        if !is_free || !self.parked.is_empty() {
            return None;
        }
        let op = self.transactions.pop_front()?;
        let live = self.live.get(&op)?;
        let Activity::Step(step) = &live.activity else { return None };
        let Labour::Work(work, undo) = step.labour.clone() else { return None };
        let entry = Entry {
            seq: Some(self.next_seq),
            attempts: step.attempts + 1,
            forgiven: step.forgiven,
            ..live.blank()
        };
        self.transacting = Some(Doing { op, lost: false });
        self.in_flight = Some(Vec::new());
        let limit = step.policy.timeout.unwrap_or(LIMIT);
        Some(Transact { run: self.run, epoch: self.epoch, entry, work, limit, undo })
    }

    /// The work is done and its outcome durable, or nothing of it is.
    pub(crate) fn transacted(&mut self, result: Result<Entry, StepError>) {
        let Some(Doing { op, lost }) = self.transacting.take() else { return };
        match result {
            Ok(entry) => {
                self.forget(op);
                let arrived = Arrived::new(Target::Op(op), entry);
                self.arrived.push_front(Arrived { is_written: true, ..arrived });
                if lost {
                    // It has its place in the order, though nobody asks.
                    drop(self.surface_arrived());
                }
            }
            Err(_) if lost => self.give_up_operation(op),
            Err(error) => {
                if let Some(live) = self.live.get_mut(&op)
                    && let Activity::Step(step) = &mut live.activity
                {
                    step.attempts += 1;
                }
                self.attempt_failed(op, error);
            }
        }
    }

    /// The work is not to be done: this is its output.
    #[cfg(feature = "testkit")]
    pub(crate) fn spared(&mut self, output: crate::Payload) {
        let Some(Doing { op, .. }) = self.transacting.take() else { return };
        if let Some(live) = self.live.get_mut(&op)
            && let Activity::Step(step) = &mut live.activity
        {
            step.attempts += 1;
        }
        self.settle(op, super::Outcome::Completed(Some(output)), self.now);
        self.written();
    }

    /// Whether the operation is work that is being done: then it cannot be given up any more.
    pub(super) fn is_being_done(&mut self, op: OpId) -> bool {
        match &mut self.transacting {
            Some(doing) if doing.op == op => {
                doing.lost = true;
                true
            }
            _ => false,
        }
    }
}

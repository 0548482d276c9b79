//! Cancelling a scope (R14): whatever it awaits, now or later, returns `Cancelled`.

use std::rc::Rc;
use std::task::Waker;

use super::scope::Reach;
use super::{Core, Error, Mismatch, OpId, OpState, Patience, Scope};
use crate::backend::Stopped;

/// How often operations may be refused without a completion before the function counts as one
/// that ignores its cancellation for ever.
const MAX_REFUSED: u32 = 100_000;

impl Core {
    /// Cancels a scope. What nobody is at work on is given up at once; a body that runs, and a
    /// scope within, come to an end of their own, and what is shielded goes on.
    pub(super) fn cancel_scope(&mut self, scope: &Rc<Scope>, patience: Patience) {
        if !scope.cancel() {
            return;
        }
        let mut given_up = 0;
        for (id, op) in &mut self.ops {
            if !op.is_open() {
                continue;
            }
            let patience = match op.scope.reach_of(scope) {
                Reach::Spared => continue,
                Reach::Within => patience,
                Reach::Guarded => Patience::Grace,
            };
            if self.backend.borrow_mut().stop(*id, patience) == Stopped::GivenUp {
                op.state = OpState::GivenUp;
                given_up += 1;
                op.waker.take().into_iter().for_each(Waker::wake);
            }
        }
        self.outstanding -= given_up;
    }

    /// Ends an operation of a cancelled scope.
    pub(super) fn refuse(&mut self, id: OpId) -> Error {
        let op = self.ops.remove(&id);
        self.refused += 1;
        if self.refused == MAX_REFUSED {
            self.report(Mismatch {
                code: "busy_loop",
                path: op.map(|op| op.path.to_string()).unwrap_or_default(),
                expected: "a workflow that ends when it is cancelled".to_owned(),
                found: "one that goes on without end".to_owned(),
            });
        }
        Error::Cancelled
    }
}

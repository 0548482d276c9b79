//! `memo`: costly pure work, done once and recorded (R8).

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use super::{Issued, Operation, Outcome, Payload, Result, ScopeGuard};
use crate::failure::Failure;
use crate::journaled::Journaled;

/// Work that is claimed; awaiting it does it, or gives the value that is recorded.
#[must_use = "the work is done when this is awaited"]
pub struct Memo<T, F> {
    operation: Operation,
    work: Option<F>,
    output: PhantomData<fn() -> T>,
}

/// Nothing in it is pinned: the work is called, never polled.
impl<T, F> Unpin for Memo<T, F> {}

impl<T: Journaled, F: FnOnce() -> T> Memo<T, F> {
    pub(crate) fn new(operation: Operation, work: F) -> Self {
        Self { operation, work: Some(work), output: PhantomData }
    }

    fn begin(&mut self, work: F) -> Result<()> {
        let issued = self.operation.issue()?;
        if sabotage!("memos are done again") && issued != Issued::Live {
            work();
            return Ok(());
        }
        if issued == Issued::Live {
            let value = {
                // What the work draws from the context would be missing on a replay.
                let _scope = ScopeGuard::enter(self.operation.own_scope());
                work()
            };
            let path = self.operation.path();
            let outcome = match Payload::encode(&value) {
                Ok(value) => Outcome::Completed(Some(value)),
                Err(error) => {
                    let message = format!("the value has no JSON: {error}");
                    Outcome::Failed(Failure::new("output", message).at(&**path))
                }
            };
            self.operation.settle(outcome);
        }
        Ok(())
    }
}

impl<T: Journaled, F: FnOnce() -> T> Future for Memo<T, F> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        if let Some(work) = self.work.take() {
            self.begin(work)?;
        }
        let output = ready!(Pin::new(&mut self.operation).poll(poller))?;
        self.operation.decode(output.as_ref())
    }
}

//! `respond`: the run's answer to whoever waits for it, while it goes on (S32).

use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use super::{Issued, Operation, Result};

/// An answer that is about to be given; awaiting it gives it.
#[must_use = "an answer is given when this is awaited"]
pub struct Respond {
    operation: Operation,
    begun: bool,
}

impl Respond {
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, begun: false }
    }
}

impl Future for Respond {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        if !std::mem::replace(&mut self.begun, true) && self.operation.issue()? == Issued::Live {
            self.operation.answer();
        }
        Pin::new(&mut self.operation).poll(poller).map_ok(drop)
    }
}

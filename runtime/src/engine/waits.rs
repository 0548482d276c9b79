//! `sleep` and `wait_event`: waiting costs a row, not a task.

use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use super::{Operation, Result};
use crate::journaled::Read;

/// A durable timer.
#[must_use = "a timer begins when it is awaited"]
pub struct Sleep(Operation);

impl Sleep {
    pub(crate) fn new(operation: Operation) -> Self {
        Self(operation)
    }
}

impl Future for Sleep {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(poller).map_ok(drop)
    }
}

/// A wait for an event: its payload, or `None` if it timed out.
#[must_use = "the wait begins when it is awaited"]
pub struct EventWait<T> {
    operation: Operation,
    read: Read<T>,
}

impl<T> EventWait<T> {
    pub(crate) fn new(operation: Operation, read: Read<T>) -> Self {
        Self { operation, read }
    }

    /// The payload of a wait that has no timeout.
    pub async fn received(self) -> Result<T> {
        match self.await? {
            Some(payload) => Ok(payload),
            // Without a timeout nothing else ends the wait.
            None => std::future::pending().await,
        }
    }
}

impl<T> Future for EventWait<T> {
    type Output = Result<Option<T>>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let Some(payload) = ready!(Pin::new(&mut self.operation).poll(poller))? else {
            return Poll::Ready(Ok(None));
        };
        self.operation.read(Some(&payload), self.read).map_ok(Some)
    }
}

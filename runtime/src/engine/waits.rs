//! `sleep` and `wait_event`: waiting costs a row, not a task.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use serde::de::DeserializeOwned;

use super::{Operation, Result};

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
    payload: PhantomData<fn() -> T>,
}

impl<T> EventWait<T> {
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, payload: PhantomData }
    }
}

impl<T: DeserializeOwned> EventWait<T> {
    /// The payload of a wait that has no timeout.
    pub async fn received(self) -> Result<T> {
        match self.await? {
            Some(payload) => Ok(payload),
            // Without a timeout nothing else ends the wait.
            None => std::future::pending().await,
        }
    }
}

impl<T: DeserializeOwned> Future for EventWait<T> {
    type Output = Result<Option<T>>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let Some(payload) = ready!(Pin::new(&mut self.operation).poll(poller))? else {
            return Poll::Ready(Ok(None));
        };
        self.operation.decode(Some(&payload)).map_ok(Some)
    }
}

//! `step`: an effect with an outcome in the journal.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use serde::de::DeserializeOwned;

use super::{Operation, Result, Undo};

/// A step that is claimed; awaiting it runs its body, or gives the outcome that is recorded.
#[must_use = "a step runs when it is awaited"]
pub struct Step<T> {
    operation: Operation,
    output: PhantomData<fn() -> T>,
}

impl<T> Step<T> {
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, output: PhantomData }
    }

    /// Tells it apart from the other uses of its id in its scope: its path ends in `[key]` instead
    /// of a number that depends on the order of the calls. Two uses of one key are an error.
    pub fn key(mut self, key: impl AsRef<str>) -> Self {
        self.operation.rekey(key.as_ref());
        self
    }

    /// What undoes the step, should what follows fail: written with its outcome, and run when the
    /// run fails or is cancelled, or where a scope of its own is left that way (see
    /// [`Undo`](super::Undo)). The workflow registers the step that does it.
    pub fn undo(self, undo: Undo<T>) -> Self
    where
        T: DeserializeOwned + 'static,
    {
        self.operation.undo(undo);
        self
    }

    /// Where it stands in the journal.
    pub fn path(&self) -> &str {
        self.operation.path()
    }
}

impl<T: DeserializeOwned> Future for Step<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let output = ready!(Pin::new(&mut self.operation).poll(poller))?;
        self.operation.decode(output.as_ref())
    }
}

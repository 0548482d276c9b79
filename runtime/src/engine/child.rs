//! Runs that a run starts: `call` and `start_workflow`.

use std::pin::Pin;
use std::task::{Context as Poller, Poll, ready};

use super::{Operation, Result};
use crate::ids::RunId;
use crate::journaled::{Read, RunValue};

/// A call of another workflow: its output, once it has ended.
#[must_use = "a call begins when it is awaited"]
pub struct Call<T> {
    operation: Operation,
    read: Read<T>,
}

impl<T: RunValue> Call<T> {
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, read: T::from_payload }
    }
}

impl<T> Call<T> {
    /// Tells it apart from the other uses of its id in its scope, as [`Step::key`](super::Step::key)
    /// does.
    pub fn key(mut self, key: impl AsRef<str>) -> Self {
        self.operation.rekey(key.as_ref());
        self
    }

    /// By what the run counts under the limit of its workflow, see
    /// [`Start::limit_key`](crate::Start::limit_key). Without one, and where its workflow does not
    /// say it, a run under the limit of its caller has its caller's key, and shares its slot.
    pub fn limit_key(self, key: impl Into<String>) -> Self {
        self.operation.with_callee(|callee| callee.limit_key = Some(key.into()));
        self
    }

    /// How the run stands in the line of its workflow's limit, see
    /// [`Start::priority`](crate::Start::priority).
    pub fn priority(self, priority: i32) -> Self {
        self.operation.with_callee(|callee| callee.priority = priority);
        self
    }

    /// Where it stands in the journal.
    pub fn path(&self) -> &str {
        self.operation.path()
    }
}

impl<T> Future for Call<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let output = ready!(Pin::new(&mut self.operation).poll(poller))?;
        self.operation.read(output.as_ref(), self.read)
    }
}

/// A start of another workflow that nobody waits for: the id of its run.
#[must_use = "the other workflow is started when this is awaited"]
pub struct StartWorkflow(Operation);

impl StartWorkflow {
    pub(crate) fn new(operation: Operation) -> Self {
        Self(operation)
    }

    /// Tells it apart from the other uses of its id in its scope, as [`Step::key`](super::Step::key)
    /// does.
    pub fn key(mut self, key: impl AsRef<str>) -> Self {
        self.0.rekey(key.as_ref());
        self
    }

    /// By what the run counts under the limit of its workflow, see
    /// [`Start::limit_key`](crate::Start::limit_key).
    pub fn limit_key(self, key: impl Into<String>) -> Self {
        self.0.with_callee(|callee| callee.limit_key = Some(key.into()));
        self
    }

    /// How the run stands in the line of its workflow's limit, see
    /// [`Start::priority`](crate::Start::priority).
    pub fn priority(self, priority: i32) -> Self {
        self.0.with_callee(|callee| callee.priority = priority);
        self
    }

    /// Where it stands in the journal.
    pub fn path(&self) -> &str {
        self.0.path()
    }
}

impl StartWorkflow {
    /// The id as text.
    pub fn text(self) -> Call<String> {
        Call::new(self.0)
    }
}

impl Future for StartWorkflow {
    type Output = Result<RunId>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let run = ready!(Pin::new(&mut self.0).poll(poller))?;
        self.0.decode(run.as_ref())
    }
}

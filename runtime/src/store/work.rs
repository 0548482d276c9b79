//! Work in the application's own tables, committed together with a step's outcome (R32).

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::rows::{Entry, EntryStatus, RunState};
use super::transaction::{Next, RunWrite};
use super::undo::Compensation;
use crate::Timestamp;
use crate::failure::{ErrorClass, StepError};
use crate::ids::RunId;
use crate::payload::Payload;

/// What [`Context::transaction`](crate::Context::transaction) has done in one transaction of the
/// store's database. Each store has a way to make one, with its driver's own handle:
/// `sqlite::work`, `postgres::work`, [`MemoryStore::work`](super::MemoryStore::work).
pub struct Work<T> {
    pub(crate) erased: AnyWork,
    output: PhantomData<fn() -> T>,
}

impl<T> Work<T> {
    /// Work for a store that calls itself `store` in messages. What `body` is the store knows: it
    /// asks for it with [`AnyWork::body`], and makes of what the body gives the JSON of a `T`.
    pub fn new<B: Any + Send + Sync>(store: &'static str, body: B) -> Self {
        Self { erased: AnyWork { store, body: Arc::new(body) }, output: PhantomData }
    }
}

impl<T> fmt::Debug for Work<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.erased.fmt(out)
    }
}

/// Work of which the types are erased. Clones share it.
#[derive(Clone)]
pub struct AnyWork {
    store: &'static str,
    body: Arc<dyn Any + Send + Sync>,
}

impl AnyWork {
    /// The body, if it is one for the store that asks; the error otherwise that its step ends with.
    pub fn body<B: Any>(&self, asking: &'static str) -> Result<&B, StepError> {
        self.body.downcast_ref().ok_or_else(|| {
            let message = format!(
                "the transaction is written for {}, and the run's journal is in {asking}",
                self.store
            );
            StepError::of_engine(ErrorClass::Fatal, "wrong_store", message)
        })
    }
}

impl fmt::Debug for AnyWork {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Work({})", self.store)
    }
}

/// What undoes a transaction, for its output.
pub(crate) type UndoOf = Arc<dyn Fn(&Payload) -> Result<Compensation, StepError> + Send + Sync>;

/// Work to be done, and the outcome that is written in the same commit. Fenced as a
/// [write](RunWrite) is.
#[derive(Clone)]
pub struct Transact {
    /// The run.
    pub run: RunId,
    /// Refused unless it is the run's epoch.
    pub epoch: u64,
    /// The step's outcome, with its place in the order; its output, what undoes it and when it
    /// ended are not known yet.
    pub entry: Entry,
    /// What is to be done first.
    pub work: AnyWork,
    /// How long it may take.
    pub limit: Duration,
    pub(crate) undo: Option<UndoOf>,
}

impl Transact {
    /// What is to be written once the work is done: the outcome, and that the run goes on. An error
    /// means that the step cannot have this output; then the work is not kept, either.
    pub fn write(
        &self,
        output: Payload,
        at: Timestamp,
        max_payload: usize,
    ) -> Result<RunWrite, StepError> {
        let bytes = output.as_str().len();
        if bytes > max_payload {
            let message =
                format!("the output has {bytes} bytes of JSON, and the store takes {max_payload}");
            return Err(StepError::of_engine(ErrorClass::Fatal, "value_too_large", message));
        }
        let undo = self.undo.as_ref().map(|undo| guarded(|| undo(&output))).transpose()?;
        let entry = Entry {
            status: EntryStatus::Completed,
            output: Some(output),
            undo,
            ended_at: Some(at.max(self.entry.started_at)),
            ..self.entry.clone()
        };
        let next = Next::Keep(RunState::Running);
        Ok(RunWrite { entries: vec![entry], ..RunWrite::new(self.run, self.epoch, next) })
    }
}

impl fmt::Debug for Transact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run, epoch, entry, .. } = self;
        let (run, epoch, path) = (run, epoch, &entry.path);
        out.debug_struct("Transact")
            .field("run", run)
            .field("epoch", epoch)
            .field("path", path)
            .finish_non_exhaustive()
    }
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Transacted {
    /// The work and this outcome are durable.
    Done(Box<Entry>),
    /// The work failed: nothing of it is written.
    Failed(StepError),
    /// Another epoch: the run is not the writer's any more. Nothing is written.
    Fenced,
    /// A settled entry has this path already: a bug in the engine. Nothing is written.
    Conflict(Arc<str>),
}

/// Calls work of the application. A panic of it is an error like another.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, StepError>) -> Result<T, StepError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = crate::engine::panic_message(panic.as_ref());
        Err(StepError::of_engine(ErrorClass::Panic, "panic", said))
    })
}

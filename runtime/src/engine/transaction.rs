//! `transaction`: a step whose effects are rows in the store's own database (R32).

use std::any::TypeId;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Command, Operation, Result, Step};
use crate::backend::Labour;
use crate::context::Context;
use crate::failure::StepError;
use crate::payload::Payload;
use crate::policy::Policy;
use crate::store::Compensation;

/// A transaction that is claimed; awaiting it does its work, or gives the outcome that is recorded.
/// See [`Context::transaction`].
#[must_use = "a transaction is done when it is awaited"]
pub struct InTransaction<T> {
    operation: Operation,
    output: PhantomData<fn() -> T>,
}

impl<T> InTransaction<T> {
    pub(crate) fn new(operation: Operation) -> Self {
        Self { operation, output: PhantomData }
    }

    /// Tells it apart from the other uses of its id in its scope, as
    /// [`Step::key`](super::Step::key) does.
    pub fn key(mut self, key: impl AsRef<str>) -> Self {
        self.operation.rekey(key.as_ref());
        self
    }

    /// What it works with: a replay that comes here with something else is paused, and whoever
    /// looks at the run sees it.
    pub fn input(self, input: &impl Serialize) -> Self {
        self.operation.describe(Payload::encode(input));
        self
    }

    /// When a failed attempt is tried again. `timeout` bounds how long the work may take.
    pub fn policy(self, policy: Policy) -> Self {
        self.operation.amend(|command| {
            if let Command::Step(old, _) = command {
                *old = policy;
            }
        });
        self
    }

    /// What undoes it, should what follows fail: a step that the workflow registers, and how its
    /// input follows from the output. It is recorded in the same commit. Unlike that of
    /// [`Step::undo`](super::Step::undo) the closure runs where the work is done; where it fails,
    /// the work has failed, and nothing of it is kept.
    pub fn undo<I, U, F>(
        self,
        step: F,
        input: impl Fn(&T) -> Result<I, StepError> + Send + Sync + 'static,
    ) -> Self
    where
        T: DeserializeOwned + 'static,
        I: Serialize,
        F: Fn(&Context, I) -> Step<U> + 'static,
    {
        drop(step);
        let name = self
            .operation
            .undoing(std::any::type_name::<F>(), |undos| undos.of_type(TypeId::of::<F>()));
        self.undo_with(name, input)
    }

    /// Like [`undo`](Self::undo), by the step that is registered under a name.
    pub fn undo_named<I: Serialize>(
        self,
        name: &str,
        input: impl Fn(&T) -> Result<I, StepError> + Send + Sync + 'static,
    ) -> Self
    where
        T: DeserializeOwned + 'static,
    {
        let found = self.operation.undoing(name, |undos| undos.named(name));
        self.undo_with(found, input)
    }

    fn undo_with<I: Serialize>(
        self,
        name: Option<Arc<str>>,
        input: impl Fn(&T) -> Result<I, StepError> + Send + Sync + 'static,
    ) -> Self
    where
        T: DeserializeOwned + 'static,
    {
        // Without one the run is paused.
        let Some(name) = name else { return self };
        let no_json = |error: serde_json::Error| {
            StepError::fatal("undo", format!("the compensation's input has no JSON: {error}"))
        };
        let undo = Arc::new(move |output: &Payload| {
            let output = output.decode::<T>().map_err(no_json)?;
            let input = Payload::encode(&input(&output)?).map_err(no_json)?;
            Ok(Compensation { step: name.clone(), input })
        });
        self.operation.amend(|command| {
            if let Command::Step(_, Labour::Work(_, slot)) = command {
                *slot = Some(undo);
            }
        });
        self
    }

    /// Where it stands in the journal.
    pub fn path(&self) -> &str {
        self.operation.path()
    }
}

impl<T: DeserializeOwned> Future for InTransaction<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, poller: &mut Poller<'_>) -> Poll<Self::Output> {
        let output = ready!(Pin::new(&mut self.operation).poll(poller))?;
        self.operation.decode(output.as_ref())
    }
}

/// The same as a step like another, such as one that undoes: see [`Undos::step`](super::Undos::step).
impl<T> From<InTransaction<T>> for Step<T> {
    fn from(transaction: InTransaction<T>) -> Self {
        Self::new(transaction.operation)
    }
}

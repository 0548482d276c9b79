//! Compensation (R15): steps that undo others.
//!
//! A step is given what undoes it by [`Step::undo`](super::Step::undo). The outcome is written
//! together with the name of a step that the workflow registers ([`Undos`]) and that step's input,
//! so that it can be undone without the function, by any later life of the run.

use std::any::{TypeId, type_name};
use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Step;
use crate::context::Context;
use crate::error::Result;
use crate::failure::StepError;
use crate::journaled::{Journaled, UndoInput};
use crate::payload::Payload;
use crate::store::Compensation;

/// The steps with which a workflow undoes others, by name.
///
/// ```
/// # use flowcrate::{Context, Step, StepSpec, Undos};
/// fn refund(ctx: &Context, payment: String) -> Step<()> {
///     ctx.step(StepSpec::new("refund", "refund@1"), payment, async |_, _| Ok(()))
/// }
/// let undos = Undos::new().step("refund", refund);
/// ```
#[derive(Clone, Default)]
pub struct Undos(Vec<Registered>);

#[derive(Clone)]
struct Registered {
    name: Cow<'static, str>,
    step: TypeId,
    start: Start,
}

/// Describes the step with its recorded input; awaiting it runs it.
pub(super) type Start =
    Rc<dyn Fn(&Context, &Payload) -> Result<LocalBoxFuture<'static, Result<()>>, Unread>>;
pub(super) type Unread = serde_json::Error;

impl Undos {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another step. Its name stands in the journal: as long as there are runs that
    /// may have to be undone, the workflow registers a step of this name.
    #[must_use]
    pub fn step<I, T, F>(mut self, name: impl Into<Cow<'static, str>>, step: F) -> Self
    where
        I: UndoInput,
        T: Journaled + 'static,
        F: Fn(&Context, I) -> Step<T> + 'static,
    {
        let start: Start = Rc::new(move |ctx, input| {
            let step = step(ctx, input.decode()?);
            Ok(Box::pin(async move { step.await.map(drop) }))
        });
        self.0.push(Registered { name: name.into(), step: TypeId::of::<F>(), start });
        self
    }

    /// Whether there is no step among them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What describes the step of this name.
    pub(super) fn find(&self, name: &str) -> Option<Start> {
        let found = self.0.iter().find(|registered| registered.name == name);
        found.map(|registered| Rc::clone(&registered.start))
    }

    /// The name under which a step of this type is registered.
    pub(super) fn of_type(&self, step: TypeId) -> Option<Arc<str>> {
        let found = self.0.iter().find(|registered| registered.step == step);
        found.map(|registered| (&*registered.name).into())
    }

    /// The name, if a step is registered under it.
    pub(super) fn named(&self, name: &str) -> Option<Arc<str>> {
        let found = self.0.iter().find(|registered| registered.name == name);
        found.map(|registered| (&*registered.name).into())
    }

    /// The name under which a step is registered.
    fn resolve(&self, step: &StepRef) -> Option<Arc<str>> {
        match step {
            StepRef::Type(id, _) => self.of_type(*id),
            StepRef::Name(name) => self.named(name),
        }
    }
}

impl fmt::Debug for Undos {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.0.iter().map(|registered| &registered.name)).finish()
    }
}

/// What undoes a step: another step, which the workflow registers, and how its input follows from
/// the step's output.
pub struct Undo<T> {
    step: StepRef,
    in_doubt: bool,
    input: Input<T>,
}

/// What a step that undoes is given, for an output or for none.
type Input<T> = Rc<dyn Fn(Option<&T>) -> Result<Payload, StepError>>;

enum StepRef {
    Type(TypeId, &'static str),
    Name(Cow<'static, str>),
}

impl<T: 'static> Undo<T> {
    /// Undoes the step, once it has an output, by `step` with what `input` makes of the output.
    pub fn new<I, U, F>(step: F, input: impl Fn(&T) -> I + 'static) -> Self
    where
        I: Serialize,
        F: Fn(&Context, I) -> Step<U> + 'static,
    {
        Self::try_new(step, move |output| Ok(input(output)))
    }

    /// Like [`new`](Self::new), and undoes the step as well where nobody knows whether it took
    /// effect, since it was cancelled while it ran: then there is no output. What undoes it must
    /// do for a step that never happened.
    pub fn in_doubt<I, U, F>(step: F, input: impl Fn(Option<&T>) -> I + 'static) -> Self
    where
        I: Serialize,
        F: Fn(&Context, I) -> Step<U> + 'static,
    {
        Self::try_in_doubt(step, move |output| Ok(input(output)))
    }

    /// Like [`new`](Self::new), by the step that is registered under a name.
    pub fn named<I: Serialize>(
        name: impl Into<Cow<'static, str>>,
        input: impl Fn(&T) -> I + 'static,
    ) -> Self {
        Self::try_named(name, move |output| Ok(input(output)))
    }

    /// Like [`in_doubt`](Self::in_doubt), by the step that is registered under a name.
    pub fn named_in_doubt<I: Serialize>(
        name: impl Into<Cow<'static, str>>,
        input: impl Fn(Option<&T>) -> I + 'static,
    ) -> Self {
        Self::try_named_in_doubt(name, move |output| Ok(input(output)))
    }

    /// Like [`new`](Self::new), for an input that may not follow from every output. Where there is
    /// none the step has failed with this error, whatever it did: its outcome is written as that
    /// failure, no attempt follows, and nothing undoes it. So such an error shows as soon as the
    /// step runs, and not when the run has to be undone.
    ///
    /// ```
    /// # use flowcrate::{Context, Result, Step, StepError, StepSpec, Undo};
    /// # fn refund(ctx: &Context, id: u64) -> Step<()> {
    /// #     ctx.step(StepSpec::new("refund", "refund@1"), id, async |_, _| Ok(()))
    /// # }
    /// let undo = Undo::<String>::try_new(refund, |receipt| {
    ///     receipt.parse::<u64>().map_err(|error| StepError::fatal("receipt", error.to_string()))
    /// });
    /// ```
    pub fn try_new<I, U, F>(step: F, input: impl Fn(&T) -> Result<I, StepError> + 'static) -> Self
    where
        I: Serialize,
        F: Fn(&Context, I) -> Step<U> + 'static,
    {
        drop(step);
        Self::certain(StepRef::Type(TypeId::of::<F>(), type_name::<F>()), input)
    }

    /// Like [`in_doubt`](Self::in_doubt), for an input that may not follow from every output. That
    /// there is none for a step in doubt is said with the failure of that step.
    pub fn try_in_doubt<I, U, F>(
        step: F,
        input: impl Fn(Option<&T>) -> Result<I, StepError> + 'static,
    ) -> Self
    where
        I: Serialize,
        F: Fn(&Context, I) -> Step<U> + 'static,
    {
        drop(step);
        Self::doubtful(StepRef::Type(TypeId::of::<F>(), type_name::<F>()), input)
    }

    /// Like [`try_new`](Self::try_new), by the step that is registered under a name.
    pub fn try_named<I: Serialize>(
        name: impl Into<Cow<'static, str>>,
        input: impl Fn(&T) -> Result<I, StepError> + 'static,
    ) -> Self {
        Self::certain(StepRef::Name(name.into()), input)
    }

    /// Like [`try_in_doubt`](Self::try_in_doubt), by the step that is registered under a name.
    pub fn try_named_in_doubt<I: Serialize>(
        name: impl Into<Cow<'static, str>>,
        input: impl Fn(Option<&T>) -> Result<I, StepError> + 'static,
    ) -> Self {
        Self::doubtful(StepRef::Name(name.into()), input)
    }

    fn certain<I: Serialize>(
        step: StepRef,
        input: impl Fn(&T) -> Result<I, StepError> + 'static,
    ) -> Self {
        // Asked only of a step that has an output.
        let input = move |output: Option<&T>| match output {
            Some(output) => encode(&input(output)?),
            None => Ok(Payload::null()),
        };
        Self { step, in_doubt: false, input: Rc::new(input) }
    }

    fn doubtful<I: Serialize>(
        step: StepRef,
        input: impl Fn(Option<&T>) -> Result<I, StepError> + 'static,
    ) -> Self {
        let input = move |output: Option<&T>| encode(&input(output)?);
        Self { step, in_doubt: true, input: Rc::new(input) }
    }
}

fn encode(input: &impl Serialize) -> Result<Payload, StepError> {
    Payload::encode(input).map_err(|error| no_json(&error))
}

fn no_json(error: &serde_json::Error) -> StepError {
    StepError::fatal(UNDO, format!("the compensation's input has no JSON: {error}"))
}

/// The code of what fails since nothing would undo it.
const UNDO: &str = "undo";

impl<T: DeserializeOwned + 'static> Undo<T> {
    /// What the back end needs to know; or the step that is not registered.
    pub(super) fn erase(self, undos: &Undos) -> Result<UndoRequest, String> {
        let Self { step, in_doubt, input } = self;
        let Some(name) = undos.resolve(&step) else {
            return Err(match step {
                StepRef::Type(_, name) => name.to_owned(),
                StepRef::Name(name) => name.into_owned(),
            });
        };
        let input = move |output: Option<&Payload>| {
            let output = output.map(Payload::decode::<T>).transpose();
            input(output.map_err(|error| no_json(&error))?.as_ref())
        };
        Ok(UndoRequest { step: name, in_doubt, input: Rc::new(input) })
    }
}

/// What undoes a step, once it has an outcome.
#[derive(Clone)]
pub(crate) struct UndoRequest {
    step: Arc<str>,
    in_doubt: bool,
    input: Input<Payload>,
}

impl UndoRequest {
    /// What undoes an output; or why that cannot be said.
    pub(crate) fn of_output(&self, output: Option<&Payload>) -> Result<Compensation, StepError> {
        let null = Payload::null();
        self.record(Some(output.unwrap_or(&null)))
    }

    /// What undoes a step of which nobody knows whether it took effect, if it asks for that.
    pub(crate) fn of_doubt(&self) -> Option<Result<Compensation, StepError>> {
        self.in_doubt.then(|| self.record(None))
    }

    fn record(&self, output: Option<&Payload>) -> Result<Compensation, StepError> {
        // The closure is the workflow's, and runs on the thread of all runs.
        let input = std::panic::AssertUnwindSafe(|| (self.input)(output));
        let input = std::panic::catch_unwind(input).unwrap_or_else(|panic| {
            let said = super::panic_message(panic.as_ref());
            Err(StepError::fatal(UNDO, format!("the compensation's input panicked: {said}")))
        });
        input.map(|input| Compensation { step: self.step.clone(), input })
    }
}

impl fmt::Debug for UndoRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "UndoRequest({})", self.step)
    }
}

//! What a workflow is to the engine.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use crate::callees::Callees;
use crate::context::Context;
use crate::engine::Undos;
use crate::error::{Error, Result};
use crate::journaled::{EventPayload, RunValue};
use crate::payload::Payload;
use crate::profile::{Profile, Promise};
use crate::store::{Limit, RunRow};
use crate::types::{self, ProjectError};

/// A durable function. `#[workflow]` implements this for a struct named after the function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a workflow",
    label = "not a workflow",
    note = "`#[workflow]` on `async fn order_intake` makes the unit struct `OrderIntake`: that one \
            is registered and started"
)]
pub trait Workflow: 'static {
    /// What a run starts with.
    type Input: RunValue;
    /// What a run returns.
    type Output: RunValue;

    /// Its name, revision and events.
    fn definition(&self) -> Definition;

    /// The function. It may await what its context gives, and nothing else: it runs again over
    /// the journal whenever the run is taken up.
    fn run(
        &self,
        ctx: Context,
        input: Self::Input,
    ) -> LocalBoxFuture<'static, Result<Self::Output>>;

    /// What tells the text of this function from that of another: whoever takes up a run that was
    /// started with another one, under the same revision, is warned. `None`, of a function whose
    /// text is not known, says nothing.
    fn fingerprint(&self) -> Option<&'static str> {
        None
    }

    /// The steps with which it undoes what it has done.
    fn undos(&self) -> Undos {
        Undos::new()
    }

    /// The workflows that it calls or starts. An engine that registers it registers them with it.
    fn callees(&self) -> Callees {
        Callees::new()
    }

    /// The limit that its runs are under, in whatever process and revision. What was declared last
    /// holds for all workers.
    fn limit(&self) -> Option<Limit> {
        None
    }

    /// By what a run with this input counts under the [limit](Self::limit), where its start does
    /// not say so.
    fn limit_key(&self, _input: &Self::Input) -> Option<String> {
        None
    }

    /// The promises that it relies on: those of the core, and what its definition shows. One that
    /// calls workflows which it does not name in [`callees`](Self::callees) says so here, if it is
    /// to be refused where that is not offered.
    fn needs(&self) -> Profile {
        let mut needs = Profile::core();
        if !self.definition().adopts.is_empty() {
            needs = needs.with(Promise::Adoption);
        }
        if !self.undos().is_empty() {
            needs = needs.with(Promise::Compensation);
        }
        if !self.callees().is_empty() {
            needs = needs.with(Promise::Children);
        }
        if self.limit().is_some() {
            needs = needs.with(Promise::Limits);
        }
        needs
    }

    /// What an input must be beyond its type, as a JSON Schema: its bounds, patterns, numbers of
    /// elements. An input that is not is refused when a run is to be started.
    fn input_schema(&self) -> Option<&str> {
        None
    }

    /// Whether `payload` is one of the declared event `name`. What is not is refused when it is
    /// sent, since the run that waits for it could not read it.
    fn check_event(&self, _name: &str, _payload: &Value) -> Result<()> {
        Ok(())
    }
}

impl<W: Workflow> Workflow for Arc<W> {
    type Input = W::Input;
    type Output = W::Output;

    fn definition(&self) -> Definition {
        (**self).definition()
    }

    fn run(
        &self,
        ctx: Context,
        input: Self::Input,
    ) -> LocalBoxFuture<'static, Result<Self::Output>> {
        (**self).run(ctx, input)
    }

    fn fingerprint(&self) -> Option<&'static str> {
        (**self).fingerprint()
    }

    fn undos(&self) -> Undos {
        (**self).undos()
    }

    fn callees(&self) -> Callees {
        (**self).callees()
    }

    fn limit(&self) -> Option<Limit> {
        (**self).limit()
    }

    fn limit_key(&self, input: &Self::Input) -> Option<String> {
        (**self).limit_key(input)
    }

    fn needs(&self) -> Profile {
        (**self).needs()
    }

    fn input_schema(&self) -> Option<&str> {
        (**self).input_schema()
    }

    fn check_event(&self, name: &str, payload: &Value) -> Result<()> {
        (**self).check_event(name, payload)
    }
}

/// Whether an event's payload can be read as `T`; for implementations of
/// [`Workflow::check_event`].
pub fn check_payload<T: EventPayload>(payload: &Value) -> Result<()> {
    T::from_value(payload)
        .map(drop)
        .map_err(|error| Error::Codec { what: "the event's payload", message: error.to_string() })
}

/// Whether an event's payload is what a JSON Schema says beyond its type; for implementations of
/// [`Workflow::check_event`].
pub fn check_payload_schema(schema: &str, payload: &Value) -> Result<()> {
    constrained(schema, payload)
        .map_err(|error| Error::Codec { what: "the event's payload", message: error.to_string() })
}

/// What there is to say of a run where its workflow's function has another fingerprint than the
/// one that it came to its revision with (R19).
pub(crate) fn changed(row: &RunRow, fingerprint: Option<&str>) -> Option<String> {
    let recorded = row.fingerprint.as_deref()?;
    (recorded != fingerprint?).then(|| {
        format!(
            "the function of `{}` was changed since, and both are revision {}: the run is paused \
             where they differ; give the new one a revision of its own, which adopts this one",
            row.workflow, row.revision
        )
    })
}

/// What identifies a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// Its name, `order-intake`.
    pub name: String,
    /// Its revision: a run is only driven by the revision that it was started with.
    pub revision: String,
    /// The events that it may wait for; others are refused.
    pub events: Vec<EventDef>,
    /// Earlier revisions whose unfinished runs this one takes over, where their journals fit it.
    pub adopts: Vec<String>,
}

/// An event that a workflow may wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDef {
    /// Its name.
    pub name: String,
}

/// A [`Workflow`] with its types erased: one shim per workflow over one engine.
pub(crate) trait ErasedWorkflow: Send + Sync {
    fn definition(&self) -> Definition;

    fn fingerprint(&self) -> Option<&'static str>;

    /// Whether `input` is an input of this workflow.
    fn check_input(&self, input: &Payload) -> Result<()>;

    fn undos(&self) -> Undos;

    fn callees(&self) -> Callees;

    fn limit(&self) -> Option<Limit>;

    /// By what a run with this input counts; nothing where the input is none of this workflow.
    fn limit_key(&self, input: &Payload) -> Option<String>;

    fn needs(&self) -> Profile;

    fn check_event(&self, name: &str, payload: &Value) -> Result<()>;

    fn run(
        &self,
        ctx: Context,
        input: &Payload,
    ) -> Result<LocalBoxFuture<'static, Result<Payload>>>;
}

impl<W: Workflow + Send + Sync> ErasedWorkflow for W {
    fn definition(&self) -> Definition {
        Workflow::definition(self)
    }

    fn fingerprint(&self) -> Option<&'static str> {
        Workflow::fingerprint(self)
    }

    fn check_input(&self, input: &Payload) -> Result<()> {
        decode_input::<W::Input>(input)?;
        check_constraints(self, input)
    }

    fn undos(&self) -> Undos {
        Workflow::undos(self)
    }

    fn callees(&self) -> Callees {
        Workflow::callees(self)
    }

    fn limit(&self) -> Option<Limit> {
        Workflow::limit(self)
    }

    fn limit_key(&self, input: &Payload) -> Option<String> {
        // Most have no limit, and need not read their input for that.
        Workflow::limit(self)?;
        Workflow::limit_key(self, &W::Input::from_payload(input).ok()?)
    }

    fn needs(&self) -> Profile {
        Workflow::needs(self)
    }

    fn check_event(&self, name: &str, payload: &Value) -> Result<()> {
        Workflow::check_event(self, name, payload)
    }

    fn run(
        &self,
        ctx: Context,
        input: &Payload,
    ) -> Result<LocalBoxFuture<'static, Result<Payload>>> {
        let future = Workflow::run(self, ctx, decode_input(input)?);
        Ok(Box::pin(async move {
            let output = future.await?;
            output.to_payload().map_err(|error| Error::codec("the output", &error))
        }))
    }
}

/// Whether an input of the right type is what the workflow's schema says beyond that.
pub(crate) fn check_constraints(workflow: &impl Workflow, input: &Payload) -> Result<()> {
    let Some(schema) = workflow.input_schema() else { return Ok(()) };
    let wrong = |error: &serde_json::Error| Error::codec("the input", error);
    let input: Value = input.decode().map_err(|error| wrong(&error))?;
    constrained(schema, &input)
        .map_err(|error| Error::Codec { what: "the input", message: error.to_string() })
}

/// Whether a value is what a schema says. One that cannot be read lets nothing through.
pub(crate) fn constrained(schema: &str, value: &Value) -> std::result::Result<(), ProjectError> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| ProjectError {
        path: String::new(),
        problem: format!("cannot be checked, for the workflow's schema is no JSON: {error}"),
    })?;
    types::meets(&schema, value)
}

fn decode_input<T: RunValue>(input: &Payload) -> Result<T> {
    T::from_payload(input).map_err(|error| Error::codec("the input", &error))
}

//! What a workflow function works with: its context, and what it describes steps with.

mod answers;
mod family;
mod local;
mod loops;
mod progress;
mod scopes;
mod step_context;
mod transaction;

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;

pub use progress::Progress;
pub use step_context::StepContext;
pub(crate) use step_context::{CancelToken, StepInfo};

use crate::backend::{Body, Command, Due, Labour};
use crate::engine::{Claim, Core, EventWait, Name, Operation, Scope, Sleep, Step};
use crate::error::Result;
use crate::expr::ExprError;
use crate::failure::{ErrorClass, Failure, StepError};
use crate::ids::RunId;
use crate::journaled::{EventPayload, Journaled, StepInput};
use crate::payload::Payload;
use crate::policy::Policy;
use crate::store::EventKey;
use crate::values::{Duration, Timestamp};

/// A workflow function's access to the world. Cheap to clone; belongs to one scope of one run.
#[derive(Clone)]
pub struct Context {
    core: Rc<RefCell<Core>>,
    scope: Rc<Scope>,
    info: Rc<RunInfo>,
}

pub(crate) struct RunInfo {
    pub(crate) id: RunId,
    pub(crate) started_at: Timestamp,
    /// Random bits from which everything random in the run derives.
    pub(crate) seed: [u8; 16],
}

impl Context {
    pub(crate) fn new(core: Rc<RefCell<Core>>, info: RunInfo) -> Self {
        let scope = Rc::clone(core.borrow().root());
        Self { core, scope, info: Rc::new(info) }
    }

    pub(crate) fn core(&self) -> &Rc<RefCell<Core>> {
        &self.core
    }

    pub(crate) fn scope(&self) -> &Rc<Scope> {
        &self.scope
    }

    /// The context of the scope at a path within this one.
    pub(crate) fn child(&self, path: Arc<str>) -> Self {
        self.of(self.scope.child(path))
    }

    /// The context of a scope of the same run.
    pub(crate) fn of(&self, scope: Rc<Scope>) -> Self {
        Self { core: Rc::clone(&self.core), scope, info: Rc::clone(&self.info) }
    }

    /// The run's id.
    pub fn run_id(&self) -> RunId {
        self.info.id
    }

    /// When the run was started.
    pub fn started_at(&self) -> Timestamp {
        self.info.started_at
    }

    /// The instant of the outcome that the function saw last; the same on each replay.
    pub fn now(&self) -> Timestamp {
        self.core.borrow().now()
    }

    /// The scope's path; empty at the top level.
    pub fn path(&self) -> &str {
        self.scope.path()
    }

    /// A step: `body` runs with `input` until it succeeds or its policy is spent, and never again
    /// once its outcome is recorded. The path is claimed here; the body runs when awaited.
    pub fn step<I, T, F, Fut>(&self, spec: StepSpec, input: I, body: F) -> Step<T>
    where
        I: StepInput,
        T: Journaled + Send + 'static,
        F: Fn(StepContext, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, StepError>> + Send + 'static,
    {
        let json = encode(&input);
        // Each workflow compiles this for each of its steps: little of it depends on the types.
        let body: Body = Arc::new(move |step| {
            let input = match step.edited_input() {
                None => input.clone(),
                Some(edited) => match edited.decode() {
                    Ok(edited) => edited,
                    Err(error) => return misfit(&error),
                },
            };
            let attempt = body(step, input);
            Box::pin(async move {
                match attempt.await {
                    Ok(output) => encode_output(&output),
                    Err(error) => Err(error),
                }
            })
        });
        Step::new(self.claim_step(spec, json, body))
    }

    fn claim_step(&self, spec: StepSpec, input: Result<Payload, String>, body: Body) -> Operation {
        let StepSpec { id, kind, policy, key } = spec;
        let name = Name::Id(&id, key.as_deref());
        let claim = Claim { name, kind: &kind, input: Some(input), hash: None };
        Operation::claim(&self.core, &self.scope, claim, |_| {
            Command::Step(policy, Labour::Body(body))
        })
    }

    /// A timer that survives the process.
    pub fn sleep(&self, id: impl Into<Cow<'static, str>>, length: std::time::Duration) -> Sleep {
        let input = serde_json::json!({ "duration": Duration(length) });
        self.timer(&id.into(), &input, Due::After(length))
    }

    /// A timer for an instant; one in the past is due at once.
    pub fn sleep_until(&self, id: impl Into<Cow<'static, str>>, at: Timestamp) -> Sleep {
        self.timer(&id.into(), &serde_json::json!({ "until": at }), Due::At(at))
    }

    fn timer(&self, id: &str, input: &serde_json::Value, due: Due) -> Sleep {
        let input = Some(Ok(input.into()));
        let claim = Claim { name: Name::Id(id, None), kind: "wait@1", input, hash: None };
        Sleep::new(Operation::claim(&self.core, &self.scope, claim, |_| Command::Timer(due)))
    }

    /// A wait for an event that the workflow declares. An event that came early counts.
    pub fn wait_event<T: EventPayload>(
        &self,
        id: impl Into<Cow<'static, str>>,
        wait: WaitEvent,
    ) -> EventWait<T> {
        let input = serde_json::json!({
            "event": wait.name, "key": wait.key, "timeout": wait.timeout.map(Duration),
        });
        let claim = Claim {
            name: Name::Id(&id.into(), None),
            kind: "wait_event@1",
            input: Some(Ok((&input).into())),
            hash: None,
        };
        let event = EventKey { name: wait.name.into_owned(), key: wait.key };
        let command = Command::Event(event, wait.timeout);
        let operation = Operation::claim(&self.core, &self.scope, claim, |_| command);
        EventWait::new(operation, T::from_payload)
    }

    /// The node's failure where an expression has no value (S17).
    pub fn evaluate<T>(
        &self,
        id: &str,
        expression: impl FnOnce() -> Result<T, ExprError>,
    ) -> Result<T> {
        expression().map_err(|error| self.failure(id, "expression", error.to_string()).into())
    }

    /// A failure of the node `id` in this scope, which nothing retries.
    pub fn failure(
        &self,
        id: &str,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Failure {
        let path =
            if self.path().is_empty() { id.to_owned() } else { format!("{}/{id}", self.path()) };
        Failure::new(code, message).at(path)
    }
}

/// What a step is: its id within the scope, its kind, how often it is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSpec {
    /// Identifies the step in its scope; the node's id.
    pub id: Cow<'static, str>,
    /// What it does, `http.request@1`.
    pub kind: Cow<'static, str>,
    /// When a failed attempt is tried again.
    pub policy: Policy,
    /// Tells apart the uses of one id in one scope; without it they count in call order.
    pub key: Option<String>,
}

impl StepSpec {
    /// A step with the default policy.
    pub fn new(id: impl Into<Cow<'static, str>>, kind: impl Into<Cow<'static, str>>) -> Self {
        Self { id: id.into(), kind: kind.into(), policy: Policy::default(), key: None }
    }

    /// The same with another policy.
    #[must_use]
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The same with a key.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }
}

/// Which event to wait for, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitEvent {
    /// The event's declared name.
    pub name: Cow<'static, str>,
    /// Only an event with this key; without it, only one without a key.
    pub key: Option<String>,
    /// How long to wait at most.
    pub timeout: Option<std::time::Duration>,
}

impl WaitEvent {
    /// Waits for the event for as long as it takes.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), key: None, timeout: None }
    }

    /// The same, for an event with this key.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same, for so long at most.
    #[must_use]
    pub fn timeout(self, timeout: std::time::Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Payload, String> {
    told(Payload::encode(value))
}

fn told(encoded: Result<Payload, serde_json::Error>) -> Result<Payload, String> {
    encoded.map_err(|error| error.to_string())
}

/// Only what every step needs once per output type.
pub(crate) fn encode_output<T: Serialize>(output: &T) -> Result<Payload, StepError> {
    written(Payload::encode(output))
}

fn written(output: Result<Payload, serde_json::Error>) -> Result<Payload, StepError> {
    output.map_err(|error| StepError::fatal("output", format!("the output has no JSON: {error}")))
}

/// The attempt of a step to which a fork gives what is none of its inputs.
fn misfit(error: &serde_json::Error) -> BoxFuture<'static, Result<Payload, StepError>> {
    let message = format!("the input that the fork gives the step is none of it: {error}");
    let error = StepError::of_engine(ErrorClass::Fatal, "input", message);
    Box::pin(std::future::ready(Err(error)))
}

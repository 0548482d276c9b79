//! The interpreter: the IR's second back end.
//!
//! It walks the same [`ir::Workflow`](flowcrate_codegen::ir::Workflow) as the emitter, calls the
//! same expression operations, the same runtime API and the same plugin functions, with the same
//! paths, kinds, policies and inputs. So its journal equals that of the emitted crate (S41).

mod action;
mod approval;
mod call_workflow;
mod callee;
mod compensation;
mod condition;
mod custom;
mod env;
mod fail;
mod for_each;
mod limit;
mod once;
mod plan;
mod race;
mod region;
mod respond;
mod returns;
mod scope;
mod start_workflow;
mod switch;
mod transform;
mod try_scope;
mod wait;
mod wait_event;
mod walk;
mod while_loop;

use std::sync::Arc;

use flowcrate::{Callees, Context, Definition, Error, EventDef, Limit, Result, Undos, Workflow};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use scope::Scope;

pub use limit::Limits;
pub use once::{Told, once, once_told, once_with_called};
pub use plan::{Plan, Triggered};

/// A compiled graph as a workflow that the engine runs.
#[derive(Clone)]
pub struct Interpreted {
    name: String,
    revision: String,
    plan: Arc<Plan>,
    /// What an input must be beyond its type.
    schema: Option<Arc<str>>,
    /// Under which limits workflows are, where this is not the only revision.
    limits: Limits,
}

impl Interpreted {
    /// The workflow that the engine knows as `name` in `revision`.
    pub fn new(name: impl Into<String>, revision: impl Into<String>, plan: Arc<Plan>) -> Self {
        let schema = plan.checked.input_schema().map(|schema| schema.to_string().into());
        let limits = Limits::default();
        Self { name: name.into(), revision: revision.into(), plan, schema, limits }
    }

    /// The same under the limits that are said elsewhere.
    #[must_use]
    pub fn under(self, limits: &Limits) -> Self {
        Self { limits: limits.clone(), ..self }
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}

impl Workflow for Interpreted {
    type Input = Value;
    type Output = Value;

    fn definition(&self) -> Definition {
        let events = self.plan.ir.events.iter().map(|event| EventDef { name: event.name.clone() });
        Definition {
            name: self.name.clone(),
            revision: self.revision.clone(),
            events: events.collect(),
            adopts: Vec::new(),
        }
    }

    fn undos(&self) -> Undos {
        compensation::registered(&self.plan)
    }

    fn input_schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    fn limit(&self) -> Option<Limit> {
        self.limits.of(&self.name, || self.plan.limit(&self.name))
    }

    fn limit_key(&self, input: &Value) -> Option<String> {
        self.plan.limit_key(input)
    }

    /// R16: a payload that its waits could not read is refused.
    fn check_event(&self, name: &str, payload: &Value) -> Result<()> {
        self.plan.check_event(name, payload).map_err(|error| Error::Codec {
            what: "the event's payload",
            message: error.to_string(),
        })
    }

    fn callees(&self) -> Callees {
        let callees = self.plan.callees.values().cloned();
        callees.fold(Callees::new(), Callees::workflow)
    }

    fn run(&self, ctx: Context, input: Value) -> LocalBoxFuture<'static, Result<Value>> {
        let plan = Arc::clone(&self.plan);
        Box::pin(async move {
            let triggered = plan
                .triggered(&input)
                .map_err(|(id, error)| ctx.failure(id.as_str(), "input", error.to_string()))?;
            let scope = Scope::root(Arc::clone(&plan), ctx, triggered);
            walk::block(&scope, &plan.ir.body).await?;
            Ok(scope.output())
        })
    }
}

//! Other workflows: awaited calls, and starts that nobody waits for.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{Context, encode};
use crate::backend::{Callee, Command};
use crate::engine::{Call, Claim, Name, Operation, StartWorkflow};
use crate::journaled::RunValue;
use crate::payload::Payload;
use crate::store::{CALL, START};
use crate::workflow::{Definition, Workflow};

impl Context {
    /// Runs another workflow and waits for its end: its output.
    ///
    /// It is a run of its own, started with this entry and told to cancel when the call is given
    /// up, or this run ends. Its failure is one of this path, with its own code; if it is
    /// cancelled or terminated by somebody else, the code is `child_cancelled` or
    /// `child_terminated`. Its revision is the one that is known here when it is started; until a
    /// worker has that one, the call waits.
    #[expect(clippy::needless_pass_by_value, reason = "`call(\"ship\", Ship, order)` reads best")]
    pub fn call<W: Workflow>(
        &self,
        id: impl Into<Cow<'static, str>>,
        workflow: W,
        input: W::Input,
    ) -> Call<W::Output> {
        let callee = Named::of(&workflow, &input);
        let input = input.to_payload().map_err(|error| error.to_string());
        Call::new(self.claim_run(&id.into(), callee, input, true))
    }

    /// Starts another workflow and goes on: the id of its run, which lives on its own.
    #[expect(clippy::needless_pass_by_value, reason = "as with `call`")]
    pub fn start_workflow<W: Workflow>(
        &self,
        id: impl Into<Cow<'static, str>>,
        workflow: W,
        input: W::Input,
    ) -> StartWorkflow {
        let callee = Named::of(&workflow, &input);
        let input = input.to_payload().map_err(|error| error.to_string());
        StartWorkflow::new(self.claim_run(&id.into(), callee, input, false))
    }

    /// Like [`call`](Self::call), for a workflow that is known by its definition alone.
    pub fn call_value(
        &self,
        id: impl Into<Cow<'static, str>>,
        definition: &Definition,
        input: &Value,
    ) -> Call<Value> {
        Call::new(self.claim_run(&id.into(), Named::from(definition), encode(input), true))
    }

    /// Like [`start_workflow`](Self::start_workflow), for a workflow that is known by its
    /// definition alone.
    pub fn start_workflow_value(
        &self,
        id: impl Into<Cow<'static, str>>,
        definition: &Definition,
        input: &Value,
    ) -> StartWorkflow {
        let callee = Named::from(definition);
        StartWorkflow::new(self.claim_run(&id.into(), callee, encode(input), false))
    }

    fn claim_run(
        &self,
        id: &str,
        callee: Named,
        input: Result<Payload, String>,
        awaited: bool,
    ) -> Operation {
        let Named { definition, fingerprint, limit_key } = callee;
        let Definition { name, revision, events, .. } = definition;
        let recorded = |revision| {
            let input = input.as_ref().map_err(Clone::clone)?;
            encode(&Called { workflow: &name, revision, input })
        };
        // Which workflow it is belongs to what a replay must find again; its revision does not.
        let same = recorded(None).ok().and_then(|called| called.canonical().ok());
        let input_recorded = recorded(Some(&revision));
        let claim = Claim {
            name: Name::Id(id, None),
            kind: if awaited { CALL } else { START },
            input: Some(input_recorded),
            hash: same.map(|called| called.hash()),
        };
        let target = Callee {
            workflow: name.as_str().into(),
            revision: revision.into(),
            fingerprint: fingerprint.map(Arc::from),
            events: events.into_iter().map(|event| event.name).collect(),
            input: input.unwrap_or_else(|_| Payload::null()),
            awaited,
            limit_key,
            priority: 0,
        };
        Operation::claim(self.core(), self.scope(), claim, |_| Command::Call(Box::new(target)))
    }
}

/// What is known of a workflow that is called.
struct Named {
    definition: Definition,
    fingerprint: Option<&'static str>,
    limit_key: Option<String>,
}

impl Named {
    fn of<W: Workflow>(workflow: &W, input: &W::Input) -> Self {
        Self {
            definition: workflow.definition(),
            fingerprint: workflow.fingerprint(),
            limit_key: workflow.limit_key(input),
        }
    }
}

impl From<&Definition> for Named {
    fn from(definition: &Definition) -> Self {
        Self { definition: definition.clone(), fingerprint: None, limit_key: None }
    }
}

/// What is recorded of a call.
#[derive(Serialize)]
struct Called<'a> {
    workflow: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    input: &'a Payload,
}

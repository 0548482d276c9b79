//! Starting runs and sending them events.

use flowcrate::{RunId, SendEvent, Timestamp};
use serde_json::Value;
use thiserror::Error as ThisError;

use super::{Misfit, Runs, run_input};
use crate::error::Error;

/// What starts a run.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// The workflow's id.
    pub workflow: &'a str,
    /// Its revision.
    pub revision: &'a str,
    /// The trigger; `None` where the payload is the whole input.
    pub trigger: Option<&'a str>,
    /// The trigger's payload.
    pub payload: Value,
    /// The caller's key: the same key starts the same run once.
    pub key: Option<String>,
    /// The time.
    pub now: Timestamp,
}

/// Why a run was not started, or an event not taken.
#[derive(Debug, ThisError)]
pub enum StartError {
    /// The payload is of no use.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The engine refused.
    #[error(transparent)]
    Refused(#[from] flowcrate::Error),
    /// The server failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Runs {
    /// Starts a run; when this returns, the start is durable.
    pub async fn start(&self, start: Start<'_>) -> Result<RunId, StartError> {
        let Start { workflow, revision, trigger, payload, key, now } = start;
        let plan = self.plan(workflow, revision).await?;
        let plan = plan.ok_or_else(|| Error::NoWorkflow(workflow.to_owned()))?;
        let input = run_input(&plan, trigger, payload, now)?;
        Ok(self.0.engine.start_value(workflow, revision, input, key).await?.id())
    }

    /// Sends an event to a run; when this returns, the event is durable.
    pub async fn send_event(
        &self,
        run: RunId,
        name: &str,
        payload: Value,
        send: SendEvent,
    ) -> Result<(), StartError> {
        let view = self.0.client.run(run).await?.ok_or(flowcrate::Error::UnknownRun(run))?;
        let plan = self.plan(&view.workflow, &view.revision).await?;
        // Checked, and kept as it was sent (S13).
        if let Some(plan) = plan {
            plan.check_event(name, &payload).map_err(Misfit::from)?;
        }
        Ok(self.0.client.send_event(run, name, payload, send).await?)
    }
}

//! Following a run.

use std::time::Duration;

use flowcrate::{RunId, RunState};
use serde_json::Value;
use tokio::sync::watch;

use super::{Runs, engine};
use crate::error::Error;

impl Runs {
    /// Waits until a run ends, for so long at most; whether it has ended. A paused run is not
    /// waited for: it needs somebody.
    pub async fn ended(
        &self,
        run: RunId,
        longest: Duration,
        mut stopping: watch::Receiver<bool>,
    ) -> Result<bool, Error> {
        let mut views = self.client().watch(run);
        let follow = async {
            while let Some(view) = views.next().await.map_err(engine)? {
                if view.state.is_final() {
                    return Ok(true);
                }
                if view.state == RunState::Paused {
                    return Ok(false);
                }
            }
            Ok(false)
        };
        tokio::select! {
            ended = follow => ended,
            () = tokio::time::sleep(longest) => Ok(false),
            _ = stopping.wait_for(|stopping| *stopping) => Ok(false),
        }
    }

    /// What a run of the workflow answers, if it is one that responds and does so in time.
    pub async fn response(
        &self,
        workflow: &str,
        revision: &str,
        run: RunId,
        (longest, mut stopping): (Duration, watch::Receiver<bool>),
    ) -> Result<Option<Value>, Error> {
        let plan = self.plan(workflow, revision).await?;
        if !plan.is_some_and(|plan| plan.responds()) {
            return Ok(None);
        }
        tokio::select! {
            response = self.client().response(run) => response.map_err(engine),
            () = tokio::time::sleep(longest) => Ok(None),
            _ = stopping.wait_for(|stopping| *stopping) => Ok(None),
        }
    }

    /// What tells that a run, or a step of it, may have changed.
    pub fn changes(&self, run: RunId) -> Changes {
        Changes(self.client().watch(run))
    }
}

/// Tells that a run, or a step of it, may have changed.
pub struct Changes(flowcrate::Watch);

impl Changes {
    /// Waits for the next change.
    pub async fn changed(&mut self) -> Result<(), Error> {
        self.0.changed().await.map_err(engine)
    }
}

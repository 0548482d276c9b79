//! Limits (R24) of workflows of which several revisions are driven at a time: the one that is
//! stored now speaks for all of them.

use std::sync::Arc;

use flowcrate::Workflow as _;
use serde::Deserialize;
use serde_json::Value;

use super::{Runs, engine};
use crate::error::Error;
use crate::interpret::Plan;
use crate::store::Workflow;

impl Runs {
    /// Learns under which limits a plan and what it calls are.
    pub(super) async fn learn_limits(
        &self,
        id: &str,
        revision: &str,
        plan: &Arc<Plan>,
    ) -> Result<(), Error> {
        let mut open = vec![(id.to_owned(), revision.to_owned(), Arc::clone(plan))];
        while let Some((id, revision, plan)) = open.pop() {
            self.learn_limit(&id, &revision, &plan).await?;
            let called = plan.callees.values().map(|callee| {
                let named = callee.definition();
                (named.name, named.revision, Arc::clone(callee.plan()))
            });
            open.extend(called.filter(|(id, ..)| !self.0.compiler.limits.knows(id)));
        }
        Ok(())
    }

    async fn learn_limit(&self, id: &str, revision: &str, plan: &Arc<Plan>) -> Result<(), Error> {
        let current = match self.store().current(id).await {
            Ok(current) => current.revision,
            // Of one that is deleted each revision speaks for itself.
            Err(Error::NoWorkflow(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let limit = if current == revision {
            plan.limit(id)
        } else if self.0.compiler.limits.knows(id) {
            return Ok(());
        } else {
            match self.compiled(id, &current).await {
                Ok(current) => current.and_then(|current| current.limit(id)),
                // No run of it can start here.
                Err(Error::Outdated { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        };
        self.0.compiler.limits.set(id, limit);
        Ok(())
    }

    /// Puts the runs of a workflow under the limit that it says now, where it said another `before`.
    /// Of one that nothing has been driven of, its first run says so.
    pub async fn relimit(&self, before: &str, now: &Workflow) -> Result<(), Error> {
        let Workflow { id, revision, graph, .. } = now;
        if !self.0.compiler.limits.knows(id) || said(before) == said(graph) {
            return Ok(());
        }
        let Some(plan) = self.plan(id, revision).await? else { return Ok(()) };
        if self.0.compiler.limits.set(id, plan.limit(id)) {
            return Ok(());
        }
        // The engine tells its store of limits where a workflow is registered.
        self.0.engine.register(self.interpreted(id, revision, &plan)).map_err(engine)
    }
}

/// What a document says of its limit.
fn said(graph: &str) -> Option<Value> {
    /// Nothing else of it is read.
    #[derive(Deserialize)]
    struct Said {
        limit: Option<Value>,
    }
    serde_json::from_str::<Said>(graph).ok()?.limit
}

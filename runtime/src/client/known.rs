//! What a client knows of the workflows whose runs it looks at.

use std::sync::Arc;

use serde_json::Value;

use crate::error::Result;
use crate::store::RunRow;
use crate::workflow::{Definition, Workflow, changed};

/// Whether a payload is one of a run's event: called with the run's workflow and revision, the
/// event's name and the payload.
type EventCheck = Arc<dyn Fn(&str, &str, &str, &Value) -> Result<()> + Send + Sync>;
/// Whether runs of a workflow in a revision have a worker.
type Serves = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;
/// Whether a run was started with another function than the one that is known, and what to say
/// of that.
type Changed = Arc<dyn Fn(&RunRow) -> Option<String> + Send + Sync>;

/// The workflows that this process, or the worker that it asks, has.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) check: EventCheck,
    pub(crate) serves: Serves,
    pub(crate) changed: Changed,
}

impl Known {
    /// Whatever comes is taken for good, for simulations.
    #[cfg(any(test, feature = "testkit"))]
    pub(crate) fn nothing() -> Self {
        let check: EventCheck = Arc::new(|_, _, _, _| Ok(()));
        Self { check, serves: Arc::new(|_, _| true), changed: Arc::new(|_| None) }
    }

    /// Of one workflow; of others this process knows nothing.
    pub(super) fn of(workflow: impl Workflow + Send + Sync) -> Self {
        let Definition { name, revision, adopts, .. } = workflow.definition();
        let fingerprint = workflow.fingerprint();
        let (known, own) = (name.clone(), revision.clone());
        let serves: Serves = Arc::new(move |run_of, revision| {
            run_of != known || revision == own || adopts.iter().any(|old| old == revision)
        });
        let (known, own) = (name.clone(), revision.clone());
        let changed: Changed = Arc::new(move |row| {
            let is_own = *row.workflow == *known && *row.revision == *own;
            is_own.then(|| changed(row, fingerprint))?
        });
        let check: EventCheck = Arc::new(move |run_of, run_revision, event, payload| {
            // Of another revision's events this one knows nothing.
            if run_of == name && run_revision == revision {
                workflow.check_event(event, payload)?;
            }
            Ok(())
        });
        Self { check, serves, changed }
    }
}

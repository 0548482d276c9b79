//! How runs look from outside.

use flowcrate::{
    EntryStatus, EntryView, Failure, LimitView, RunCursor, RunFilter, RunId, RunState, RunView,
    Timestamp, WaitingFor,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Runs, engine};
use crate::error::Error;

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RunSummary {
    /// The run's id.
    #[schema(value_type = String)]
    pub id: RunId,
    /// The workflow's id.
    pub workflow_id: String,
    /// The workflow's name at that revision.
    pub workflow: String,
    /// The revision that it runs, whatever the workflow has become.
    pub revision: String,
    /// How it stands.
    #[schema(value_type = RunStatus)]
    pub status: RunState,
    /// What failed, for a failed or paused run.
    #[schema(value_type = Option<FailureSchema>)]
    pub error: Option<Failure>,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// What it waits for.
    #[schema(value_type = Vec<Object>)]
    pub waiting_for: Vec<WaitingFor>,
    /// How it stands with the limit of its workflow, if that has one: `waits` says that it is in
    /// line for its turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub limit: Option<LimitView>,
}

/// A run with its values and steps.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RunDocument {
    /// How it stands.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// What it was started with.
    pub input: Value,
    /// What it gave, once it is completed.
    pub output: Option<Value>,
    /// Its steps, in the order in which their outcomes were recorded; unfinished ones last.
    pub steps: Vec<StepDocument>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StepDocument {
    /// Where in the run it stands, `each_item[3]/charge`.
    pub path: String,
    /// The node's id, `charge`.
    pub node: String,
    /// The node's kind.
    pub kind: String,
    /// completed, failed, retrying, waiting or cancelled.
    #[schema(value_type = String)]
    pub status: EntryStatus,
    /// Attempts made so far.
    pub attempts: u32,
    /// What it was given.
    pub input: Option<Value>,
    /// What it gave.
    pub output: Option<Value>,
    /// Its failure, or that of the last attempt.
    #[schema(value_type = Option<FailureSchema>)]
    pub error: Option<Failure>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When its outcome was recorded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

impl RunSummary {
    /// Its place in the list.
    pub(crate) fn cursor(&self) -> RunCursor {
        RunCursor { started_at: self.started_at, id: self.id }
    }

    fn new(view: RunView, name: String) -> Self {
        Self {
            id: view.id,
            workflow_id: view.workflow,
            workflow: name,
            revision: view.revision,
            status: view.state,
            error: view.failure,
            started_at: view.started_at,
            ended_at: view.ended_at,
            waiting_for: view.waiting_for,
            limit: view.limit,
        }
    }

    /// Whether it will never change again.
    pub fn ended(&self) -> bool {
        self.status.is_final()
    }
}

impl From<EntryView> for StepDocument {
    fn from(entry: EntryView) -> Self {
        Self {
            node: node(&entry.path).to_owned(),
            path: entry.path,
            kind: entry.kind,
            status: entry.status,
            attempts: entry.attempts,
            input: entry.input,
            output: entry.output,
            error: entry.error,
            started_at: entry.started_at,
            ended_at: entry.ended_at,
        }
    }
}

/// The id of the node at a path: `charge` of `each_item[3]/charge`, `each_item` of `each_item[3]`.
fn node(path: &str) -> &str {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.split(['[', '#', '!']).next().unwrap_or_default()
}

impl Runs {
    /// A run with its values and steps.
    pub async fn document(&self, run: RunId) -> Result<Option<RunDocument>, Error> {
        // The run before its journal: the journal of a run that has ended is whole.
        let Some(mut view) = self.client().run(run).await.map_err(engine)? else { return Ok(None) };
        let entries = self.client().journal(run).await.map_err(engine)?;
        let (input, output) = (std::mem::take(&mut view.input), view.output.take());
        let name = self.name(&view).await?;
        Ok(Some(RunDocument {
            summary: RunSummary::new(view, name),
            input,
            output,
            steps: entries.into_iter().map(StepDocument::from).collect(),
        }))
    }

    /// Runs of one workflow, or of all, newest first, after the one that `cursor` names.
    pub async fn list(
        &self,
        workflow: Option<String>,
        state: Option<RunState>,
        cursor: Option<RunCursor>,
        limit: u32,
    ) -> Result<Vec<RunSummary>, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let states = state.into_iter().collect();
        let filter = RunFilter { workflow, states, limit, ..RunFilter::default() };
        let page = self.client().runs(filter, cursor).await.map_err(engine)?;
        let mut items = Vec::with_capacity(page.items.len());
        for view in page.items {
            let name = self.name(&view).await?;
            items.push(RunSummary::new(view, name));
        }
        Ok(items)
    }

    /// The workflow's name at the run's revision.
    async fn name(&self, view: &RunView) -> Result<String, Error> {
        let stored = self.store().revision_name(&view.workflow, &view.revision).await?;
        Ok(stored.unwrap_or_else(|| view.workflow.clone()))
    }
}

/// How a run stands.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code)] // Only its shape is read, by the derive.
enum RunStatus {
    Pending,
    Running,
    Waiting,
    Paused,
    Completed,
    Failed,
    Cancelled,
}

/// A node's failure.
#[derive(ToSchema)]
#[schema(as = Failure)]
#[allow(dead_code)] // Only its shape is read, by the derive.
struct FailureSchema {
    code: String,
    message: String,
    attempts: u32,
    path: String,
}

#[cfg(test)]
mod tests {
    use super::node;

    #[test]
    fn a_path_names_its_node() {
        assert_eq!(node("charge"), "charge");
        assert_eq!(node("each_item[3]/charge"), "charge");
        assert_eq!(node("each_item[3]"), "each_item");
        assert_eq!(node("a[0]/b[1]/c#2"), "c");
    }
}

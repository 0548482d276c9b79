//! A run that was recorded elsewhere, gone through by the workflow of this build.

mod file;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::without_unwinding;
use crate::client::Client;
use crate::driver::{Tried, replay as try_over};
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::payload::Payload;
use crate::store::{Loaded, Query, Reply, RunRow, RunState, Store};
use crate::workflow::Workflow;

/// What a store holds of one run: all that it takes to [`replay`] it elsewhere.
///
/// It is read from any store, of a run that goes on or has ended, and kept as JSON next to the
/// tests. The values of the run are in it as they are: mind what they say of your customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "file::File", try_from = "file::File")]
pub struct RecordedRun {
    loaded: Loaded,
}

impl RecordedRun {
    /// What a client's store holds of a run.
    pub async fn read(client: &Client, run: RunId) -> Result<Self> {
        Self::of(client.store(), run).await
    }

    /// What a store holds of a run.
    pub async fn of(store: &Arc<dyn Store>, run: RunId) -> Result<Self> {
        let (reply, answer) = Reply::channel();
        store.query(Query::Load(run, reply));
        let loaded = answer.await?.ok_or(Error::UnknownRun(run))?;
        Ok(Self { loaded })
    }

    /// The workflow of which it is a run, and the revision.
    pub fn workflow(&self) -> (&str, &str) {
        (&self.loaded.row.workflow, &self.loaded.row.revision)
    }

    /// Where the run stood.
    pub fn state(&self) -> RunState {
        self.loaded.row.state
    }
}

/// Where a [`replay`] that fits has led.
#[derive(Clone, Debug, PartialEq)]
pub enum Replayed {
    /// The workflow has returned. Of a run that has ended, that is what it ended with.
    Ended(Result<Value>),
    /// The workflow waits for something that has no outcome in the recording: going on live, the
    /// run would go on here. Paths, in the order in which the workflow comes to them.
    GoesOn(Vec<String>),
}

/// Where a workflow does not do what was recorded: a run like this one would be paused, and no
/// revision that does so can adopt it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What kind of difference it is: `kind_changed`, `input_changed`, `unreached`,
    /// `undecodable`, …
    pub code: String,
    /// Where in the run; empty where it concerns the run as a whole.
    pub path: String,
    /// What the recording asks for.
    pub expected: String,
    /// What the workflow does.
    pub found: String,
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, path, expected, found } = self;
        let path = if path.is_empty() { "the run" } else { path };
        write!(out, "{path}: expected {expected}, found {found} [{code}]")
    }
}

/// Goes through a recorded run with the workflow of this build, as an adoption does to see
/// whether it can take a run over: no step's body runs, nothing is written, nothing is awaited.
/// Only the workflow's own function runs, with what it computes by itself.
///
/// The revision does not matter; the name has to be the recorded one. Of a run that has ended,
/// the workflow has to come to the same end: to an equal output, or to a failure with the same
/// code at the same path.
///
/// ```
/// use flowcrate::testkit::{RecordedRun, Replayed, replay};
/// use flowcrate::{Context, Engine, Result, StepContext, StepError, WaitEvent, step, workflow};
/// use serde_json::json;
///
/// #[step]
/// async fn charge(_: StepContext, cents: u64) -> Result<String, StepError> {
///     Ok(format!("paid {cents}"))
/// }
///
/// #[workflow(name = "order", events("shipped" = String))]
/// async fn order(ctx: Context, cents: u64) -> Result<String> {
///     let payment = charge(&ctx, cents).await?;
///     let parcel = ctx.wait_event::<String>("parcel", WaitEvent::new("shipped")).received().await?;
///     Ok(format!("{payment}, {parcel}"))
/// }
///
/// // What somebody made of it since.
/// #[workflow(name = "order", events("shipped" = String))]
/// async fn with_tax(ctx: Context, cents: u64) -> Result<String> {
///     charge(&ctx, cents * 119 / 100).await
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let engine = Engine::builder().store(flowcrate::store::MemoryStore::new());
/// # let engine = engine.register(Order).build().await?;
/// # let run = engine.start(Order, 4200).await?;
/// # let mut watch = engine.client().watch(run.id());
/// # while watch.next().await?.is_some_and(|view| view.waiting_for.is_empty()) {}
/// // Once, where the run is:
/// let recorded = RecordedRun::read(&engine.client(), run.id()).await?;
/// let text = serde_json::to_string_pretty(&recorded)?;
///
/// // In a test, ever after:
/// let recorded: RecordedRun = serde_json::from_str(&text)?;
/// assert_eq!(replay(Order, &recorded), Ok(Replayed::GoesOn(vec!["parcel".to_owned()])));
///
/// let mismatch = replay(WithTax, &recorded).unwrap_err();
/// assert_eq!((mismatch.code.as_str(), mismatch.path.as_str()), ("input_changed", "charge"));
/// assert_eq!(mismatch.expected, "the recorded input 4200");
/// assert_eq!(mismatch.found, "the input 4998");
/// # Ok(())
/// # }
/// ```
#[allow(clippy::needless_pass_by_value, reason = "as `register` and `Rehearsal::of` take it")]
pub fn replay(
    workflow: impl Workflow + Send + Sync,
    recorded: &RecordedRun,
) -> Result<Replayed, Mismatch> {
    let row = &recorded.loaded.row;
    let name = workflow.definition().name;
    if *name != *row.workflow {
        let (expected, found) = (format!("workflow `{}`", row.workflow), format!("`{name}`"));
        return Err(of_run("another_workflow", expected, found));
    }
    let mut loaded = recorded.loaded.clone();
    // What was asked of the run meanwhile is not recorded yet, and so no part of it.
    loaded.row.stop = None;
    loaded.entries = without_unwinding(loaded.entries);
    match try_over(&workflow, loaded) {
        Tried::Ended(result) => ended(row, result),
        Tried::Ahead(paths) => went_on(row, paths),
        Tried::Stuck(_, Some(mismatch)) => Err(Mismatch {
            code: mismatch.code.to_owned(),
            path: mismatch.path,
            expected: mismatch.expected,
            found: mismatch.found,
        }),
        Tried::Stuck(Failure { code, message, path, .. }, None) => {
            let expected = "a workflow that goes through what is recorded".to_owned();
            Err(Mismatch { code, path, expected, found: message })
        }
    }
}

/// The workflow has returned: as the run did, if it has ended.
fn ended(row: &RunRow, result: Result<Payload>) -> Result<Replayed, Mismatch> {
    let same = match (&result, row.state) {
        (Ok(output), RunState::Completed) => {
            row.output.as_ref().is_some_and(|recorded| equal(recorded, output))
        }
        (Err(error), RunState::Failed) => match (error, &row.failure) {
            (Error::Failed(failure), Some(recorded)) => {
                (&failure.code, &failure.path) == (&recorded.code, &recorded.path)
            }
            _ => true,
        },
        (Ok(_), RunState::Failed) | (Err(_), RunState::Completed) => false,
        _ => true,
    };
    if same {
        return Ok(Replayed::Ended(result.map(|output| output.to_value())));
    }
    let found = match &result {
        Ok(output) => format!("the output {output}"),
        Err(error) => format!("the failure {error}"),
    };
    Err(of_run("end_changed", recorded_end(row), found))
}

/// The workflow waits for something: it may not, if the run has come to an end by itself.
fn went_on(row: &RunRow, paths: Vec<String>) -> Result<Replayed, Mismatch> {
    let by_itself = match row.state {
        RunState::Completed => true,
        RunState::Failed => row.failure.as_ref().is_none_or(|failure| !failure.is_terminated()),
        _ => false,
    };
    if by_itself {
        let found = format!("a workflow that goes on at {}", paths.join(", "));
        return Err(of_run("end_changed", recorded_end(row), found));
    }
    Ok(Replayed::GoesOn(paths))
}

fn recorded_end(row: &RunRow) -> String {
    match (&row.output, &row.failure) {
        (Some(output), _) => format!("the recorded output {output}"),
        (_, Some(failure)) => format!("the recorded failure {failure}"),
        (None, None) => "the recorded end".to_owned(),
    }
}

/// Whether two values are one, absent and null being one.
fn equal(one: &Payload, other: &Payload) -> bool {
    match (one.canonical(), other.canonical()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn of_run(code: &str, expected: String, found: String) -> Mismatch {
    Mismatch { code: code.to_owned(), path: String::new(), expected, found }
}

//! A back end that knows positions, not paths: the proof that an engine whose log is a list of
//! commands and a list of completions, as Restate's is, can stand below the same workflow code.
//!
//! Commands are compared by their position in the order in which the function issued them, and
//! completions are given back in the order in which they came. Nothing is sealed, nothing is
//! skipped on replay, and there is no store: it offers the [core profile](Profile::core).

mod backend;
mod log;
mod play;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::workflow::Workflow;
use log::Log;
use play::Life;

/// A workflow over a log of positions.
///
/// ```
/// use flowcrate::{Context, Result, StepContext, StepError, step, testkit, workflow};
/// use serde_json::json;
///
/// #[step]
/// async fn double(_: StepContext, number: i64) -> Result<i64, StepError> {
///     Ok(number * 2)
/// }
///
/// #[workflow(name = "sum")]
/// async fn sum(ctx: Context, numbers: Vec<i64>) -> Result<i64> {
///     let doubled = ctx.for_each("each", numbers, 2, async |ctx: Context, number, _| {
///         double(&ctx, number).await
///     });
///     Ok(doubled.await?.into_iter().sum())
/// }
///
/// let run = testkit::positional(Sum, json!([1, 2, 3]));
/// assert_eq!(run.play().unwrap(), json!(12));
/// // Three crashes: after each completion that is in the log.
/// assert_eq!(run.crash_after_every_completion(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct Positional<W> {
    workflow: W,
    input: Value,
    events: Vec<(String, Option<String>, Value)>,
}

/// Runs a workflow over a log of positions.
pub fn positional<W: Workflow + Clone + Send + Sync>(workflow: W, input: Value) -> Positional<W> {
    Positional { workflow, input, events: Vec::new() }
}

impl<W: Workflow + Clone + Send + Sync> Positional<W> {
    /// Sends an event at the beginning; those of one name are taken in this order.
    #[must_use]
    pub fn event(self, name: &str, payload: Value) -> Self {
        self.keyed_event(name, None, payload)
    }

    /// Sends an event with a key at the beginning.
    #[must_use]
    pub fn keyed_event(mut self, name: &str, key: Option<&str>, payload: Value) -> Self {
        self.events.push((name.to_owned(), key.map(str::to_owned), payload));
        self
    }

    /// Plays the run to its end: its output, or why there is none. Where it cannot go on,
    /// [`Error::Paused`].
    pub fn play(&self) -> Result<Value> {
        self.check()?;
        let mut log = self.new_log();
        self.live(&mut log, Life::default())?.unwrap_or(Err(Error::Closed))
    }

    /// Plays the run, lets it die after each completion that its log holds, and finishes it by a
    /// replay. Panics unless the result is each time the same and no body ran again whose
    /// completion was in the log. How often it died.
    pub fn crash_after_every_completion(&self) -> usize {
        self.check().expect("a workflow that the core profile can run");
        let mut undisturbed = self.new_log();
        let expected = self.live(&mut undisturbed, Life::default()).expect("a run");
        let points = undisturbed.completions();
        for point in 1..=points {
            let mut log = self.new_log();
            let dying = Life { dies_after: Some(point), ..Life::default() };
            if self.live(&mut log, dying).expect("a first life").is_some() {
                // Where completions came together in another order, it may have ended before.
                continue;
            }
            let known = log.completed_steps();
            let second = Life { done: known, ..Life::default() };
            let result = self.live(&mut log, second).expect("a second life");
            assert_eq!(result, expected, "another result after a crash at completion {point}");
        }
        points
    }

    fn check(&self) -> Result<()> {
        match Profile::core().lacks(self.workflow.needs()) {
            None => Ok(()),
            Some(promise) => {
                let what = format!("workflow `{}`", self.workflow.definition().name);
                Err(Error::Unsupported { what, promise })
            }
        }
    }

    fn new_log(&self) -> Log {
        Log::new(self.events.clone())
    }

    /// One life of the process; nothing if it dies.
    fn live(&self, log: &mut Log, life: Life) -> Result<Option<Result<Value>>> {
        play::live(&self.workflow, &self.input, log, life)
    }
}

//! Why a run stands where it stands, and how it came there.

mod advice;
mod render;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Client, EntryView, Known};
use crate::error::{Error, Result};
use crate::failure::{Failure, Recorded};
use crate::ids::RunId;
use crate::store::{CALL, Entry, EntryStatus, Query, Reply, RunRow, RunState, StopKind};
use crate::values::{Duration, Timestamp};

/// What a run waits for, and what happened so far. `Display` tells it to a person.
///
/// ```
/// # use flowcrate::{Context, Engine, Result, RunState, store::MemoryStore, workflow};
/// #[workflow(name = "nap")]
/// async fn nap(ctx: Context, hours: u64) -> Result<()> {
///     ctx.sleep("doze", std::time::Duration::from_secs(3600 * hours)).await
/// }
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// # let engine = Engine::builder().store(MemoryStore::new()).register(Nap).build().await?;
/// # let run = engine.start(Nap, 8).await?;
/// # let mut watch = engine.client().watch(run.id());
/// # while watch.next().await?.is_none_or(|view| view.state != RunState::Waiting) {}
/// let explanation = engine.client().explain(run.id()).await?;
/// assert!(explanation.to_string().contains("the timer `doze`, until "));
/// # Ok::<(), flowcrate::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The run.
    pub run: RunId,
    /// Name of its workflow.
    pub workflow: String,
    /// Revision of its workflow.
    pub revision: String,
    /// The key that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it stands.
    pub state: RunState,
    /// Why it failed.
    #[serde(default, with = "Recorded::<Failure>", skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// That its workflow's function was changed under the same revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// What it waits for; nothing if it has ended.
    pub waits: Vec<Wait>,
    /// What happened, in order.
    pub timeline: Vec<Moment>,
}

/// One thing that a run waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Wait {
    /// A worker that has its revision: the one that is known here has not.
    Revision {
        /// The revision.
        revision: String,
        /// Why a revision that would have adopted it cannot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<String>,
    },
    /// Any worker: nobody drives it at the moment.
    Worker,
    /// A slot of its limit, and its turn in line.
    Slot {
        /// The limit's name.
        limit: String,
        /// The key by which it counts.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        key: String,
    },
    /// Its worker, which is at it: a body runs, or is about to.
    Work,
    /// A step whose body runs, as far as the journal knows.
    Body {
        /// Where in the run.
        path: String,
        /// What the step does.
        kind: String,
        /// Which attempt it is.
        attempt: u32,
        /// What its body said last with a heartbeat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        details: Option<Value>,
    },
    /// The next attempt of a step.
    Retry {
        /// Where in the run.
        path: String,
        /// What the step does.
        kind: String,
        /// Which attempt will be next.
        attempt: u32,
        /// When.
        due: Option<Timestamp>,
        /// Why the latest one failed.
        #[serde(default, with = "Recorded::<Failure>", skip_serializing_if = "Option::is_none")]
        error: Option<Failure>,
    },
    /// An instant.
    Timer {
        /// Where in the run.
        path: String,
        /// When it is due.
        due: Option<Timestamp>,
    },
    /// An event.
    Event {
        /// Where in the run.
        path: String,
        /// What stands there: an approval is an event, too.
        kind: String,
        /// The event's name.
        event: String,
        /// Only an event with this key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// When the wait times out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// The end of another run that it called.
    Child {
        /// Where in the run.
        path: String,
        /// The run that was called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// Why nobody drives that one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<String>,
    },
    /// Somebody who looks at it: it is paused.
    Somebody {
        /// Why.
        #[serde(with = "Recorded::<Failure>")]
        failure: Option<Failure>,
        /// What to do about it.
        advice: String,
    },
    /// That its function sees what was asked of it.
    Asked {
        /// What: to cancel, or to pause.
        what: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// One line of a run's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// Where in the run; empty for the run itself.
    pub path: String,
    /// What stands there.
    pub kind: String,
    /// What happened: `started`, `completed`, `retrying`, `adopted by 2`, …
    pub what: String,
    /// How long it took, where it came to an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Duration>,
    /// Attempts that have ended.
    pub attempts: u32,
    /// Its failure, or that of its latest attempt.
    #[serde(default, with = "Recorded::<Failure>", skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

impl Client {
    /// Why a run stands where it stands, and its journal as a timeline.
    pub async fn explain(&self, run: RunId) -> Result<Explanation> {
        let (reply, answer) = Reply::channel();
        self.store.query(Query::Run(run, reply));
        let (row, open) = answer.await?.ok_or(Error::UnknownRun(run))?;
        let journal = self.journal(run).await?;
        let view = self.run(run).await?.ok_or(Error::UnknownRun(run))?;
        let mut waits = self.waits(&row, &open);
        for wait in &mut waits {
            if let Wait::Child { path, run, held } = wait
                && let Some(call) = view.waiting_for.iter().find(|call| call.path == *path)
            {
                (*run, *held) = (call.run, call.held.clone());
            }
        }
        Ok(Explanation {
            run,
            workflow: row.workflow.to_string(),
            revision: row.revision.to_string(),
            key: row.key.clone(),
            state: row.state,
            failure: row.failure.clone().filter(|_| row.state.is_final()),
            changed: view.changed,
            waits,
            timeline: timeline(&row, journal),
        })
    }

    fn waits(&self, row: &RunRow, open: &[Entry]) -> Vec<Wait> {
        if row.state.is_final() {
            return Vec::new();
        }
        if row.state == RunState::Paused {
            let advice = advice::for_pause(row.failure.as_ref(), &row.revision);
            return vec![Wait::Somebody { failure: row.failure.clone(), advice }];
        }
        let mut waits: Vec<Wait> = row.stop.iter().map(asked).collect();
        let is_due = row.wake_at.is_some_and(|at| at <= self.store.now());
        if row.owner.is_none() && (row.ready || is_due) {
            waits.push(self.worker(row));
        }
        waits.extend(open.iter().filter_map(wait));
        if waits.is_empty() {
            waits.push(Wait::Work);
        }
        waits
    }

    /// Who is to drive a run that nobody drives.
    fn worker(&self, row: &RunRow) -> Wait {
        let has_worker = |known: &Known| (known.serves)(&row.workflow, &row.revision);
        let served = self.known.as_ref().is_none_or(has_worker);
        if served && row.refusal.is_none() {
            let limited = row.limited.as_ref().filter(|_| row.needs_slot());
            return limited.map_or(Wait::Worker, |limited| Wait::Slot {
                limit: limited.limit.to_string(),
                key: limited.key.to_string(),
            });
        }
        let refusal = row.refusal.as_ref();
        let refusal = refusal
            .map(|refusal| format!("revision {} cannot: {}", refusal.revision, refusal.failure));
        Wait::Revision { revision: row.revision.to_string(), refusal }
    }
}

fn asked(stop: &crate::store::Stop) -> Wait {
    let what = match stop.kind {
        StopKind::Cancel => "cancel",
        StopKind::Pause => "pause",
    };
    Wait::Asked { what: what.to_owned(), reason: stop.reason.clone() }
}

/// What an open entry waits for; nothing where what is within it does.
fn wait(entry: &Entry) -> Option<Wait> {
    let (path, kind) = (entry.path.to_string(), entry.kind.to_string());
    let waiting = entry.waiting.clone().unwrap_or_default();
    let (due, attempt) = (waiting.due, entry.attempts + 1);
    Some(match (entry.status, waiting.event) {
        (EntryStatus::Retrying, _) => {
            Wait::Retry { path, kind, attempt, due, error: entry.error.clone() }
        }
        _ if kind == CALL => Wait::Child { path, run: None, held: None },
        (EntryStatus::Waiting, Some(event)) => {
            Wait::Event { path, kind, event: event.name, key: event.key, due }
        }
        (EntryStatus::Waiting, None) => Wait::Timer { path, due },
        (EntryStatus::Running, _) if entry.seq.is_none() && !SCOPES.contains(&&*kind) => {
            let details = entry.output.as_ref().map(crate::Payload::to_value);
            Wait::Body { path, kind, attempt, details }
        }
        _ => return None,
    })
}

/// Kinds whose open entries are scopes: what is within them waits.
const SCOPES: [&str; 8] =
    ["for_each@1", "item", "while@1", "race@1", "winner", "try@1", "timeout@1", "unwind"];

fn timeline(row: &RunRow, journal: Vec<EntryView>) -> Vec<Moment> {
    let of_run = |at, what: String| Moment {
        at,
        path: String::new(),
        kind: row.workflow.to_string(),
        what,
        took: None,
        attempts: 0,
        error: None,
    };
    let mut moments = vec![of_run(row.started_at, "started".to_owned())];
    moments.extend(journal.into_iter().map(moment));
    for change in &row.revisions {
        moments.push(of_run(change.at, format!("adopted by revision {}", change.to)));
    }
    if let Some(at) = row.ended_at {
        let took = span(row.started_at, at);
        let error = row.failure.clone();
        moments.push(Moment { took, error, ..of_run(at, row.state.as_str().to_owned()) });
    }
    // What happened in one instant stays in the journal's order.
    moments.sort_by_key(|moment| moment.at);
    moments
}

fn moment(entry: EntryView) -> Moment {
    Moment {
        at: entry.ended_at.unwrap_or(entry.started_at),
        path: entry.path,
        kind: entry.kind,
        what: entry.status.as_str().to_owned(),
        took: entry.ended_at.and_then(|ended| span(entry.started_at, ended)),
        attempts: entry.attempts,
        error: entry.error,
    }
}

fn span(from: Timestamp, to: Timestamp) -> Option<Duration> {
    let milliseconds = u64::try_from(to.0.saturating_sub(from.0)).ok()?;
    Some(Duration(std::time::Duration::from_millis(milliseconds)))
}

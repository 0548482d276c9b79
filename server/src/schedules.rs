//! Schedules fire: one task starts the runs of whatever is due.
//!
//! A firing is a start with the key `schedule/<node>/<nominal instant>`, then a compare-and-set to
//! the next instant (R23). A crash in between starts with the same key again, which is no new run.

use std::time::Duration;

use flowcrate::Timestamp;
use serde_json::json;

use crate::app::App;
use crate::draft::next_fire;
use crate::error::Error;
use crate::runs::{self, Start, StartError};
use crate::store::DueSchedule;

/// Schedules looked up at once.
const BATCH: u32 = 100;
/// The longest sleep, so that a clock that was set forward is noticed.
const LONGEST: Duration = Duration::from_secs(30);
/// The pause after the database or engine failed.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Fires schedules until the server stops.
pub async fn run(app: App) {
    let mut stopping = app.stopping.clone();
    loop {
        let pause = match tick(&app).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "schedules cannot fire");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.schedule_change() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Fires what is due, and says how long nothing is.
pub async fn tick(app: &App) -> Result<Duration, Error> {
    loop {
        let now = app.clock.now();
        let due = app.store.due_schedules(now.0, BATCH).await?;
        if due.is_empty() {
            let next = app.store.next_due().await?;
            let wait = next.map_or(LONGEST, |next| {
                Duration::from_millis(u64::try_from(next.saturating_sub(now.0)).unwrap_or(0))
            });
            return Ok(wait.min(LONGEST));
        }
        for schedule in due {
            fire(app, &schedule, now).await?;
        }
    }
}

/// Starts the run of one nominal instant and moves the schedule on. Instants that were missed while
/// the server was down fire once, for the latest of them.
async fn fire(app: &App, schedule: &DueSchedule, now: Timestamp) -> Result<(), Error> {
    let DueSchedule { workflow_id, node, cron, timezone, .. } = schedule;
    let instant = latest(cron, timezone, Timestamp(schedule.next_fire), now);
    let workflow = match app.store.current(workflow_id).await {
        Ok(workflow) => workflow,
        // Deleted since; its schedules are gone with it.
        Err(Error::NoWorkflow(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let start = Start {
        workflow: &workflow.id,
        revision: &workflow.revision,
        trigger: Some(node),
        payload: json!({ "scheduled_at": instant.to_string() }),
        key: Some(format!("schedule/{node}/{}", instant.0)),
        now,
    };
    match app.runs.start(start).await {
        Ok(run) => {
            tracing::info!(workflow = workflow.name, node, %run, %instant, "a schedule fired");
        }
        // Something is out of order that is not this workflow's: the firing is tried again.
        Err(error) if is_general(&error) => return Err(runs::engine(error)),
        // This firing cannot succeed; the next one may.
        Err(error) => {
            tracing::error!(workflow = workflow.name, node, %error, "a schedule could not start its run");
        }
    }
    let next = next_fire(cron, timezone, now);
    app.store.advance_schedule(schedule, next).await?;
    Ok(())
}

/// Whether an error says nothing about the workflow itself.
fn is_general(error: &StartError) -> bool {
    match error {
        StartError::Misfit(_) => false,
        StartError::Refused(refused) => {
            matches!(
                refused,
                flowcrate::Error::Store(_) | flowcrate::Error::Busy | flowcrate::Error::Closed
            )
        }
        StartError::Failed(failed) => {
            !matches!(failed, Error::NoWorkflow(_) | Error::Outdated { .. })
        }
    }
}

/// The latest nominal instant that is not after `now`.
fn latest(cron: &str, timezone: &str, first: Timestamp, now: Timestamp) -> Timestamp {
    let mut latest = first;
    // A schedule fires once a minute at most: this covers a year of them.
    for _ in 0..530_000 {
        match next_fire(cron, timezone, latest) {
            Some(next) if next <= now.0 => latest = Timestamp(next),
            _ => break,
        }
    }
    if latest > first {
        tracing::warn!(cron, from = %first, to = %latest, "missed instants of a schedule were skipped");
    }
    latest
}

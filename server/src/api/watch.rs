//! `GET /api/v1/runs/{id}/watch`: a run whenever it changes, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use flowcrate::RunId;
use futures_util::stream::{self, Stream};

use super::problem::{Problem, Result};
use super::runs::{document, run_id};
use crate::app::App;
use crate::runs::{Changes, RunDocument};

/// How long changes are gathered before the run is looked at again.
const SWARM: Duration = Duration::from_millis(40);
/// How often a quiet stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The run as JSON in an event `run`, now and whenever it changes; the stream ends with the run.
#[utoipa::path(get, path = "/api/v1/runs/{id}/watch", operation_id = "watch_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")),
    responses((status = 200, body = RunDocument, content_type = "text/event-stream"),
        (status = 404, body = Problem)))]
pub(super) async fn watch(State(app): State<App>, Path(id): Path<String>) -> Result<Response> {
    let run = run_id(&id)?;
    // Before the answer begins, so that an unknown run is a 404.
    document(&app, run).await?;
    let changes = app.runs.changes(run);
    let events = events(app, run, changes);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

struct Watching {
    app: App,
    run: RunId,
    changes: Changes,
    last: Option<RunDocument>,
}

fn events(
    app: App,
    run: RunId,
    changes: Changes,
) -> impl Stream<Item = std::result::Result<Event, Infallible>> {
    let start = Watching { app, run, changes, last: None };
    stream::unfold(Some(start), |state| async move {
        let mut state = state?;
        let next = state.next().await?;
        let event = Event::default().event("run").json_data(&next);
        // Serialising a document of ours to memory does not fail.
        let event = event.unwrap_or_else(|_| Event::default().comment("unreadable"));
        let ended = next.summary.ended();
        state.last = Some(next);
        Some((Ok(event), (!ended).then_some(state)))
    })
}

impl Watching {
    /// The run once it differs from what was sent last; `None` where the server stops.
    async fn next(&mut self) -> Option<RunDocument> {
        loop {
            let now = document(&self.app, self.run).await.ok()?;
            if self.last.as_ref() != Some(&now) {
                return Some(now);
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                _ = self.app.stopping.wait_for(|stopping| *stopping) => return None,
            }
            // Changes come in swarms; one picture of them all is enough.
            tokio::time::sleep(SWARM).await;
        }
    }
}

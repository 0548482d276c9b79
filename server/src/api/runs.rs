//! Runs: start, list, read, send events. What else is asked of them is in `operations`.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use flowcrate::{Error as Refusal, RunCursor, RunId, RunState, SendEvent};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::body::{JsonBody, Query};
use super::page::{Page, Paging};
use super::problem::{Problem, Result};
use crate::app::App;
use crate::error::Error;
use crate::runs::{RunDocument, RunSummary, Start, StartError};

/// The longest that a request waits for a run.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// The longest key that a caller may choose.
const LONGEST_KEY: usize = 200;

/// What starts a run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartRequest {
    /// The trigger's payload; without `trigger`, and where there are several triggers,
    /// `{"<trigger id>": payload}`.
    #[serde(default)]
    input: Value,
    /// The trigger that the input is for.
    trigger: Option<String>,
}

/// How long to wait for the end.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Waiting {
    /// How long to wait for the run to end, `30s`; two minutes at most.
    wait: Option<String>,
}

/// Which runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only runs of this workflow, by id or name.
    workflow: Option<String>,
    /// Only runs in this state.
    #[param(value_type = Option<String>)]
    state: Option<RunState>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on a page: 50 by default, 200 at most.
    limit: Option<u32>,
}

/// What goes with an event.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventQuery {
    /// Only a wait with this key takes the event.
    key: Option<String>,
}

/// Starts a run. 202 says that the start is durable; with `wait` the answer is the finished run,
/// or 202 with the run as it stands when the time is up.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/runs", operation_id = "start_run", tag = "runs",
    params(("id" = String, Path, description = "Id or name of the workflow"), Waiting,
        ("Idempotency-Key" = Option<String>, Header, description = "The same key starts one run")),
    request_body = StartRequest,
    responses((status = 200, body = RunDocument), (status = 202, body = RunDocument),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn start(
    State(app): State<App>,
    Path(workflow): Path<String>,
    Query(waiting): Query<Waiting>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<RunDocument>)> {
    let wait = waiting.wait.as_deref().map(wait_time).transpose()?;
    let key = idempotency_key(&headers)?;
    let request = start_request(body)?;
    let workflow = app.store.current(&workflow).await?;
    let start = Start {
        workflow: &workflow.id,
        revision: &workflow.revision,
        trigger: request.trigger.as_deref(),
        payload: request.input,
        key: key.map(|key| format!("api/{key}")),
        now: app.clock.now(),
    };
    let run = app.runs.start(start).await?;
    let ended = match wait {
        Some(wait) => app.runs.ended(run, wait, app.stopping.clone()).await?,
        None => false,
    };
    let status = if ended { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(document(&app, run).await?)))
}

/// The runs of a workflow, newest first.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/runs", operation_id = "list_runs_of_workflow", tag = "runs",
    params(("id" = String, Path, description = "Id or name of the workflow"), Paging),
    responses((status = 200, body = Page<RunSummary>), (status = 404, body = Problem)))]
pub(super) async fn list_of_workflow(
    State(app): State<App>,
    Path(workflow): Path<String>,
    Query(Paging { cursor, limit }): Query<Paging>,
) -> Result<Json<Page<RunSummary>>> {
    page(&app, Filter { workflow: Some(workflow), state: None, cursor, limit }).await
}

/// Runs, newest first; those of deleted workflows too.
#[utoipa::path(get, path = "/api/v1/runs", operation_id = "list_runs", tag = "runs", params(Filter),
    responses((status = 200, body = Page<RunSummary>), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<RunSummary>>> {
    page(&app, filter).await
}

async fn page(app: &App, filter: Filter) -> Result<Json<Page<RunSummary>>> {
    let limit = Paging { cursor: None, limit: filter.limit }.limit()?;
    let workflow = match filter.workflow {
        Some(key) => Some(app.store.workflow_id(&key).await?.ok_or(Error::NoWorkflow(key))?),
        None => None,
    };
    let cursor = filter.cursor.as_deref().map(place_in_cursor).transpose()?;
    let items = app.runs.list(workflow, filter.state, cursor, limit + 1).await?;
    Ok(Json(Page::new(items, limit, |item| item.cursor().to_string())))
}

/// A run with the input and output of each step.
#[utoipa::path(get, path = "/api/v1/runs/{id}", operation_id = "read_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")),
    responses((status = 200, body = RunDocument), (status = 404, body = Problem)))]
pub(super) async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<RunDocument>> {
    Ok(Json(document(&app, run_id(&id)?).await?))
}

/// Sends an event to a run. 202 says that the event is durable: a wait that is there, or that
/// comes later, takes it.
#[utoipa::path(post, path = "/api/v1/runs/{id}/events/{name}", operation_id = "send_event", tag = "runs",
    params(("id" = String, Path, description = "Id of the run"),
        ("name" = String, Path, description = "The event's declared name"), EventQuery,
        ("Idempotency-Key" = Option<String>, Header, description = "The event's id: taken once")),
    request_body(content = Object, description = "The payload"),
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn send_event(
    State(app): State<App>,
    Path((id, name)): Path<(String, String)>,
    Query(query): Query<EventQuery>,
    headers: HeaderMap,
    JsonBody(payload): JsonBody,
) -> Result<StatusCode> {
    let send = SendEvent { key: query.key, event_id: idempotency_key(&headers)? };
    app.runs.send_event(run_id(&id)?, &name, payload, send).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A run as the API shows it.
pub(super) async fn document(app: &App, run: RunId) -> Result<RunDocument> {
    let found = app.runs.document(run).await?;
    found.ok_or_else(|| no_run(&run.to_string()))
}

/// The id of a run in a path. A text that is no id names no run.
pub(super) fn run_id(text: &str) -> Result<RunId> {
    text.parse().map_err(|_| no_run(text))
}

fn no_run(id: &str) -> Problem {
    Problem::not_found(format!("there is no run {id:?}"))
}

fn place_in_cursor(text: &str) -> Result<RunCursor> {
    text.parse().map_err(|_| Problem::bad_request("the cursor is none that a list gave"))
}

/// The caller's `Idempotency-Key`.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > LONGEST_KEY {
        let detail = format!("Idempotency-Key is 1 to {LONGEST_KEY} visible ASCII characters");
        return Err(Problem::bad_request(detail));
    }
    Ok(Some(key.to_owned()))
}

fn start_request(body: Value) -> Result<StartRequest> {
    if body.is_null() {
        return Ok(StartRequest::default());
    }
    serde_json::from_value(body).map_err(|error| {
        Problem::bad_request(format!("expected {{\"input\": …, \"trigger\"?: id}}: {error}"))
    })
}

fn wait_time(text: &str) -> Result<Duration> {
    let parsed: std::result::Result<flowcrate::Duration, _> = text.parse();
    match parsed {
        Ok(wait) => Ok(wait.0.min(LONGEST_WAIT)),
        Err(_) => Err(Problem::bad_request(format!("wait is a span such as 30s, found {text:?}"))),
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Misfit(misfit) => Self::misfit(misfit.to_string(), misfit.path()),
            StartError::Refused(error) => refusal(error),
            StartError::Failed(error) => error.into(),
        }
    }
}

/// What the engine refuses, as a problem.
#[allow(clippy::needless_pass_by_value)] // It is mapped over errors.
pub(super) fn refusal(error: Refusal) -> Problem {
    let detail = error.to_string();
    match &error {
        Refusal::UnknownRun(_) => Problem::not_found(detail),
        Refusal::Finished(_) => Problem::conflict("finished", "the run has ended", detail),
        Refusal::KeyReused { .. } => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "key_reused",
            "the key belongs to another request",
            detail,
        ),
        Refusal::UndeclaredEvent(_) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "undeclared_event",
            "the workflow declares no such event",
            detail,
        ),
        Refusal::NotAsked { .. } => Problem::new(
            StatusCode::FORBIDDEN,
            "not_asked",
            "the run does not ask this person",
            detail,
        ),
        Refusal::Codec { .. } => Problem::misfit(detail, ""),
        Refusal::TooLarge { .. } => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "value_too_large",
            "the value is larger than the server takes",
            detail,
        ),
        Refusal::Busy => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "the server has more to do than it can take",
            detail,
        ),
        _ => Problem::internal(&detail),
    }
}

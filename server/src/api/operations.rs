//! What is asked of runs: cancel, terminate, pause, resume, fork; and why one stands where it
//! stands.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use flowcrate::{Error, Fork};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::body::JsonBody;
use super::problem::{Problem, Result};
use super::runs::{document, refusal, run_id};
use crate::app::App;
use crate::runs::RunDocument;

/// Why something is asked of a run; it stands in the run's history.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// For whoever looks at the run later.
    reason: Option<String>,
}

/// Asks a run to cancel: its steps in flight get a moment to finish, it cleans up and undoes what
/// is to be undone.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", operation_id = "cancel_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")), request_body = Request,
    responses((status = 202), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode> {
    let reason = reason(body)?;
    app.runs.client().cancel(run_id(&id)?, reason).await.map_err(refusal)?;
    Ok(StatusCode::ACCEPTED)
}

/// Ends a run at once, whatever it does: nothing is cleaned up and nothing undone.
#[utoipa::path(post, path = "/api/v1/runs/{id}/terminate", operation_id = "terminate_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")), request_body = Request,
    responses((status = 202), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn terminate(
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode> {
    let reason = reason(body)?;
    app.runs.client().terminate(run_id(&id)?, reason).await.map_err(refusal)?;
    Ok(StatusCode::ACCEPTED)
}

/// Lets a run stand still: what is in flight finishes and is recorded, nothing new begins.
#[utoipa::path(post, path = "/api/v1/runs/{id}/pause", operation_id = "pause_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")), request_body = Request,
    responses((status = 202), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn pause(
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<StatusCode> {
    let reason = reason(body)?;
    app.runs.client().pause(run_id(&id)?, reason).await.map_err(refusal)?;
    Ok(StatusCode::ACCEPTED)
}

/// Lets a paused run go on; a step that spent its policy is granted it anew.
#[utoipa::path(post, path = "/api/v1/runs/{id}/resume", operation_id = "resume_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")),
    responses((status = 202), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn resume(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode> {
    app.runs.client().resume(run_id(&id)?).await.map_err(refusal)?;
    Ok(StatusCode::ACCEPTED)
}

/// Why a run stands where it stands: what it waits for, until when, what to do about it, and its
/// journal as a timeline.
#[utoipa::path(get, path = "/api/v1/runs/{id}/explain", operation_id = "explain_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")),
    responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn explain(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Value>> {
    let explanation = app.runs.client().explain(run_id(&id)?).await.map_err(refusal)?;
    Ok(Json(serde_json::to_value(explanation).unwrap_or_default()))
}

/// Where a fork goes its own way.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForkRequest {
    /// The path of an entry: what was recorded before it is shared, what comes from it on is new.
    path: String,
    /// What the step there is given in place of its own input.
    input: Option<Value>,
}

/// Starts a run that shares what this one had done when it first came to a step, and goes on from
/// there; this run stays as it is.
#[utoipa::path(post, path = "/api/v1/runs/{id}/fork", operation_id = "fork_run", tag = "runs",
    params(("id" = String, Path, description = "Id of the run")), request_body = ForkRequest,
    responses((status = 202, body = RunDocument), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn fork(
    State(app): State<App>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<RunDocument>)> {
    let run = run_id(&id)?;
    let request = serde_json::from_value::<ForkRequest>(body).map_err(|error| {
        Problem::bad_request(format!("expected {{\"path\": text, \"input\"?: …}}: {error}"))
    })?;
    let mut fork = Fork::at(request.path);
    if let Some(input) = request.input {
        fork = fork.input(input);
    }
    let forked = app.runs.client().fork(run, fork).await.map_err(|error| match error {
        Error::Failed(failure) => {
            let detail = format!("{} ({})", failure.message, failure.code);
            Problem::conflict("not_forkable", "the run cannot be forked there", detail)
        }
        other => refusal(other),
    })?;
    Ok((StatusCode::ACCEPTED, Json(document(&app, forked).await?)))
}

fn reason(body: Value) -> Result<Option<String>> {
    if body.is_null() {
        return Ok(None);
    }
    match serde_json::from_value::<Request>(body) {
        Ok(request) => Ok(request.reason),
        Err(_) => Err(Problem::bad_request("expected {\"reason\"?: text}")),
    }
}

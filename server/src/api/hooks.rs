//! `POST /hooks/{path}`: webhooks start runs.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flowcrate::RunId;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::JsonBody;
use super::problem::{Problem, Result};
use super::runs::idempotency_key;
use crate::app::App;
use crate::runs::Start;

/// How long the caller of a webhook waits for the workflow's response.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The run that a webhook started.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Started {
    /// Its id.
    #[schema(value_type = String)]
    run: RunId,
}

/// Starts a run of the workflow whose webhook has this path. 202 says that the start is durable;
/// the run goes on by itself. A workflow that responds answers 200 with its response instead, if
/// that comes within 30 seconds.
#[utoipa::path(post, path = "/hooks/{path}", operation_id = "receive_webhook", tag = "runs",
    params(("path" = String, Path, description = "The webhook's path"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key starts one run")),
    request_body(content = Object, description = "The payload"),
    responses((status = 200, body = Object), (status = 202, body = Started), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn hook(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
    JsonBody(payload): JsonBody,
) -> Result<Response> {
    let key = idempotency_key(&headers)?;
    let Some(hook) = app.store.hook(&path).await? else {
        return Err(Problem::not_found(format!("no workflow has the webhook path {path:?}")));
    };
    let start = Start {
        workflow: &hook.workflow.id,
        revision: &hook.workflow.revision,
        trigger: Some(&hook.node),
        payload,
        // Keys of webhooks and of the API do not meet.
        key: key.map(|key| format!("hook/{}/{key}", hook.node)),
        now: app.clock.now(),
    };
    let run = app.runs.start(start).await?;
    let (id, revision) = (&hook.workflow.id, &hook.workflow.revision);
    let patience = (ANSWER_WITHIN, app.stopping.clone());
    if let Some(response) = app.runs.response(id, revision, run, patience).await? {
        return Ok(Json(response).into_response());
    }
    Ok((StatusCode::ACCEPTED, Json(Started { run })).into_response())
}

//! `POST /hooks/{path}`: webhooks start runs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use flowcrate::RunId;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::JsonBody;
use super::problem::{Problem, Result};
use super::runs::idempotency_key;
use crate::app::App;
use crate::runs::Start;

/// The run that a webhook started.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Started {
    /// Its id.
    #[schema(value_type = String)]
    run: RunId,
}

/// Starts a run of the workflow whose webhook has this path. Its answer says that the start is
/// durable; the run goes on by itself.
#[utoipa::path(post, path = "/hooks/{path}", operation_id = "receive_webhook", tag = "runs",
    params(("path" = String, Path, description = "The webhook's path"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key starts one run")),
    request_body(content = Object, description = "The payload"),
    responses((status = 202, body = Started), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn hook(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
    JsonBody(payload): JsonBody,
) -> Result<(StatusCode, Json<Started>)> {
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
    Ok((StatusCode::ACCEPTED, Json(Started { run })))
}

//! `POST /api/v1/workflows/{id}/publish`: a workflow becomes a version of a crate.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::body::JsonBody;
use super::problem::{Problem, Result};
use crate::app::App;
use crate::registry::{self, Published, Wishes};

/// Publishes the workflow as it is stored: an immutable version, there whole once this answers.
/// 200 instead of 201 says that the latest version is this very content, and so nothing was
/// published.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/publish", operation_id = "publish_workflow", tag = "registry",
    params(("id" = String, Path, description = "Id or name")),
    request_body(content = Wishes, description = "What the publisher says of it; may be left out"),
    responses((status = 200, body = Published), (status = 201, body = Published),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn publish(
    State(app): State<App>,
    Path(key): Path<String>,
    JsonBody(wishes): JsonBody,
) -> Result<(StatusCode, Json<Published>)> {
    let wishes: Option<Wishes> =
        serde_json::from_value(wishes).map_err(|error| Problem::bad_request(error.to_string()))?;
    let published = registry::publish(&app, &key, wishes.unwrap_or_default()).await?;
    let status = if published.fresh { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(published)))
}

//! `/api/v1/workflows/{id}/publish`: a workflow becomes a version of a crate.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::access::{Publisher, Reader};
use super::body::JsonBody;
use super::etag::IfMatch;
use super::problem::{Problem, Result};
use crate::app::App;
use crate::registry::{self, Preview, Published, Wishes};

/// What publishing the workflow as it is stored would do: its version and why, what forbids it,
/// and whether runs may move. Nothing is published. The entity tag is that of the workflow and the
/// versions that its crate has.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/publish", operation_id = "preview_publish", tag = "registry",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = Preview), (status = 401, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn preview(
    _: Reader,
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<([(HeaderName, String); 1], Json<Preview>)> {
    let (preview, tag) = registry::preview(&app, &key).await?;
    Ok(([(header::ETAG, tag)], Json(preview)))
}

/// Publishes the workflow as it is stored: an immutable version, there whole once this answers.
/// 200 instead of 201 says that the latest version is this very content, and so nothing was
/// published.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/publish", operation_id = "publish_workflow", tag = "registry",
    params(("id" = String, Path, description = "Id or name"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the preview: publish that, or nothing")),
    request_body(content = Wishes, description = "What the publisher says of it; may be left out"),
    responses((status = 200, body = Published), (status = 201, body = Published),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn publish(
    Publisher(by): Publisher,
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
    JsonBody(wishes): JsonBody,
) -> Result<(StatusCode, Json<Published>)> {
    let wishes: Option<Wishes> =
        serde_json::from_value(wishes).map_err(|error| Problem::bad_request(error.to_string()))?;
    // Nothing is overwritten, whatever there is: so it may be left out.
    let accepted = IfMatch::sent(&headers)?.unwrap_or(IfMatch::Any);
    let accepts = |tag: &str| accepted.accepts(tag);
    let wishes = wishes.unwrap_or_default();
    let published = registry::publish(&app, &key, wishes, by.as_ref(), accepts).await?;
    let status = if published.fresh { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(published)))
}

//! `cargo publish`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::access::Publisher;
use super::refusal::Result;
use crate::api::body::Raw;
use crate::app::{App, blocking};
use crate::registry;

/// Releases the package that cargo sends, whole or not at all.
pub(super) async fn upload(
    publisher: Publisher,
    State(app): State<App>,
    Raw(body): Raw,
) -> Result<Json<Value>> {
    let reading = app.clone();
    let upload = blocking(move || registry::read_upload(&body, &reading.registry.address));
    let upload = upload.await??;
    publisher.owns(&app, upload.name()).await?;
    registry::release(&app, upload, &publisher.0).await?;
    let warnings = json!({ "invalid_categories": [], "invalid_badges": [], "other": [] });
    Ok(Json(json!({ "warnings": warnings })))
}

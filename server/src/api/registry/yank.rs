//! `cargo yank`: no new lock file takes the version; those that have it go on.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::access::Publisher;
use super::refusal::{Refusal, Result};
use crate::app::App;

/// Yanks a version.
pub(super) async fn yank(
    publisher: Publisher,
    State(app): State<App>,
    Path(release): Path<(String, String)>,
) -> Result<Json<Value>> {
    set(&app, &publisher, release, true).await
}

/// Takes a yank back.
pub(super) async fn unyank(
    publisher: Publisher,
    State(app): State<App>,
    Path(release): Path<(String, String)>,
) -> Result<Json<Value>> {
    set(&app, &publisher, release, false).await
}

async fn set(
    app: &App,
    publisher: &Publisher,
    (name, version): (String, String),
    yanked: bool,
) -> Result<Json<Value>> {
    publisher.owns(app, &name).await?;
    if !app.store.yank(&name, &version, yanked).await? {
        return Err(Refusal::not_found(format!("there is no {name} {version}")));
    }
    Ok(Json(json!({ "ok": true })))
}

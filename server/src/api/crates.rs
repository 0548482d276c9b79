//! `/api/v1/registry/crates`: published crates as pages show them. What cargo asks is in
//! `registry`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::{Publisher, Reader};
use super::body::Query;
use super::page::{Page, Paging};
use super::problem::{Problem, Result};
use crate::app::App;
use crate::registry::{
    CrateDocument, CrateSummary, VersionDocument, access, crate_document, version_document,
};

/// Which crates.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Only crates whose name or description has this text in it.
    #[serde(default)]
    q: String,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items on a page: 50 by default, 200 at most.
    limit: Option<u32>,
}

/// All crates, by name.
#[utoipa::path(get, path = "/api/v1/registry/crates", operation_id = "list_crates", tag = "registry", params(Search),
    responses((status = 200, body = Page<CrateSummary>), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub(super) async fn list(
    _: Reader,
    State(app): State<App>,
    Query(search): Query<Search>,
) -> Result<Json<Page<CrateSummary>>> {
    let limit = Paging { cursor: None, limit: search.limit }.limit()?;
    let after = search.cursor.unwrap_or_default();
    let shelf = app.store.shelf(&search.q, &after, limit + 1).await?;
    let items = shelf.into_iter().map(CrateSummary::from).collect();
    Ok(Json(Page::new(items, limit, |item| item.name.clone())))
}

/// A crate with its versions, owners and dependants.
#[utoipa::path(get, path = "/api/v1/registry/crates/{name}", operation_id = "read_crate", tag = "registry",
    params(("name" = String, Path, description = "The crate's name")),
    responses((status = 200, body = CrateDocument), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn read(
    _: Reader,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<CrateDocument>> {
    let found = crate_document(&app, &name).await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("there is no crate {name:?}")))
}

/// A version of a crate: its texts, what it promises, and how a project takes it.
#[utoipa::path(get, path = "/api/v1/registry/crates/{name}/{version}", operation_id = "read_version", tag = "registry",
    params(("name" = String, Path, description = "The crate's name"), ("version" = String, Path, description = "The version")),
    responses((status = 200, body = VersionDocument), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn read_version(
    _: Reader,
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Json<VersionDocument>> {
    let found = version_document(&app, (&name, &version)).await?;
    found.map(Json).ok_or_else(|| absent(&name, &version))
}

/// Yanks a version: no new lock file takes it, and those that have it go on.
#[utoipa::path(post, path = "/api/v1/registry/crates/{name}/{version}/yank", operation_id = "yank_version", tag = "registry",
    params(("name" = String, Path, description = "The crate's name"), ("version" = String, Path, description = "The version")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn yank(
    publisher: Publisher,
    State(app): State<App>,
    Path(release): Path<(String, String)>,
) -> Result<StatusCode> {
    set(&app, publisher, release, true).await
}

/// Takes a yank back.
#[utoipa::path(post, path = "/api/v1/registry/crates/{name}/{version}/unyank", operation_id = "unyank_version", tag = "registry",
    params(("name" = String, Path, description = "The crate's name"), ("version" = String, Path, description = "The version")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn unyank(
    publisher: Publisher,
    State(app): State<App>,
    Path(release): Path<(String, String)>,
) -> Result<StatusCode> {
    set(&app, publisher, release, false).await
}

async fn set(
    app: &App,
    Publisher(by): Publisher,
    (name, version): (String, String),
    yanked: bool,
) -> Result<StatusCode> {
    access::owner(app, by.as_ref(), &name).await?;
    if !app.store.yank(&name, &version, yanked).await? {
        return Err(absent(&name, &version));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn absent(name: &str, version: &str) -> Problem {
    Problem::not_found(format!("there is no {name} {version}"))
}

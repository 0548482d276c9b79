//! What cargo asks a registry: its sparse index below `/index/`, its web API below
//! `/api/v1/crates`. Cargo's own documentation describes both, and so `OpenAPI` does not.

mod index;
mod packages;
mod refusal;
mod search;

use axum::Router;
use axum::routing::get;

use crate::app::App;

pub(super) use index::MEDIA_TYPE as INDEX;
pub(super) use packages::MEDIA_TYPE as PACKAGE;

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/index/config.json", get(index::config))
        .route("/index/{*path}", get(index::lines))
        .route("/api/v1/crates", get(search::search))
        .route("/api/v1/crates/{name}/{version}/download", get(packages::download))
}

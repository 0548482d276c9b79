//! What cargo asks a registry: its sparse index below `/index/`, its web API below
//! `/api/v1/crates`. Cargo's own documentation describes both, and so `OpenAPI` does not.

mod access;
mod index;
mod login;
mod owners;
mod packages;
mod refusal;
mod search;
mod upload;
mod yank;

use axum::Router;
use axum::routing::{delete, get, put};

use crate::app::App;

pub(super) use index::MEDIA_TYPE as INDEX;
pub(super) use packages::MEDIA_TYPE as PACKAGE;

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/index/config.json", get(index::config))
        .route("/index/{*path}", get(index::lines))
        .route("/api/v1/crates", get(search::search))
        .route("/api/v1/crates/new", put(upload::upload))
        .route("/api/v1/crates/{name}/{version}/download", get(packages::download))
        .route("/api/v1/crates/{name}/{version}/yank", delete(yank::yank))
        .route("/api/v1/crates/{name}/{version}/unyank", put(yank::unyank))
        .route(
            "/api/v1/crates/{name}/owners",
            get(owners::list).put(owners::add).delete(owners::remove),
        )
        .route("/me", get(login::page))
}

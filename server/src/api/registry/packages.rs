//! Packages: the `.crate` files.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::access::Reader;
use super::refusal::{Refusal, Result};
use crate::app::App;

/// A gzipped tar; it does not shrink any more.
pub(in crate::api) const MEDIA_TYPE: &str = "application/gzip";

/// The package of a version, whose bytes never change.
pub(super) async fn download(
    _: Reader,
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
) -> Result<Response> {
    let package = app.store.package(&name, &version).await?;
    let package =
        package.ok_or_else(|| Refusal::not_found(format!("there is no {name} {version}")))?;
    let whose = if app.registry.private { "private" } else { "public" };
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE.to_owned()),
        (header::CACHE_CONTROL, format!("{whose}, max-age=31536000, immutable")),
    ];
    Ok((headers, package).into_response())
}

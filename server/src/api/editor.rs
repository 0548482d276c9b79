//! The embedded editor: its files, and its page for every route that it resolves itself.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use flowcrate_editor::Asset;

use super::etag;
use super::problem::Problem;

/// Scripts and styles of our own only, and no framing by other pages.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'";

/// The file at `path`; the page for a route without a file name, or for a version of a crate, whose
/// number has dots; else 404.
pub(super) fn serve(path: &str, headers: &HeaderMap) -> Response<Body> {
    if let Some(asset) = flowcrate_editor::asset(path) {
        return file(&asset, headers);
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains('.') && !path.starts_with("/crates/") {
        return Problem::not_found(format!("there is no {path}")).into_response();
    }
    file(&flowcrate_editor::index(), headers)
}

fn file(asset: &Asset, headers: &HeaderMap) -> Response<Body> {
    let cache =
        if asset.is_immutable() { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = if etag::unchanged(headers, asset.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let bytes = bytes::Bytes::from_static(asset.bytes);
        ([(header::CONTENT_TYPE, asset.content_type)], bytes).into_response()
    };
    let fixed = [
        (header::ETAG, asset.etag),
        (header::CACHE_CONTROL, cache),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

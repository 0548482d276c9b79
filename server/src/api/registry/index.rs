//! The sparse index: a file of lines for each crate.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::access::Reader;
use super::refusal::{Refusal, Result};
use crate::api::{etag, guard};
use crate::app::App;
use crate::registry::{self, digest, index_path};

/// Lines are sent as they are: a compressed answer would not be what its strong entity tag names.
pub(in crate::api) const MEDIA_TYPE: &str = "application/x-cargo-index";

/// Somebody who asks the registry by its own name. Cargo asks for this file before all others, and
/// keeps by the name that it asked by what it finds: whoever has another name is told, or her
/// project would have two registries, each with a runtime of its own.
pub(super) struct ByItsName;

impl FromRequestParts<App> for ByItsName {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let address = &app.registry.address;
        match guard::asked(&parts.headers, &parts.uri) {
            Some(asked) if address.is_mistaken(&asked) => {
                let detail = format!(
                    "this registry goes by {}, and to cargo {asked} is another one: write \
                     index = \"{}\" (the server's --public-url says by which address it goes)",
                    address.base(),
                    address.index()
                );
                Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, detail))
            }
            _ => Ok(Self),
        }
    }
}

/// Where packages and the web API are. A private registry says it to holders of tokens only: its
/// 401 is how cargo learns that it needs one.
pub(super) async fn config(_: ByItsName, _: Reader, State(app): State<App>) -> Json<Value> {
    let base = app.registry.address.base();
    let mut config = json!({ "dl": format!("{base}/api/v1/crates"), "api": base });
    if app.registry.private {
        config["auth-required"] = true.into();
    }
    Json(config)
}

/// The lines of the crate whose file has this path; 404 for every other path, so that cargo says
/// that there is no such crate.
pub(super) async fn lines(
    _: Reader,
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let unknown = || Refusal::not_found(format!("the index has no {path}"));
    if index_path(name).as_deref() != Some(path.as_str()) {
        return Err(unknown());
    }
    if registry::SUPPORT.contains(&name) {
        app.registry.support(&app.store, app.clock.now().0).await?;
    }
    let crate_ = app.store.crate_named(name).await?;
    // Names that cargo takes for the same have files of their own; it asks for each of them.
    let crate_ =
        crate_.filter(|found| found.name.eq_ignore_ascii_case(name)).ok_or_else(unknown)?;
    let text = registry::index(&app.store.releases(&crate_.name).await?)?;
    let etag = format!("\"{}\"", digest(text.as_bytes()));
    if etag::unchanged(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let headers = [(header::CONTENT_TYPE, MEDIA_TYPE.to_owned()), (header::ETAG, etag)];
    Ok((headers, text).into_response())
}

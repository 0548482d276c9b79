//! Who asks, by the token that comes along: bare as cargo sends it, or after `Bearer`.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;

use super::problem::Problem;
use crate::app::App;
use crate::error::Error;
use crate::registry::access;
use crate::store::Token;

/// Somebody who may read what is published: everybody, unless the registry is private. `R` is how
/// the others are refused.
pub(super) struct Reader<R = Problem>(PhantomData<fn() -> R>);

/// Somebody who may publish; none where this takes no token.
pub(super) struct Publisher(pub(super) Option<Token>);

impl<R: From<Error> + IntoResponse> FromRequestParts<App> for Reader<R> {
    type Rejection = R;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, R> {
        access::reader(app, sent(&parts.headers)).await?;
        Ok(Self(PhantomData))
    }
}

impl FromRequestParts<App> for Publisher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(access::publisher(app, sent(&parts.headers)).await?))
    }
}

/// The token that a request carries.
pub(super) fn sent(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
    Some(sent.strip_prefix("Bearer ").unwrap_or(sent).trim())
}

//! Who may do what, by the token that cargo sends.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::refusal::{Refusal, Result};
use crate::api::access::{self, sent};
use crate::app::App;
use crate::registry;
use crate::store::Token;

/// Somebody who may read: everybody, unless the registry is private.
pub(super) type Reader = access::Reader<Refusal>;

/// Somebody who may publish.
pub(super) struct Publisher(pub(super) Token);

impl FromRequestParts<App> for Publisher {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Ok(Self(registry::access::known_publisher(app, sent(&parts.headers)).await?))
    }
}

impl Publisher {
    /// Refuses whoever is not among a crate's owners, if it has any.
    pub(super) async fn owns(&self, app: &App, name: &str) -> Result<()> {
        Ok(registry::access::owner(app, Some(&self.0), name).await?)
    }
}

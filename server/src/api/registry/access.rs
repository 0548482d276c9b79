//! Who may do what, by the token that cargo sends.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::refusal::{Refusal, Result};
use crate::app::App;
use crate::registry;
use crate::store::{Scope, Token};

/// Somebody who may read: everybody, unless the registry is private.
pub(super) struct Reader;

/// Somebody who may publish.
pub(super) struct Publisher(pub(super) Token);

impl FromRequestParts<App> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if app.registry.private {
            holder(app, &parts.headers).await?;
        }
        Ok(Self)
    }
}

impl FromRequestParts<App> for Publisher {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let token = holder(app, &parts.headers).await?;
        if token.scope < Scope::Publish {
            let detail = format!("the token of {:?} lets its holder read, not publish", token.name);
            return Err(Refusal::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(Self(token))
    }
}

impl Publisher {
    /// Refuses whoever is not among a crate's owners, if it has any.
    pub(super) async fn owns(&self, app: &App, name: &str) -> Result<()> {
        let owners = app.store.owners(name).await?;
        if owners.is_empty() || owners.contains(&self.0.name) {
            return Ok(());
        }
        let owners = owners.into_iter().collect::<Vec<_>>().join(", ");
        let detail = format!("{:?} is no owner of {name}, which is owned by {owners}", self.0.name);
        Err(Refusal::new(StatusCode::FORBIDDEN, detail))
    }
}

/// Whose token the request carries. Cargo sends it bare.
async fn holder(app: &App, headers: &HeaderMap) -> Result<Token> {
    let base = app.registry.address.base();
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(sent) = sent else {
        return Err(Refusal::unauthorized(
            "this needs a token: see `flowcrate token create`",
            base,
        ));
    };
    let token = sent.strip_prefix("Bearer ").unwrap_or(sent).trim();
    let found = registry::holder(&app.store, token).await?;
    found.ok_or_else(|| Refusal::unauthorized("the token is unknown, or revoked", base))
}

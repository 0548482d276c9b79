//! Who may do what.
//!
//! Reading takes a token where the registry is private. Publishing over cargo's protocol always
//! takes one, since cargo asks for it; over REST (the editor, `flowcrate publish`) it takes one
//! where the registry is private, and from the first token of scope `publish` on: whoever made one
//! has said who may publish. Revoking the last one opens nothing.

use super::{SUPPORT, holder};
use crate::app::App;
use crate::error::Error;
use crate::store::{Scope, Token};

/// Refuses a reader without a token where one is needed.
pub async fn reader(app: &App, token: Option<&str>) -> Result<(), Error> {
    if app.registry.private {
        known(app, token).await?;
    }
    Ok(())
}

/// Whoever publishes over REST; none where this takes no token and none was sent.
pub async fn publisher(app: &App, token: Option<&str>) -> Result<Option<Token>, Error> {
    if token.is_none() && !app.registry.private && !app.store.names_publishers().await? {
        return Ok(None);
    }
    known_publisher(app, token).await.map(Some)
}

/// Whoever publishes over cargo's protocol.
pub async fn known_publisher(app: &App, token: Option<&str>) -> Result<Token, Error> {
    let token = known(app, token).await?;
    if token.scope < Scope::Publish {
        let name = &token.name;
        let why = format!("the token of {name:?} lets its holder read, not publish");
        return Err(Error::Forbidden(why));
    }
    Ok(token)
}

/// Refuses whoever is not among a crate's owners, if it has any; none is whoever publishes without
/// a token. Our own crates are nobody's: all others need them.
pub async fn owner(app: &App, by: Option<&Token>, name: &str) -> Result<(), Error> {
    if SUPPORT.contains(&name) {
        return Err(Error::Forbidden(format!("{name} is this server's own")));
    }
    let Some(by) = by else { return Ok(()) };
    let owners = app.store.owners(name).await?;
    if owners.is_empty() || owners.contains(&by.name) {
        return Ok(());
    }
    let owners = owners.into_iter().collect::<Vec<_>>().join(", ");
    let by = &by.name;
    Err(Error::Forbidden(format!("{by:?} is no owner of {name}, which is owned by {owners}")))
}

async fn known(app: &App, token: Option<&str>) -> Result<Token, Error> {
    let login = || format!("{}/me", app.registry.address.base());
    let missing = || Error::NoToken { why: "this needs a token", login: login() };
    let found = holder(&app.store, token.ok_or_else(missing)?).await?;
    found.ok_or_else(|| Error::NoToken { why: "the token is unknown, or revoked", login: login() })
}

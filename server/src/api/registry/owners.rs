//! `cargo owner`: who may publish versions of a crate with a token. Owners are called as their
//! tokens are.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Publisher, Reader};
use super::refusal::{Refusal, Result};
use crate::api::body::Raw;
use crate::app::App;

/// Whom cargo speaks of.
#[derive(Debug, Deserialize)]
struct Users {
    users: Vec<String>,
}

/// The owners of a crate.
pub(super) async fn list(
    _: Reader,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Value>> {
    there(&app, &name).await?;
    let owners = app.store.owners(&name).await?;
    let users: Vec<Value> = owners
        .iter()
        .enumerate()
        .map(|(at, owner)| json!({ "id": at + 1, "login": owner, "name": null }))
        .collect();
    Ok(Json(json!({ "users": users })))
}

/// Adds owners, who must hold a token.
pub(super) async fn add(
    publisher: Publisher,
    State(app): State<App>,
    Path(name): Path<String>,
    Raw(body): Raw,
) -> Result<Json<Value>> {
    let users = asked(&app, &publisher, &name, &body).await?;
    let tokens = app.store.tokens().await?;
    if let Some(user) = users.iter().find(|user| tokens.iter().all(|token| token.name != **user)) {
        return Err(Refusal::not_found(format!("nobody called {user:?} holds a token")));
    }
    app.store.add_owners(&name, &users).await?;
    let message = format!("{name} is owned by {} now", users.join(", "));
    Ok(Json(json!({ "ok": true, "msg": message })))
}

/// Removes owners.
pub(super) async fn remove(
    publisher: Publisher,
    State(app): State<App>,
    Path(name): Path<String>,
    Raw(body): Raw,
) -> Result<Json<Value>> {
    let users = asked(&app, &publisher, &name, &body).await?;
    let owners = app.store.owners(&name).await?;
    if let Some(user) = users.iter().find(|user| !owners.contains(*user)) {
        return Err(Refusal::not_found(format!("{user:?} is no owner of {name}")));
    }
    if !app.store.remove_owners(&name, &users).await? {
        let detail = format!("{name} would have no owner left: add another one first");
        return Err(Refusal::new(StatusCode::CONFLICT, detail));
    }
    let message = format!("{name} is no longer owned by {}", users.join(", "));
    Ok(Json(json!({ "ok": true, "msg": message })))
}

async fn asked(app: &App, publisher: &Publisher, name: &str, body: &[u8]) -> Result<Vec<String>> {
    there(app, name).await?;
    publisher.owns(app, name).await?;
    let Users { users } = serde_json::from_slice(body).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, format!("the users cannot be read: {error}"))
    })?;
    Ok(users)
}

async fn there(app: &App, name: &str) -> Result<()> {
    let found = app.store.crate_named(name).await?.filter(|found| found.name == name);
    found.map(drop).ok_or_else(|| Refusal::not_found(format!("there is no crate {name:?}")))
}

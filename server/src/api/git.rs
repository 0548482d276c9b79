//! `/git/{crate}.git`: published crates as git repositories over its smart protocol, to be read.
//!
//! Git's own documentation describes it, and so `OpenAPI` does not. Refusals are plain text, since
//! that is what git shows to people; each ends with a code.

mod channel;
mod refusal;

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use bytes::Bytes;
use flate2::read::GzDecoder;
use serde::Deserialize;

use self::channel::channel;
use self::refusal::{Refused, Result};
use super::body::Query;
use crate::app::App;
use crate::git::{self, Framed, History, MOST_BYTES, Plan, Reply, Request};
use crate::registry::access;

/// Packs are deflated already, and bands must come as they are written.
pub(super) const MEDIA_TYPE: &str = "application/x-git-upload-pack-result";
const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
/// The most bytes of a request as it is sent.
const MOST_SENT: usize = 1024 * 1024;
/// How long a reader waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/git/{repository}", get(page))
        .route("/git/{repository}/info/refs", get(references))
        .route("/git/{repository}/git-upload-pack", post(upload_pack))
        .route("/git/{repository}/git-receive-pack", post(receive_pack))
        .layer(DefaultBodyLimit::max(MOST_SENT))
}

/// A person who opens the address sees the crate's page.
async fn page(Path(repository): Path<String>) -> Redirect {
    // The name has no sign that means something in an address, or the page says that it is unknown.
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let name: String = crate_name(&repository).chars().filter(plain).collect();
    Redirect::to(&format!("/crates/{name}"))
}

#[derive(Debug, Deserialize)]
struct Service {
    #[serde(default)]
    service: String,
}

/// What the repository shows, and what this server can do.
async fn references(
    State(app): State<App>,
    Path(repository): Path<String>,
    Query(Service { service }): Query<Service>,
    headers: HeaderMap,
) -> Result<Response> {
    match service.as_str() {
        "git-upload-pack" => {}
        "git-receive-pack" => return Err(Refused::read_only()),
        _ => return Err(Refused::dumb()),
    }
    let history = history(&app, &repository, &headers).await?;
    let mut body = Vec::new();
    git::line(&mut body, "# service=git-upload-pack\n");
    git::flush(&mut body);
    body.extend_from_slice(&history.advertisement());
    Ok((answer(ADVERTISEMENT), body).into_response())
}

/// Answers what a client has and wants with what it lacks.
async fn upload_pack(
    State(app): State<App>,
    Path(repository): Path<String>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response> {
    let history = history(&app, &repository, &headers).await?;
    let body = body.map_err(|_| git::Refusal::TooLarge("too many bytes"))?;
    let request = Request::read(&unpacked(&headers, body)?)?;
    let Reply { head, plan } = match git::negotiate(&history, &request) {
        Ok(reply) => reply,
        // What git itself answers, in the form that it shows.
        Err(refusal @ git::Refusal::NotOurs(_)) => {
            let mut head = Vec::new();
            git::line(&mut head, &format!("ERR {refusal} ({})\n", refusal.code()));
            Reply { head, plan: None }
        }
        Err(other) => return Err(other.into()),
    };
    let Some(plan) = plan else { return Ok((answer(MEDIA_TYPE), head).into_response()) };
    let body = stream(&app, head, (history, plan), request.banded).await?;
    Ok((answer(MEDIA_TYPE), body).into_response())
}

/// Nobody pushes here.
async fn receive_pack() -> Refused {
    Refused::read_only()
}

fn answer(media_type: &'static str) -> [(header::HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-cache")]
}

/// The repository, for somebody who may read it.
async fn history(app: &App, repository: &str, headers: &HeaderMap) -> Result<History> {
    access::reader(app, password(headers).as_deref()).await?;
    let name = crate_name(repository);
    let unknown = || Refused::unknown(name);
    if crate::registry::SUPPORT.contains(&name) {
        app.registry.support(&app.store, app.clock.now().0).await?;
    }
    Ok(History::read(app, name).await?.ok_or_else(unknown)??)
}

fn crate_name(repository: &str) -> &str {
    repository.strip_suffix(".git").unwrap_or(repository)
}

/// The token that a request carries: as the password of any user, as the user without a password,
/// or as everywhere else.
fn password(headers: &HeaderMap) -> Option<String> {
    let sent = super::access::sent(headers)?;
    let Some(basic) = sent.strip_prefix("Basic ") else { return Some(sent.to_owned()) };
    let decoded = base64::engine::general_purpose::STANDARD.decode(basic.trim());
    let text = String::from_utf8(decoded.unwrap_or_default()).unwrap_or_default();
    let (user, password) = text.split_once(':').unwrap_or((&text, ""));
    Some(if password.is_empty() { user } else { password }.to_owned())
}

/// The body, which git packs where it is long.
fn unpacked(headers: &HeaderMap, body: Bytes) -> Result<Bytes> {
    let coding = headers.get(header::CONTENT_ENCODING).map(header::HeaderValue::as_bytes);
    match coding {
        None | Some(b"identity") => return Ok(body),
        Some(b"gzip" | b"x-gzip") => {}
        Some(_) => return Err(git::Refusal::Unsupported("content-encoding".to_owned()).into()),
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    GzDecoder::new(&*body)
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| git::Refusal::Malformed("a body that is no gzip"))?;
    if bytes.len() > MOST_BYTES {
        return Err(git::Refusal::TooLarge("too many bytes").into());
    }
    Ok(bytes.into())
}

/// A pack behind the lines before it, written while it is read.
async fn stream(app: &App, head: Vec<u8>, planned: (History, Plan), banded: bool) -> Result<Body> {
    let registry = Arc::clone(&app.registry);
    // The turn is over with the pack, and the semaphore lives as long as the registry.
    let turn = tokio::time::timeout(PATIENCE, registry.git.packs.clone().acquire_owned()).await;
    let turn = turn.ok().and_then(std::result::Result::ok).ok_or_else(Refused::busy)?;
    let (mut writer, body) = channel();
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let (history, plan) = planned;
        // Whoever no longer reads does not want to know.
        let _ = std::io::Write::write_all(&mut writer, &head)
            .and_then(|()| git::send(&app, (&history, &plan), Framed::new(writer, banded)));
    });
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_password_a_user_or_itself() {
        let sent = |value: &str| {
            let value = value.parse().unwrap();
            password(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
        };
        let basic = |text: &str| {
            sent(&format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text)))
        };
        assert_eq!(basic("ada:t:1").as_deref(), Some("t:1"));
        assert_eq!(basic("t1:").as_deref(), Some("t1"));
        assert_eq!(sent("Bearer t1").as_deref(), Some("t1"));
        assert_eq!(sent("Basic %%%").as_deref(), Some(""));
        assert_eq!(password(&HeaderMap::new()), None);
    }
}

//! Request bodies and queries, whose errors are problems too.

use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{Problem, Result};

/// The most that a body may hold; a graph document has the same limit.
pub(super) const LIMIT: usize = 16 * 1024 * 1024;

/// A raw body.
#[derive(Clone, Debug)]
pub(super) struct Raw(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(error)
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                Problem::too_large(LIMIT)
            }
            other => Problem::bad_request(other.body_text()),
        })
    }
}

/// A JSON body; an empty one is null.
#[derive(Clone, Debug)]
pub(super) struct JsonBody(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        json_type(request.headers())?;
        // What is no graph document has no diagnostics.
        let bare = |mut problem: Problem| {
            problem.diagnostics.clear();
            problem
        };
        let Raw(bytes) = Raw::from_request(request, state).await.map_err(bare)?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self(Value::Null));
        }
        let value = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::bad_request(format!("the body is no JSON: {error}")))?;
        Ok(Self(value))
    }
}

/// A body that says it is something else than JSON is refused, which also stops the "simple"
/// cross-origin posts of HTML forms. Saying nothing is fine: `curl` users forget.
fn json_type(headers: &HeaderMap) -> Result<()> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default();
    let media = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // What `curl -d` says when it is told nothing.
    let silent = media == "application/x-www-form-urlencoded";
    if silent || media == "application/json" || media.ends_with("+json") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "media_type",
        "the media type is not supported",
        format!("found {media:?}, expected application/json"),
    ))
}

/// Query parameters.
#[derive(Clone, Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejection: QueryRejection| Problem::bad_request(said(&rejection)))
    }
}

/// What is wrong with a query, without what the reader of queries says of itself:
/// `limit: expected a whole number`.
fn said(rejection: &QueryRejection) -> String {
    let text = rejection.body_text();
    let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
    let Some((name, problem)) = text.split_once(": ") else { return text.to_owned() };
    let problem = match problem {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "expected a whole number"
        }
        "number too large to fit in target type" => "the number is too large",
        "number too small to fit in target type" => "the number is too small",
        other => other.strip_prefix("unknown variant ").unwrap_or(other),
    };
    format!("`{name}` in the query: {problem}")
}

//! HTTP messages: reading requests whole, writing JSON and problems.

use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::io::{Unread, Whole, whole};

/// The most bytes that a request may carry.
const LIMIT: usize = 16 << 20;

/// A request, read whole.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) idempotency_key: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Reads a request, or says what is wrong with it.
pub(super) async fn read(request: Request<Incoming>) -> Result<Call, Response<Whole>> {
    let (head, body) = request.into_parts();
    let key = match head.headers.get("idempotency-key").map(|value| value.to_str()) {
        None => None,
        Some(Ok(key)) => Some(key.to_owned()),
        Some(Err(_)) => {
            return Err(problem(400, "malformed", "the Idempotency-Key is not visible ASCII"));
        }
    };
    let body = whole(body, LIMIT).await.map_err(|unread| match unread {
        Unread::TooLong => problem(413, "too_large", "the body is larger than 16 MiB"),
        Unread::Broken(error) => problem(400, "malformed", &format!("the body: {error}")),
    })?;
    Ok(Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        idempotency_key: key,
        body,
    })
}

/// A JSON answer.
pub(super) fn reply(status: u16, value: &Value) -> Response<Whole> {
    respond(status, "application/json", value)
}

/// A problem as of RFC 9457.
pub(super) fn problem(status: u16, code: &str, detail: &str) -> Response<Whole> {
    let title = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let value = json!({
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    });
    respond(status, "application/problem+json", &value)
}

/// The answer to a method that the path does not have.
pub(super) fn wrong_method(allowed: &'static str) -> Response<Whole> {
    let mut response = problem(405, "method", &format!("this path takes {allowed}"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn respond(status: u16, content_type: &'static str, value: &Value) -> Response<Whole> {
    let mut response = Response::new(Whole::from(value.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

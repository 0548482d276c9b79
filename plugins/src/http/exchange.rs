//! One attempt: the request, the redirects it leads through, and the response's body.

use std::time::Duration;

use flowcrate::StepError;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::client::Received;
use super::encode::{self, Body};
use super::io::Payload;
use super::redirect;
use super::url::Target;
use super::{Request, client};

const DEFAULT_REDIRECTS: i64 = 10;
const DEFAULT_BODY: i64 = 10 * 1024 * 1024;
/// A redirect's body of so many bytes is cheaper to read than a connection is to open.
const SMALL: u64 = 8 * 1024;
const USER_AGENT: &str = concat!("flowcrate/", env!("CARGO_PKG_VERSION"));
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request that can be sent.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A response, read.
#[derive(Debug)]
pub(super) struct Answered {
    /// What was asked at last, for messages: `GET https://example.com/users`.
    pub(super) asked: String,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What bounds an exchange.
struct Limits {
    redirects: usize,
    body: usize,
    allow_private: bool,
}

/// Sends the request and follows redirects, within the input's own timeout.
pub(super) async fn exchange(input: &Request, key: &str) -> Result<Answered, StepError> {
    let prepared = prepare(input, key)?;
    let limits = limits(input)?;
    let shown = format!("{} {}", prepared.method, prepared.target);
    let follow = follow(prepared, limits);
    match input.timeout {
        None => follow.await,
        Some(limit) => tokio::time::timeout(limit.0, follow).await.unwrap_or_else(|_| {
            let message = format!("{shown} did not answer within {limit}");
            Err(StepError::retryable("timeout", message))
        }),
    }
}

fn invalid(message: impl Into<String>) -> StepError {
    StepError::fatal("invalid_request", message)
}

fn limits(input: &Request) -> Result<Limits, StepError> {
    let count = |name: &str, given: Option<i64>, default: i64| {
        usize::try_from(given.unwrap_or(default))
            .map_err(|_| invalid(format!("`{name}` is below zero")))
    };
    if input.timeout.is_some_and(|timeout| timeout.0 == Duration::ZERO) {
        return Err(invalid("`timeout` is zero"));
    }
    Ok(Limits {
        redirects: count("max_redirects", input.max_redirects, DEFAULT_REDIRECTS)?,
        body: count("max_body", input.max_body, DEFAULT_BODY)?,
        allow_private: input.allow_private.unwrap_or(false) || operator_allows_private(),
    })
}

/// The operator's switch, for tests and local use.
fn operator_allows_private() -> bool {
    std::env::var_os("FLOWCRATE_ALLOW_PRIVATE").is_some_and(|value| value == "1")
}

fn prepare(input: &Request, key: &str) -> Result<Prepared, StepError> {
    let method = method(input.method.unwrap_or_default());
    let Body { bytes, content_type } = encode::body(input)?;
    if content_type.is_some() && method == Method::HEAD {
        return Err(invalid("a HEAD request has no body"));
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if method != Method::GET && method != Method::HEAD {
        let key = HeaderValue::from_str(key).map_err(|error| invalid(error.to_string()))?;
        headers.insert(IDEMPOTENCY_KEY, key);
    }
    for (name, value) in input.headers.iter().flatten() {
        let (name, value) = header(name, value)?;
        headers.insert(name, value);
    }
    let target = Target::parse(&input.url)?.with_query(input.query.iter().flatten())?;
    Ok(Prepared { method, target, headers, body: bytes })
}

fn method(method: super::Method) -> Method {
    match method {
        super::Method::Get => Method::GET,
        super::Method::Head => Method::HEAD,
        super::Method::Post => Method::POST,
        super::Method::Put => Method::PUT,
        super::Method::Patch => Method::PATCH,
        super::Method::Delete => Method::DELETE,
        super::Method::Options => Method::OPTIONS,
    }
}

/// A header of the user's. Those that frame the message are the client's own.
fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), StepError> {
    let parsed = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| invalid(format!("{name:?} is no name of a header")))?;
    let framing =
        [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::UPGRADE];
    if framing.contains(&parsed) {
        return Err(invalid(format!("the header `{parsed}` is set by the client itself")));
    }
    // The value may be a secret: it is not quoted.
    let value = HeaderValue::from_bytes(value.trim().as_bytes())
        .map_err(|_| invalid(format!("the value of the header `{parsed}` cannot be sent")))?;
    Ok((parsed, value))
}

async fn follow(mut request: Prepared, limits: Limits) -> Result<Answered, StepError> {
    let mut followed = 0;
    loop {
        let message = message(&request)?;
        let received = client::send(&request.target, message, limits.allow_private).await?;
        let status = received.head.status;
        let location = redirect::location(status, &received.head.headers);
        let Some(location) = location.filter(|_| limits.redirects > 0) else {
            return read(&request, received, limits.body).await;
        };
        if followed == limits.redirects {
            let message = format!("{} leads to more than {followed} redirects", request.target);
            return Err(StepError::fatal("too_many_redirects", message));
        }
        followed += 1;
        request = redirect::next(request, status, &location)?;
        // What stands in a redirect's body is for people; small ones are read so that the
        // connection can be used again.
        if received.announced() <= SMALL {
            received.read(limits.body).await?;
        }
    }
}

fn message(request: &Prepared) -> Result<hyper::Request<Payload>, StepError> {
    let mut message = hyper::Request::new(Payload::from(request.body.clone()));
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = request.target.path().clone().into();
    *message.headers_mut() = request.headers.clone();
    // A host that the user sets stands; after a redirect to elsewhere it is gone.
    if !request.headers.contains_key(header::HOST) {
        message.headers_mut().insert(header::HOST, request.target.host_header()?);
    }
    Ok(message)
}

async fn read(request: &Prepared, received: Received, limit: usize) -> Result<Answered, StepError> {
    let asked = format!("{} {}", request.method, request.target);
    let (status, headers) = (received.head.status, received.head.headers.clone());
    let announced = usize::try_from(received.announced()).unwrap_or(usize::MAX);
    let fits = request.method == Method::HEAD || announced <= limit;
    let body = if fits { received.read(limit).await? } else { None };
    let body = body.ok_or_else(|| {
        let message = format!("{asked} answered with more than {limit} bytes");
        StepError::fatal("body_too_large", message)
    })?;
    Ok(Answered { asked, status, headers, body })
}

//! What a redirect asks for.

use flowcrate::StepError;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, StatusCode};

use super::exchange::Prepared;

/// What must not reach another origin than it was meant for.
const SECRETS: [HeaderName; 3] =
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// What belongs to a body and goes with it.
const OF_A_BODY: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
];

/// Where a response redirects to; `None` where it does not.
pub(super) fn location(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    match status {
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => {
            let location = headers.get(header::LOCATION)?;
            Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
        }
        _ => None,
    }
}

/// The request that follows: 303 makes a GET of everything but HEAD, 301 and 302 of POST, as
/// browsers do (fetch standard); 307 and 308 keep method and body.
pub(super) fn next(
    mut request: Prepared,
    status: StatusCode,
    location: &str,
) -> Result<Prepared, StepError> {
    let target = request.target.join(location)?;
    if !target.same_origin(&request.target) {
        for secret in SECRETS {
            request.headers.remove(secret);
        }
        request.headers.remove(header::HOST);
    }
    let becomes_get = match status {
        StatusCode::SEE_OTHER => request.method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        _ => false,
    };
    if becomes_get && request.method != Method::GET {
        request.method = Method::GET;
        request.body = Bytes::new();
        for name in OF_A_BODY {
            request.headers.remove(name);
        }
        request.headers.remove("idempotency-key");
    }
    request.target = target;
    Ok(request)
}

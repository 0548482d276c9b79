//! Refusals as cargo prints them: `{"errors": [{"detail": …}]}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::api::problem::Problem;
use crate::error::Error;

/// What a handler of cargo's requests gives.
pub(super) type Result<T, E = Refusal> = std::result::Result<T, E>;

/// Why a request of cargo's is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    detail: String,
    /// What a 401 says of where tokens are had.
    challenge: Option<String>,
}

impl Refusal {
    /// A refusal with the text that cargo prints.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), challenge: None }
    }

    /// 404. Never 403 for what is not there: cargo takes only 404, 410 and 451 for an answer.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        // Of a 401 cargo asks its credential providers for a token, and says where one is had.
        let challenge = match &error {
            Error::NoToken { login, .. } => Some(format!("Cargo login_url=\"{login}\"")),
            _ => None,
        };
        let problem = Problem::from(error);
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { challenge, ..Self::new(status, problem.detail) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "errors": [{ "detail": self.detail }] });
        let mut response = (self.status, Json(body)).into_response();
        if let Some(Ok(challenge)) = self.challenge.map(HeaderValue::try_from) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

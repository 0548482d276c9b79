//! Refusals as git shows them: plain text, with a code at its end.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::problem::Problem;
use crate::error::Error;
use crate::git;

/// What a handler of git's requests gives.
pub(super) type Result<T, E = Refused> = std::result::Result<T, E>;

/// Why a request of git's is refused.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Refused {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    /// Nobody pushes here.
    pub(super) fn read_only() -> Self {
        let detail = "this repository is read-only: it shows what was published; publish a new \
                      version to change it";
        Self::new(StatusCode::FORBIDDEN, "git_read_only", detail)
    }

    /// A client that reads files, which there are none.
    pub(super) fn dumb() -> Self {
        let detail =
            "this server speaks git's smart protocol only: ask with ?service=git-upload-pack";
        Self::new(StatusCode::FORBIDDEN, "git_dumb", detail)
    }

    /// There is no such crate.
    pub(super) fn unknown(name: &str) -> Self {
        let detail = format!("there is no crate {name:?}");
        Self::new(StatusCode::NOT_FOUND, "git_unknown", detail)
    }

    /// Others are being served.
    pub(super) fn busy() -> Self {
        let detail = "others are being served: try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "git_busy", detail)
    }
}

impl From<git::Refusal> for Refused {
    fn from(refusal: git::Refusal) -> Self {
        let status = match refusal {
            git::Refusal::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            git::Refusal::NoTree(_) => StatusCode::UNPROCESSABLE_ENTITY,
            git::Refusal::Malformed(_)
            | git::Refusal::Unsupported(_)
            | git::Refusal::NotOurs(_) => StatusCode::BAD_REQUEST,
        };
        Self::new(status, refusal.code(), refusal.to_string())
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let problem = Problem::from(error);
        let status = StatusCode::from_u16(problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, problem.code, problem.detail)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let text = format!("{} ({})\n", self.detail, self.code);
        let mut response = (self.status, text).into_response();
        let headers = response.headers_mut();
        // Git shows a text of this very type.
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        if self.status == StatusCode::UNAUTHORIZED {
            // Without `Basic` git does not ask for a password.
            let challenge = HeaderValue::from_static("Basic realm=\"flowcrate\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

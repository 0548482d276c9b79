//! RFC 9457 problems: every error of the API has this one form.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flowcrate_codegen::diagnostic::code;
use flowcrate_codegen::{Diagnostic, Severity};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::schema::DiagnosticSchema;
use crate::error::Error;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error of the API.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Identifies the sort of problem, `urn:flowcrate:problem:stale`.
    #[serde(rename = "type", serialize_with = "urn")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// The sort of problem, for a person.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, for a person.
    pub detail: String,
    /// The sort of problem, for a program.
    pub code: &'static str,
    /// Where the value at fault stands, `items[2].price`, for a payload that does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Box<str>>,
    /// What the compiler found, for a faulty graph.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<DiagnosticSchema>)]
    pub diagnostics: Vec<Diagnostic>,
}

/// What a handler gives.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A problem with a stable code, a title and a detail.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            kind: code,
            title,
            status: status.as_u16(),
            detail: detail.into(),
            code,
            path: None,
            diagnostics: Vec::new(),
        }
    }

    /// 400: the request itself makes no sense.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "the request makes no sense", detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing", detail)
    }

    /// 409: the thing is in a state that forbids it.
    pub fn conflict(code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail)
    }

    /// 422: a graph document that is too large, with the diagnostic that says so.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body has more than {limit} bytes");
        let message = format!("the document has more bytes than expected: at most {limit}");
        let diagnostic = Diagnostic::new(code::DOCUMENT_TOO_LARGE, message)
            .help("split the workflow, and keep large data out of the graph");
        let title = "the body is too large";
        Self {
            diagnostics: vec![diagnostic],
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_large", title, detail)
        }
    }

    /// 422: a graph with errors; all that was found comes along.
    pub fn faulty_graph(diagnostics: Vec<Diagnostic>) -> Self {
        let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
        let detail = match errors {
            1 => "the graph has an error".to_owned(),
            n => format!("the graph has {n} errors"),
        };
        let title = "the graph does not compile";
        Self {
            diagnostics,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "faulty_graph", title, detail)
        }
    }

    /// 422: a payload that does not fit its type; `path` says where.
    pub fn misfit(detail: impl Into<String>, path: &str) -> Self {
        let title = "the payload does not fit its type";
        Self {
            path: Some(path.into()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "misfit", title, detail)
        }
    }

    /// 500: our own failure. The detail goes to the log, not to the caller.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        let detail = "the server failed; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed", detail)
    }
}

fn urn<S: Serializer>(code: &str, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("urn:flowcrate:problem:{code}"))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NoWorkflow(_) => Self::not_found(detail),
            Error::Outdated { .. } => {
                Self::conflict("outdated", "the workflow no longer compiles", detail)
            }
            Error::NameTaken(_) => Self::conflict("name_taken", "the name is taken", detail),
            Error::HookTaken { .. } => {
                Self::conflict("hook_taken", "the webhook path is taken", detail)
            }
            Error::CrateTaken { .. } => {
                Self::conflict("crate_taken", "the crate's name is taken", detail)
            }
            Error::Released { .. } => {
                Self::conflict("released", "the version is released already", detail)
            }
            Error::CrateName { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "crate_name",
                "no crate can have this name",
                detail,
            ),
            Error::Unfit(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unfit",
                "this cannot be published",
                detail,
            ),
            Error::NoToken { .. } => {
                Self::new(StatusCode::UNAUTHORIZED, "token", "this needs a token", detail)
            }
            Error::Forbidden(_) => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", "the token does not do", detail)
            }
            Error::Stale { .. } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "stale",
                "the workflow has changed since",
                detail,
            ),
            Error::Io { .. }
            | Error::Database(_)
            | Error::Newer { .. }
            | Error::Corrupt { .. }
            | Error::Held { .. }
            | Error::Config(_)
            | Error::Engine(_) => Self::internal(&detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let media_type = HeaderValue::from_static(MEDIA_TYPE);
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        if status == StatusCode::UNAUTHORIZED {
            // Not `Basic`: a browser would put its own question before the editor's.
            let challenge = HeaderValue::from_static("Bearer realm=\"flowcrate\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

//! `GET /api/v1/diagnostics/{code}`: the page that explains a code.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::problem::{Problem, Result};

/// Explains a diagnostic's code: what, why, wrong, right. Markdown.
#[utoipa::path(get, path = "/api/v1/diagnostics/{code}", operation_id = "explain_diagnostic", tag = "compiler",
    params(("code" = String, Path, description = "`E301`")),
    responses((status = 200, body = String, content_type = "text/markdown"), (status = 404, body = Problem)))]
pub(super) async fn page(Path(code): Path<String>) -> Result<Response> {
    let code = code.to_ascii_uppercase();
    match flowcrate_codegen::diagnostic::explain(&code) {
        Some(page) => {
            Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], page).into_response())
        }
        None => Err(Problem::not_found(format!("there is no diagnostic {code:?}"))),
    }
}

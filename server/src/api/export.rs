//! `GET /api/v1/workflows/{id}/export`: the workflow as a crate.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use flowcrate_codegen::Compiled;

use super::etag;
use super::problem::{Problem, Result};
use crate::app::{App, blocking};
use crate::export;

/// The workflow as a crate, zipped: it builds with the server gone.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/export", operation_id = "export_workflow", tag = "workflows",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, content_type = "application/zip"), (status = 304),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn export(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let workflow = app.store.workflow(&key).await?;
    // The zip follows from the document and this build of the compiler.
    let etag = format!("\"{}.{}.{}\"", workflow.id, workflow.version, env!("CARGO_PKG_VERSION"));
    if etag::unchanged(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let pinned = app.store.pinned(&workflow.id, &workflow.revision).await?;
    let (compiler, graph) = (Arc::clone(&app.compiler), workflow.graph);
    let zip = blocking(move || {
        let Compiled { files, diagnostics } = compiler.compile(graph.as_bytes(), &pinned.documents);
        let files = files.ok_or_else(|| Problem::faulty_graph(diagnostics))?;
        Ok::<_, Problem>(export::zip(&export::with_vendor(files))?)
    });
    let zip = zip.await??;
    // A name is a slug, so that it needs no quoting rules.
    let disposition = format!("attachment; filename=\"{}.zip\"", workflow.name);
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::ETAG, etag),
    ];
    Ok((headers, zip).into_response())
}

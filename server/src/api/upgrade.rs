//! `POST /api/v1/workflows/{id}/upgrade`: what would become of the runs of a workflow if its graph
//! were replaced.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use flowcrate_codegen::Diagnostic;
use flowcrate_codegen::upgrade::Upgrade;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Raw;
use super::problem::{Problem, Result};
use super::schema::DiagnosticSchema;
use crate::app::{App, blocking};

/// What would become of the runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UpgradeReport {
    /// Whether any run may move to the new graph, whatever it has recorded.
    free: bool,
    /// Node by node what survives: `{from, to, input?, nodes: {id: {verdict, reasons?}}}`.
    #[schema(value_type = Object)]
    upgrade: Upgrade,
    /// What the compiler says of the new graph.
    #[schema(value_type = Vec<DiagnosticSchema>)]
    diagnostics: Vec<Diagnostic>,
}

/// Compares a graph with the stored one, node by node. Nothing is stored, and no run moves.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/upgrade", operation_id = "check_upgrade", tag = "compiler",
    params(("id" = String, Path, description = "Id or name of the workflow that runs")),
    request_body(content = Object, description = "The new graph document"),
    responses((status = 200, body = UpgradeReport), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn check(
    State(app): State<App>,
    Path(key): Path<String>,
    Raw(source): Raw,
) -> Result<Json<UpgradeReport>> {
    let running = app.store.workflow(&key).await?;
    let compiler = Arc::clone(&app.compiler);
    let pinned = app.store.pinned(&running.id, &running.revision).await?;
    let linked = app.store.linked(&source).await?;
    let upgrade = blocking(move || {
        let stored = (running.graph.as_bytes(), &pinned.documents);
        compiler.upgrade(stored, (&source, &linked.documents))
    });
    let (upgrade, [_, diagnostics]) = upgrade.await?;
    match upgrade {
        Some(upgrade) => Ok(Json(UpgradeReport { free: upgrade.is_free(), upgrade, diagnostics })),
        None if diagnostics.iter().any(Diagnostic::is_error) => {
            Err(Problem::faulty_graph(diagnostics))
        }
        // The stored graph compiled once, by an earlier version of this server.
        None => {
            let detail = "the stored graph does not compile any more, so nothing can be compared";
            Err(Problem::conflict("outdated", "the workflow no longer compiles", detail))
        }
    }
}

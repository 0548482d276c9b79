//! `POST /api/v1/import/vercel`: another tool's workflow becomes a graph.

use axum::Json;
use flowcrate_codegen::Diagnostic;
use flowcrate_codegen::import::{self, Imported};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::body::{Query, Raw};
use super::problem::{Problem, Result};
use super::schema::DiagnosticSchema;
use crate::app::blocking;

/// What the new graph is called.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Naming {
    /// The graph's name; by default the one that the document carries.
    name: Option<String>,
}

/// An imported graph.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportedGraph {
    /// The graph document, not stored yet.
    #[schema(value_type = Object)]
    graph: Value,
    /// What was translated with a loss, and what the compiler says of the result.
    #[schema(value_type = Vec<DiagnosticSchema>)]
    diagnostics: Vec<Diagnostic>,
}

/// Translates a workflow of the Vercel workflow builder. Nothing is stored: look at the graph,
/// then post it.
#[utoipa::path(post, path = "/api/v1/import/vercel", operation_id = "import_vercel", tag = "compiler", params(Naming),
    request_body(content = Object, description = "The foreign document"),
    responses((status = 200, body = ImportedGraph), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn vercel(
    Query(naming): Query<Naming>,
    Raw(source): Raw,
) -> Result<Json<ImportedGraph>> {
    let Imported { graph, diagnostics } =
        blocking(move || import::vercel(&source, naming.name.as_deref())).await?;
    match graph {
        Some(graph) => Ok(Json(ImportedGraph { graph, diagnostics })),
        None => Err(Problem::faulty_graph(diagnostics)),
    }
}

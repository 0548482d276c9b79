//! `POST /api/v1/check`: what the compiler says of a graph, and the types that it found.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use flowcrate::types::Type;
use flowcrate_codegen::Diagnostic;
use flowcrate_codegen::check::{NodeTypes, Report};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Raw;
use super::problem::{Problem, Result};
use super::schema::{DiagnosticSchema, NodeTypesSchema};
use crate::app::{App, blocking};

/// What the compiler says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckReport {
    /// Everything that was found, errors first.
    #[schema(value_type = Vec<DiagnosticSchema>)]
    diagnostics: Vec<Diagnostic>,
    /// The nodes' outputs and handles, by node, as far as errors leave them known.
    #[schema(value_type = BTreeMap<String, NodeTypesSchema>)]
    types: BTreeMap<String, NodeTypes>,
    /// What starts a run, where the graph has no error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    input: Option<Type>,
}

/// Checks a graph without storing it; a malformed document is a diagnostic like any other.
#[utoipa::path(post, path = "/api/v1/check", operation_id = "check_graph", tag = "compiler",
    request_body(content = Object, description = "A graph document"),
    responses((status = 200, body = CheckReport), (status = 422, body = Problem)))]
pub(super) async fn check(State(app): State<App>, Raw(source): Raw) -> Result<Json<CheckReport>> {
    let linked = app.store.linked(&source).await?;
    let compiler = Arc::clone(&app.compiler);
    let report = blocking(move || compiler.report(&source, &linked.documents));
    let Report { checked, types, diagnostics } = report.await?;
    let types = types.into_iter().map(|(id, types)| (id.to_string(), types)).collect();
    Ok(Json(CheckReport { diagnostics, types, input: checked.map(|checked| checked.input) }))
}

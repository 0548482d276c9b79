//! `POST /api/v1/check`: what the compiler says of a graph, and the types that it found.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use flowcrate::types::Type;
use flowcrate_codegen::Diagnostic;
use flowcrate_codegen::check::Checked;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Raw;
use super::problem::{Problem, Result};
use super::schema::DiagnosticSchema;
use crate::app::App;

/// What the compiler says.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckReport {
    /// Everything that was found, errors first.
    #[schema(value_type = Vec<DiagnosticSchema>)]
    diagnostics: Vec<Diagnostic>,
    /// The nodes' outputs, where the graph has no error.
    #[serde(skip_serializing_if = "Option::is_none")]
    types: Option<BTreeMap<String, NodeTypes>>,
    /// What starts a run, where the graph has no error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    input: Option<Type>,
}

/// What a node gives.
#[derive(Debug, Serialize, ToSchema)]
struct NodeTypes {
    /// Type of `steps.<id>`; null where the node has no value.
    #[schema(value_type = Option<Object>)]
    output: Option<Type>,
    /// Its output handles with an edge.
    handles: Vec<String>,
}

/// Checks a graph without storing it; a malformed document is a diagnostic like any other.
#[utoipa::path(post, path = "/api/v1/check", tag = "compiler",
    request_body(content = Object, description = "A graph document"),
    responses((status = 200, body = CheckReport), (status = 413, body = Problem)))]
pub(super) async fn check(State(app): State<App>, Raw(source): Raw) -> Result<Json<CheckReport>> {
    let (checked, diagnostics) = app.check(source).await?;
    let types = checked.as_ref().map(types);
    Ok(Json(CheckReport { diagnostics, types, input: checked.map(|checked| checked.input) }))
}

fn types(checked: &Checked) -> BTreeMap<String, NodeTypes> {
    let nodes = checked.nodes.values();
    nodes
        .map(|node| {
            let types = NodeTypes { output: node.output.clone(), handles: node.wired.clone() };
            (node.id.to_string(), types)
        })
        .collect()
}

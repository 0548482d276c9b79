//! Workflows: list, create, read, replace, delete.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flowcrate::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::body::{Query, Raw};
use super::etag::{self, IfMatch};
use super::page::{Page, Paging};
use super::problem::{Problem, Result};
use super::schema::DiagnosticSchema;
use crate::app::App;
use crate::error::Error;
use crate::store::{Draft, Trigger, Workflow};

/// A workflow in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkflowSummary {
    /// Its id, `wf_…`.
    id: String,
    /// Its name, a slug.
    name: String,
    /// What it is for.
    description: String,
    /// Hash of its meaning.
    revision: String,
    /// What starts its runs.
    triggers: Vec<Trigger>,
    /// When it was first stored.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last stored.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A workflow with its document.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkflowDocument {
    #[serde(flatten)]
    summary: WorkflowSummary,
    /// The graph as it was sent, byte for byte.
    #[schema(value_type = Object)]
    graph: Box<RawValue>,
    /// The compiler's warnings.
    #[schema(value_type = Vec<DiagnosticSchema>)]
    diagnostics: Box<RawValue>,
}

impl From<Workflow> for WorkflowSummary {
    fn from(workflow: Workflow) -> Self {
        Self {
            id: workflow.id,
            name: workflow.name,
            description: workflow.description,
            revision: workflow.revision,
            triggers: workflow.triggers,
            created_at: Timestamp(workflow.created_at),
            updated_at: Timestamp(workflow.updated_at),
        }
    }
}

/// All workflows, oldest first.
#[utoipa::path(get, path = "/api/v1/workflows", operation_id = "list_workflows", tag = "workflows", params(Paging),
    responses((status = 200, body = Page<WorkflowSummary>), (status = 400, body = Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<WorkflowSummary>>> {
    let limit = paging.limit()?;
    let after = paging.cursor.unwrap_or_default();
    let found = app.store.workflows(&after, limit + 1).await?;
    let items = found.into_iter().map(WorkflowSummary::from).collect();
    Ok(Json(Page::new(items, limit, |item| item.id.clone())))
}

/// Stores a new workflow. Nothing is stored where the graph has an error.
#[utoipa::path(post, path = "/api/v1/workflows", operation_id = "create_workflow", tag = "workflows",
    request_body(content = Object, description = "A graph document"),
    responses((status = 201, body = WorkflowDocument), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(State(app): State<App>, Raw(source): Raw) -> Result<Response> {
    let draft = draft(&app, source).await?;
    let workflow = app.store.create(&draft, app.clock.now().0).await?;
    app.schedules_changed();
    let location = format!("/api/v1/workflows/{}", workflow.id);
    let mut response = document(StatusCode::CREATED, workflow)?;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// A workflow by id or name.
#[utoipa::path(get, path = "/api/v1/workflows/{id}", operation_id = "read_workflow", tag = "workflows",
    params(("id" = String, Path, description = "Id or name")),
    responses((status = 200, body = WorkflowDocument), (status = 304), (status = 404, body = Problem)))]
pub(super) async fn read(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let workflow = app.store.workflow(&key).await?;
    let etag = workflow.etag();
    if etag::unchanged(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    document(StatusCode::OK, workflow)
}

/// Replaces a workflow's graph. Runs that have started stay with the revision that they have.
#[utoipa::path(put, path = "/api/v1/workflows/{id}", operation_id = "replace_workflow", tag = "workflows",
    params(("id" = String, Path, description = "Id or name"),
        ("If-Match" = String, Header, description = "The ETag that was read, or *")),
    request_body(content = Object, description = "A graph document"),
    responses((status = 200, body = WorkflowDocument), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(super) async fn replace(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
    Raw(source): Raw,
) -> Result<Response> {
    let accepted = IfMatch::required(&headers)?;
    let current = app.store.workflow(&key).await?;
    if !accepted.accepts(&current.etag()) {
        // Before the graph is looked at: a stale writer's mistakes are of no interest.
        return Err(Error::Stale { current: current.etag() }.into());
    }
    let draft = draft(&app, source).await?;
    let now = app.clock.now().0;
    let workflow = app.store.replace(&key, |etag| accepted.accepts(etag), &draft, now).await?;
    app.schedules_changed();
    if let Err(error) = app.runs.relimit(&current.graph, &workflow).await {
        // It is stored; the next start says it, too.
        tracing::warn!(workflow = workflow.id, %error, "the engine was not told of its limit");
    }
    document(StatusCode::OK, workflow)
}

/// Deletes a workflow. Its runs go on and its history stays.
#[utoipa::path(delete, path = "/api/v1/workflows/{id}", operation_id = "delete_workflow", tag = "workflows",
    params(("id" = String, Path, description = "Id or name"),
        ("If-Match" = String, Header, description = "The ETag that was read, or *")),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 428, body = Problem)))]
pub(super) async fn delete(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let accepted = IfMatch::required(&headers)?;
    app.store.delete(&key, |etag| accepted.accepts(etag)).await?;
    app.schedules_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Compiles a document to what is stored of it.
async fn draft(app: &App, source: bytes::Bytes) -> Result<Draft> {
    app.draft(source).await?.map_err(Problem::faulty_graph)
}

fn document(status: StatusCode, workflow: Workflow) -> Result<Response> {
    let etag = workflow.etag();
    let raw = |text: &str, what| {
        RawValue::from_string(text.to_owned()).map_err(|source| Error::Corrupt { what, source })
    };
    let body = WorkflowDocument {
        graph: raw(&workflow.graph, "a graph")?,
        diagnostics: raw(&workflow.diagnostics, "diagnostics")?,
        summary: workflow.into(),
    };
    Ok((status, [(header::ETAG, etag)], Json(body)).into_response())
}

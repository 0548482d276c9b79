//! Schemas of the OpenAPI document for values that other crates define.
#![allow(dead_code)] // Only their shape is read, by the derive.

use serde_json::Value;
use utoipa::ToSchema;

/// One finding about a graph.
#[derive(ToSchema)]
#[schema(as = Diagnostic)]
pub(super) struct DiagnosticSchema {
    /// Stable code: `E301`; `GET /api/v1/diagnostics/E301` explains it.
    code: String,
    severity: SeveritySchema,
    /// What is wrong, for a person.
    message: String,
    /// Id of the node or edge at fault.
    node: Option<String>,
    /// JSON pointer into the node's `data`.
    field: Option<String>,
    span: Option<SpanSchema>,
    /// How to mend it.
    help: Option<String>,
    fix: Option<FixSchema>,
}

/// How grave a diagnostic is.
#[derive(ToSchema)]
#[schema(as = Severity, rename_all = "snake_case")]
enum SeveritySchema {
    Error,
    Warning,
}

/// A range of bytes in a field's text.
#[derive(ToSchema)]
#[schema(as = Span)]
struct SpanSchema {
    start: usize,
    end: usize,
}

/// A change that mends the graph.
#[derive(ToSchema)]
#[schema(as = Fix)]
struct FixSchema {
    /// What a button says.
    title: String,
    /// JSON Patch operations (RFC 6902) on the document.
    patch: Vec<Value>,
}

/// What a node gives.
#[derive(ToSchema)]
#[schema(as = NodeTypes)]
pub(super) struct NodeTypesSchema {
    /// Type of `steps.<id>`; absent where the node has no value, or none that is known.
    #[schema(value_type = Option<Object>)]
    output: Option<Value>,
    /// Its output handles, in the order in which a canvas shows them.
    handles: Vec<String>,
}

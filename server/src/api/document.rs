//! The last touches to the OpenAPI document, which say the same of every route.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::problem::MEDIA_TYPE;

/// Describes each response, gives problems their media type, and says that any other status than
/// those that a route names (a refused host, a body that is too large) is a problem too.
pub(super) fn finished(mut document: Value) -> Value {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(|paths| paths.values_mut());
    let operations = operations.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut());
    let responses = operations.filter_map(|operation| operation.get_mut("responses"));
    for responses in responses.filter_map(Value::as_object_mut) {
        responses.insert("default".to_owned(), problem());
        for (status, response) in responses.iter_mut() {
            describe(status, response);
        }
    }
    document
}

fn problem() -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    json!({ "description": "Any other problem", "content": { MEDIA_TYPE: { "schema": schema } } })
}

fn describe(status: &str, response: &mut Value) {
    let code = StatusCode::from_bytes(status.as_bytes()).ok();
    let Some(response) = response.as_object_mut() else { return };
    // OpenAPI wants a description; where a route says nothing more, it is the status in words.
    let words = code.and_then(|code| code.canonical_reason()).unwrap_or_default();
    response.entry("description").or_insert_with(|| words.into());
    let failed = code.is_some_and(|code| code.is_client_error() || code.is_server_error());
    let content = response.get_mut("content").and_then(Value::as_object_mut);
    if let Some(content) = content.filter(|_| failed)
        && let Some(schema) = content.remove("application/json")
    {
        content.insert(MEDIA_TYPE.to_owned(), schema);
    }
}

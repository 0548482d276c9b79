//! `webhookSchema`: a JSON text of `[{name, type, fields?, itemType?}]`, as JSON Schema.

use serde_json::{Map, Value, json};

use super::document::{Node, text};
use super::names::Known;
use super::references::Segment;

/// Deeper schemas are refused, as everywhere in a graph.
const DEEPEST: usize = 32;

/// The JSON Schema of a webhook's payload; `None` where the node declares none. All declared
/// fields are required: the original promises them to the nodes that follow.
pub(super) fn of_webhook(node: &Node) -> Result<Option<Value>, String> {
    let fields = match node.config.get("webhookSchema") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(source)) if source.trim().is_empty() => return Ok(None),
        Some(Value::String(source)) => {
            serde_json::from_str(source).map_err(|error| format!("it is no JSON: {error}"))?
        }
        Some(other) => other.clone(),
    };
    match fields {
        Value::Array(fields) if fields.is_empty() => Ok(None),
        Value::Array(fields) => object(&fields, 0).map(Some),
        // Some forks store JSON Schema itself.
        schema @ Value::Object(_) if schema.get("type").is_some_and(Value::is_string) => {
            Ok(Some(schema))
        }
        _ => Err("it is no list of fields".to_owned()),
    }
}

fn object(fields: &[Value], depth: usize) -> Result<Value, String> {
    if depth > DEEPEST {
        return Err(format!("it is nested more than {DEEPEST} deep"));
    }
    let mut properties = Map::new();
    for field in fields {
        let name = text(field.get("name")).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| "a field has no name".to_owned())?;
        let mut schema = of_field(field, depth).map_err(|why| format!("{why} (`{name}`)"))?;
        if let (Some(description), Some(schema)) =
            (text(field.get("description")), schema.as_object_mut())
        {
            schema.insert("description".into(), description.into());
        }
        properties.insert(name, schema);
    }
    let required: Vec<&String> = properties.keys().collect();
    Ok(json!({ "type": "object", "required": required, "properties": properties }))
}

fn of_field(field: &Value, depth: usize) -> Result<Value, String> {
    let inner = field.get("fields").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match text(field.get("type")).as_deref() {
        Some("array") => {
            let items = match text(field.get("itemType")).as_deref() {
                None if inner.is_empty() => json!({}),
                None | Some("object") => of_type("object", inner, depth)?,
                Some(scalar) => of_type(scalar, inner, depth)?,
            };
            Ok(json!({ "type": "array", "items": items }))
        }
        Some(word) => of_type(word, inner, depth),
        None => Ok(json!({})),
    }
}

fn of_type(word: &str, inner: &[Value], depth: usize) -> Result<Value, String> {
    match word {
        "object" if inner.is_empty() => Ok(json!({})),
        "object" => object(inner, depth + 1),
        "string" | "number" | "boolean" | "integer" => Ok(json!({ "type": word })),
        "any" => Ok(json!({})),
        other => Err(format!("`{other}` is no type of a field")),
    }
}

/// The schema of what `path` names.
pub(super) fn at<'a>(schema: &'a Value, path: &[Segment]) -> Option<&'a Value> {
    path.iter().try_fold(schema, |schema, segment| match segment {
        Segment::Name(name) => schema.get("properties")?.get(name),
        Segment::Index(_) => schema.get("items"),
    })
}

/// What a schema tells of a value.
pub(super) fn known(schema: &Value) -> Known {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => Known::Text,
        Some("number" | "integer") => Known::Number,
        Some("boolean") => Known::Bool,
        _ => Known::Any,
    }
}

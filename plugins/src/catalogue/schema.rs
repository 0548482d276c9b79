//! JSON Schema of a type.

use flowcrate::types::{RecordType, Type, UnionType};
use serde_json::{Map, Value, json};

/// The JSON Schema (2020-12) of the values of a type, for forms, API descriptions and models.
///
/// ```
/// use flowcrate_plugins::{Typed, json_schema};
///
/// assert_eq!(
///     json_schema(&<Vec<i64>>::ty()),
///     serde_json::json!({ "type": "array", "items": { "type": "integer" } })
/// );
/// ```
pub fn json_schema(ty: &Type) -> Value {
    match ty {
        Type::Null => json!({ "type": "null" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int => json!({ "type": "integer" }),
        Type::Number => json!({ "type": "number" }),
        Type::String => json!({ "type": "string" }),
        Type::Timestamp => json!({ "type": "string", "format": "date-time" }),
        Type::Duration => json!({ "type": "string", "format": "duration-text" }),
        Type::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Type::List { items } => json!({ "type": "array", "items": json_schema(items) }),
        Type::Map { values } => {
            json!({ "type": "object", "additionalProperties": json_schema(values) })
        }
        Type::Record(record) => of_record(record),
        Type::Enum(cases) => json!({ "enum": cases.values }),
        Type::Optional { some } => json!({ "anyOf": [json_schema(some), { "type": "null" }] }),
        Type::Any => json!({}),
        Type::Tuple { items } => {
            let (count, items) = (items.len(), items.iter().map(json_schema).collect::<Vec<_>>());
            json!({ "type": "array", "prefixItems": items, "minItems": count, "maxItems": count })
        }
        Type::Union(union) => {
            let choices: Vec<Value> =
                union.choices.iter().map(|(key, ty)| of_choice(union, key, ty)).collect();
            json!({ "oneOf": choices })
        }
        Type::Recursive(recursive) => {
            let defs = recursive.defs.iter().enumerate();
            let defs: Map<String, Value> =
                defs.map(|(at, def)| (at.to_string(), json_schema(def))).collect();
            json!({ "$ref": "#/$defs/0", "$defs": defs })
        }
        Type::Own { def } => json!({ "$ref": format!("#/$defs/{def}") }),
    }
}

fn of_choice(union: &UnionType, key: &str, choice: &Type) -> Value {
    let mut schema = json_schema(choice);
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(tag), Some(fields)) = (&union.tag, fields) {
        fields.insert(tag.clone(), json!({ "const": key }));
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.push(tag.as_str().into());
        }
    }
    schema
}

fn of_record(record: &RecordType) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, field) in &record.fields {
        let mut schema = json_schema(&field.ty);
        if let (Some(doc), Some(schema)) = (&field.doc, schema.as_object_mut()) {
            schema.insert("description".into(), doc.as_str().into());
        }
        if !matches!(field.ty, Type::Optional { .. } | Type::Any | Type::Null) {
            required.push(name.as_str());
        }
        properties.insert(name.clone(), schema);
    }
    let mut schema = json!({ "type": "object", "properties": properties, "required": required });
    if let (true, Some(schema)) = (record.closed, schema.as_object_mut()) {
        schema.insert("additionalProperties".into(), false.into());
    }
    if let (Some(name), Some(schema)) = (&record.name, schema.as_object_mut()) {
        schema.insert("title".into(), name.as_str().into());
    }
    schema
}

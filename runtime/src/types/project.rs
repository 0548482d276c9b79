//! Projection (S13): reading a raw value as a type.

use serde_json::{Map, Value};

use super::{Field, RecordType, Type};
use crate::values::{Bytes, Duration, Timestamp};

/// A raw value that is not of the type that it is read as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}{}", at(.path))]
pub struct ProjectError {
    /// Where in the value, `lines[2].price`; empty at the top.
    pub path: String,
    /// The type's display form.
    pub expected: String,
    /// What stands there: `null`, `the string "abc"`, `a list`.
    pub found: String,
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" (at `{path}`)") }
}

/// Reads `value` as a `ty`: the value in its canonical form, or where it is not one (S13).
///
/// It accepts exactly what serde accepts for the struct that the compiler emits for `ty`, and its
/// result is what that struct serialises to:
/// - an int accepts `3`, neither `3.5` nor `3.0`; a number accepts `3` and becomes `3.0`;
/// - unknown fields are dropped; absent and null are one, and both are left out of records (S10);
///   a field of type null, any or optional may be absent;
/// - timestamps, durations and bytes are text, and come out in their one canonical form;
/// - an enum accepts its own texts only; `any` accepts everything unchanged.
///
/// ```
/// use flowcrate::types::{Type, project};
/// use serde_json::json;
/// let order = Type::record([("id".to_owned(), Type::Int), ("note".to_owned(), Type::String.optional())]);
/// assert_eq!(project(&order, &json!({"id": 7, "note": null, "more": 1})), Ok(json!({"id": 7})));
/// let error = project(&order, &json!({"id": "seven"})).unwrap_err();
/// assert_eq!(error.to_string(), "expected int, found the string \"seven\" (at `id`)");
/// ```
pub fn project(ty: &Type, value: &Value) -> Result<Value, ProjectError> {
    let mismatch =
        || ProjectError { path: String::new(), expected: ty.to_string(), found: describe(value) };
    let projected = match (ty, value) {
        (Type::Any, value) => Some(value.clone()),
        (Type::Null | Type::Optional { .. }, Value::Null) => Some(Value::Null),
        (Type::Optional { some }, value) => return project(some, value),
        (Type::Bool, Value::Bool(_)) | (Type::String, Value::String(_)) => Some(value.clone()),
        (Type::Int, value) => value.as_i64().map(Value::from),
        (Type::Number, value) => value.as_f64().map(Value::from),
        (Type::Timestamp, Value::String(text)) => {
            text.parse::<Timestamp>().ok().map(|instant| instant.to_string().into())
        }
        (Type::Duration, Value::String(text)) => {
            text.parse::<Duration>().ok().map(|span| span.to_string().into())
        }
        (Type::Bytes, Value::String(text)) => {
            text.parse::<Bytes>().ok().map(|bytes| bytes.to_string().into())
        }
        (Type::Enum(texts), Value::String(text)) => {
            texts.values.contains(text).then(|| value.clone())
        }
        (Type::List { items }, Value::Array(values)) => Some(list(items, values)?),
        (Type::Map { values: ty }, Value::Object(entries)) => Some(map(ty, entries)?),
        (Type::Record(record), Value::Object(entries)) => Some(fields(record, entries)?),
        _ => None,
    };
    projected.ok_or_else(mismatch)
}

fn list(items: &Type, values: &[Value]) -> Result<Value, ProjectError> {
    let values = values
        .iter()
        .enumerate()
        .map(|(at, value)| project(items, value).map_err(|error| error.under(&format!("[{at}]"))));
    values.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn map(ty: &Type, entries: &Map<String, Value>) -> Result<Value, ProjectError> {
    let entries = entries.iter().map(|(key, value)| {
        let value = project(ty, value).map_err(|error| error.under(key))?;
        Ok((key.clone(), value))
    });
    entries.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn fields(record: &RecordType, entries: &Map<String, Value>) -> Result<Value, ProjectError> {
    let mut projected = Map::new();
    for (name, Field { ty, .. }) in &record.fields {
        let value = entries.get(name).unwrap_or(&Value::Null);
        if value.is_null() && ty.may_be_absent() {
            continue;
        }
        let value = project(ty, value).map_err(|error| error.under(name))?;
        projected.insert(name.clone(), value);
    }
    Ok(Value::Object(projected))
}

impl ProjectError {
    fn under(mut self, segment: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => segment.to_owned(),
            path if path.starts_with('[') => format!("{segment}{path}"),
            path => format!("{segment}.{path}"),
        };
        self
    }
}

/// A raw value in a message: short, and never its whole content.
pub(crate) fn describe(value: &Value) -> String {
    const SHOWN: usize = 40;
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => format!("the bool {bool}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() <= SHOWN => format!("the string {text:?}"),
        Value::String(text) => {
            let start: String = text.chars().take(SHOWN).collect();
            format!("the string {:?}", start + "…")
        }
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

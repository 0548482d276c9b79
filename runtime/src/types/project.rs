//! Projection (S13): reading a raw value as a type.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use super::{Field, RecordType, Shape, Type, UnionType, split_tag};
use crate::values::{Bytes, Duration, Timestamp};

/// A raw value that is not of the type that it is read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectError {
    /// Where in the value, `lines[2].price`; empty at the top.
    pub path: String,
    /// `expected an int, found null`, `is missing`.
    pub problem: String,
}

impl ProjectError {
    /// `found` where something of another form is `expected`: `a number or a string`.
    pub fn new(expected: &str, found: &Value) -> Self {
        let problem = format!("expected {expected}, found {}", describe(found));
        Self { path: String::new(), problem }
    }

    pub(super) fn missing(field: &str) -> Self {
        Self { path: field.to_owned(), problem: "is missing".to_owned() }
    }

    pub(super) fn unknown(field: &str) -> Self {
        Self { path: field.to_owned(), problem: "is not expected".to_owned() }
    }

    /// The fault of one choice of a union, whose place is told within the sentence: whoever reads
    /// the union as a Rust type gets no more than a sentence of it.
    fn of_choice(self) -> Self {
        Self { path: String::new(), problem: self.to_string() }
    }

    /// The same fault, told as one of a text that does not read as what it should be.
    pub(super) fn of_text(self, expected: &str, text: &str) -> Self {
        Self { path: self.path, ..Self::new(expected, &text.into()) }
    }

    /// Within the element at this place.
    pub(super) fn at(self, place: usize) -> Self {
        self.under(&format!("[{place}]"))
    }

    /// The same fault of the part at `segment` of the value, where it is in there.
    #[must_use]
    pub fn within(mut self, segment: &str) -> Self {
        if let Some(rest) = self.path.strip_prefix(segment)
            && (rest.is_empty() || rest.starts_with(['.', '[']))
        {
            self.path = rest.trim_start_matches('.').to_owned();
        }
        self
    }

    /// The same fault of a value in which this one stands at `segment`.
    #[must_use]
    pub fn under(mut self, segment: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => segment.to_owned(),
            path if path.starts_with('[') => format!("{segment}{path}"),
            path => format!("{segment}.{path}"),
        };
        self
    }
}

impl std::error::Error for ProjectError {}

impl fmt::Display for ProjectError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path.as_str(), self.problem.as_str()) {
            ("", problem) => out.write_str(problem),
            (path, problem @ ("is missing" | "is not expected")) => {
                write!(out, "`{path}` {problem}")
            }
            (path, problem) => write!(out, "{problem} (at `{path}`)"),
        }
    }
}

/// Reads `value` as a `ty`: the value in its canonical form, or where it is not one (S13).
///
/// It accepts exactly what serde accepts for the struct that the compiler emits for `ty`, and its
/// result is what that struct serialises to:
/// - an int accepts `3`, neither `3.5` nor `3.0`; a number accepts `3` and becomes `3.0`;
/// - unknown fields are dropped; absent and null are one, and both are left out of records (S10);
///   a field of type null, any or optional may be absent;
/// - timestamps, durations and bytes are text, and come out in their one canonical form;
/// - an enum accepts its own texts only; `any` accepts everything unchanged;
/// - a closed record accepts no other fields, a tuple no other number of elements;
/// - of a union, the form or the tag of a value says which choice it has to be.
///
/// ```
/// use flowcrate::types::{Type, project};
/// use serde_json::json;
/// let order = Type::record([("id".to_owned(), Type::Int), ("note".to_owned(), Type::String.optional())]);
/// assert_eq!(project(&order, &json!({"id": 7, "note": null, "more": 1})), Ok(json!({"id": 7})));
/// let error = project(&order, &json!({"id": "seven"})).unwrap_err();
/// assert_eq!(error.to_string(), "expected an int, found the string \"seven\" (at `id`)");
/// ```
pub fn project(ty: &Type, value: &Value) -> Result<Value, ProjectError> {
    Projection { defs: &[] }.read(ty, value)
}

/// Reads within the definitions of the recursive type around.
#[derive(Clone, Copy)]
struct Projection<'t> {
    defs: &'t [Type],
}

impl<'t> Projection<'t> {
    fn read(self, ty: &'t Type, value: &Value) -> Result<Value, ProjectError> {
        let projected = match (ty, value) {
            (Type::Any, value) => Some(value.clone()),
            (Type::Null | Type::Optional { .. }, Value::Null) => Some(Value::Null),
            (Type::Optional { some }, value) => return self.read(some, value),
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
            (Type::List { items }, Value::Array(values)) => Some(self.list(items, values)?),
            (Type::Tuple { items }, Value::Array(values)) if items.len() == values.len() => {
                Some(self.tuple(items, values)?)
            }
            (Type::Map { values: ty }, Value::Object(entries)) => Some(self.map(ty, entries)?),
            (Type::Record(record), Value::Object(entries)) => Some(self.fields(record, entries)?),
            (Type::Union(union), value) => return self.choice(union, value),
            (Type::Recursive(recursive), value) => {
                let within = Projection { defs: &recursive.defs };
                return within.read(&Type::Own { def: 0 }, value);
            }
            (Type::Own { def }, value) => match self.defs.get(*def) {
                Some(ty) => return self.read(ty, value),
                None => None,
            },
            _ => None,
        };
        projected.ok_or_else(|| ProjectError::new(&expected(ty), value))
    }

    fn list(self, items: &'t Type, values: &[Value]) -> Result<Value, ProjectError> {
        let values = values
            .iter()
            .enumerate()
            .map(|(at, value)| self.read(items, value).map_err(|error| error.at(at)));
        values.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn tuple(self, items: &'t [Type], values: &[Value]) -> Result<Value, ProjectError> {
        let elements = items
            .iter()
            .zip(values)
            .enumerate()
            .map(|(at, (ty, value))| self.read(ty, value).map_err(|error| error.at(at)));
        elements.collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    fn map(self, ty: &'t Type, entries: &Map<String, Value>) -> Result<Value, ProjectError> {
        let entries = entries.iter().map(|(key, value)| {
            let value = self.read(ty, value).map_err(|error| error.under(key))?;
            Ok((key.clone(), value))
        });
        entries.collect::<Result<Map<_, _>, _>>().map(Value::Object)
    }

    fn fields(
        self,
        record: &'t RecordType,
        entries: &Map<String, Value>,
    ) -> Result<Value, ProjectError> {
        let mut projected = Map::new();
        let mut names: Vec<&String> = entries.keys().collect();
        names.sort_unstable();
        for name in names {
            match (record.fields.get(name), entries.get(name)) {
                (Some(Field { ty, .. }), Some(value)) => {
                    let value = self.read(ty, value).map_err(|error| error.under(name))?;
                    if !value.is_null() {
                        projected.insert(name.clone(), value);
                    }
                }
                _ if record.closed => return Err(ProjectError::unknown(name)),
                _ => {}
            }
        }
        // After the fields that are there, as serde does.
        for (name, Field { ty, .. }) in &record.fields {
            if !entries.contains_key(name) && !ty.may_be_absent() {
                return Err(ProjectError::missing(name));
            }
        }
        Ok(Value::Object(projected))
    }

    fn choice(self, union: &'t UnionType, value: &Value) -> Result<Value, ProjectError> {
        let Some(tag) = &union.tag else {
            let choice = Shape::of(value).and_then(|shape| union.of_shape(shape));
            let choice = choice.ok_or_else(|| ProjectError::new(&union.forms(), value))?;
            return self.read(choice, value).map_err(ProjectError::of_choice);
        };
        let tags: Vec<&str> = union.choices.keys().map(String::as_str).collect();
        let (text, rest) = split_tag(value, tag, &tags).map_err(ProjectError::of_choice)?;
        let choice = union.choices.get(&text).unwrap_or(&Type::Any);
        let mut value = self.read(choice, &rest).map_err(ProjectError::of_choice)?;
        if let Value::Object(entries) = &mut value {
            entries.insert(tag.clone(), text.into());
        }
        Ok(value)
    }
}

/// A type in a message about a value. Emitted code says the same, see [`decode`](super::decode).
fn expected(ty: &Type) -> String {
    match ty {
        Type::Null => "null".to_owned(),
        Type::Bool => "a bool".to_owned(),
        Type::Int => "an int".to_owned(),
        Type::Number => "a number".to_owned(),
        Type::String => "a string".to_owned(),
        Type::Timestamp => "a timestamp".to_owned(),
        Type::Duration => "a duration".to_owned(),
        Type::Bytes => "base64 text".to_owned(),
        Type::List { .. } => "a list".to_owned(),
        Type::Tuple { items } => tuple_of(items.len()),
        Type::Map { .. } | Type::Record(_) => "an object".to_owned(),
        Type::Enum(texts) => one_of(texts.values.iter().map(String::as_str)),
        Type::Optional { some } => expected(some),
        // Their own parts say what they expect.
        Type::Union(_) | Type::Recursive(_) | Type::Own { .. } | Type::Any => "anything".to_owned(),
    }
}

/// A tuple in a message about a value.
pub(super) fn tuple_of(length: usize) -> String {
    let plural = if length == 1 { "" } else { "s" };
    format!("a list of {length} element{plural}")
}

/// `"a", "b" or "c"`.
pub(super) fn one_of<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let count = texts.len();
    let mut list = String::new();
    for (at, text) in texts.enumerate() {
        if at == SHOWN {
            list.push_str(", …");
            break;
        }
        list.push_str(if at == 0 {
            ""
        } else if at + 1 == count {
            " or "
        } else {
            ", "
        });
        // Writing to a string does not fail.
        let _ = write!(list, "{text:?}");
    }
    list
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

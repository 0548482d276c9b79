//! Values of one of several unlike types, told apart by their form or by a tag.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Type;
use super::project::{ProjectError, one_of};

/// One of several unlike types.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnionType {
    /// A name that context suggests; plays no part in equality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The field whose text says which choice a value is. Without it their forms do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The choices: records without the tag, by its text; or types by the name of their
    /// [`Shape`], of which each has another.
    pub choices: BTreeMap<String, Type>,
}

/// The forms that JSON has for values that are not null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// `true`.
    Bool,
    /// `[…]`.
    List,
    /// `1.5`.
    Number,
    /// `{…}`.
    Object,
    /// `"…"`.
    Text,
}

impl Shape {
    /// The form of a value; null has none.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Bool),
            Value::Number(_) => Some(Self::Number),
            Value::String(_) => Some(Self::Text),
            Value::Array(_) => Some(Self::List),
            Value::Object(_) => Some(Self::Object),
        }
    }

    /// Its name among the choices of a union.
    pub fn key(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::List => "list",
            Self::Number => "number",
            Self::Object => "object",
            Self::Text => "text",
        }
    }
}

impl Type {
    /// The form that all values of this type have, where they have one.
    pub fn shape(&self) -> Option<Shape> {
        match self {
            Self::Bool => Some(Shape::Bool),
            Self::Int | Self::Number => Some(Shape::Number),
            Self::String | Self::Timestamp | Self::Duration | Self::Bytes | Self::Enum(_) => {
                Some(Shape::Text)
            }
            Self::List { .. } | Self::Tuple { .. } => Some(Shape::List),
            Self::Map { .. } | Self::Record(_) => Some(Shape::Object),
            Self::Union(union) => union.tag.as_ref().map(|_| Shape::Object),
            Self::Recursive(recursive) => recursive.defs.first().and_then(Self::shape),
            Self::Null | Self::Optional { .. } | Self::Any | Self::Own { .. } => None,
        }
    }
}

impl UnionType {
    /// The choice of a type of this form, of a union without a tag.
    pub fn of_shape(&self, shape: Shape) -> Option<&Type> {
        if self.tag.is_some() { None } else { self.choices.get(shape.key()) }
    }

    /// The forms of the choices, for a message: `a bool or a string`.
    pub fn forms(&self) -> String {
        let names: Vec<&str> = self
            .choices
            .keys()
            .map(|key| match key.as_str() {
                "bool" => "a bool",
                "list" => "a list",
                "number" => "a number",
                "object" => "an object",
                _ => "a string",
            })
            .collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => names.concat(),
        }
    }
}

/// An object of a union with a tag: the tag's text, and the object without it. `tags` are those
/// that there are.
pub fn split_tag(value: &Value, tag: &str, tags: &[&str]) -> Result<(String, Value), ProjectError> {
    let Value::Object(entries) = value else { return Err(ProjectError::new("an object", value)) };
    let found = entries.get(tag).filter(|found| !found.is_null());
    let Some(found) = found else { return Err(ProjectError::missing(tag)) };
    match found.as_str().filter(|text| tags.contains(text)) {
        Some(text) => {
            let rest = entries.iter().filter(|(name, _)| *name != tag);
            let rest: Map<String, Value> =
                rest.map(|(name, value)| (name.clone(), value.clone())).collect();
            Ok((text.to_owned(), Value::Object(rest)))
        }
        None => Err(ProjectError::new(&one_of(tags.iter().copied()), found).under(tag)),
    }
}

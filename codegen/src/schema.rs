//! Types from JSON Schema (2020-12, a subset) and from samples (S12).

use flowcrate::types::Type;
use serde_json::Value;

/// One finding about a schema or sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaIssue {
    /// Stable code with a page of its own, E32x.
    pub code: &'static str,
    /// JSON pointer into the schema or sample.
    pub pointer: String,
    /// Lower case, no full stop, found against expected.
    pub message: String,
    /// An instruction: how to mend it.
    pub help: Option<String>,
}

/// The type of the values that `schema` describes.
pub fn from_schema(_schema: &Value) -> Result<Type, Vec<SchemaIssue>> {
    Ok(Type::Any)
}

/// The type of `sample`: what is null or missing in one element of a list is optional.
pub fn from_sample(sample: &Value) -> Result<Type, Vec<SchemaIssue>> {
    from_samples(std::slice::from_ref(sample))
}

/// The one type of several samples, unified (S11); `any` of none.
pub fn from_samples(_samples: &[Value]) -> Result<Type, Vec<SchemaIssue>> {
    Ok(Type::Any)
}

//! What expressions read, and renaming of what they read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Expr, Name, Reference, ReferenceAt, Template};

/// The names that a field's text reads, in order of their places.
pub fn references(_template: &Template) -> Vec<ReferenceAt> {
    Vec::new()
}

/// The names that the texts in a JSON value read, each with the JSON pointer of its text.
/// Texts that do not parse read nothing: checking them says why.
pub fn json_references(_value: &Value) -> Vec<(String, ReferenceAt)> {
    Vec::new()
}

/// The names that a typed expression reads.
pub fn names_read(_expr: &Expr) -> BTreeSet<Name> {
    BTreeSet::new()
}

/// `text` with the ids of its references replaced by what `new_id` gives; `None` keeps an id.
/// Everything else stays byte for byte; text that does not parse stays whole.
pub fn rename(text: &str, _new_id: &dyn Fn(&Reference) -> Option<String>) -> String {
    text.to_owned()
}

//! Objects: records, and maps where only `additionalProperties` says something.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::types::{Field, RecordType, Type};
use serde_json::{Map, Value};

use super::{Reader, combined};
use crate::diagnostic::{code, nearest};

/// What is said of a field: its description, what its absence means, and whether it is of the past.
pub(super) fn doc(keywords: &Map<String, Value>) -> Option<String> {
    let default = keywords.get("default").filter(|default| !default.is_null());
    let parts = [
        keyword(keywords, "description").map(ended),
        default.map(|default| format!("Where it is absent, {default} is meant.")),
        (keywords.get("deprecated") == Some(&Value::Bool(true))).then(|| "Deprecated.".to_owned()),
    ];
    match parts {
        // Alone it stays as it was written.
        [_, None, None] => keyword(keywords, "description"),
        parts => Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" ")),
    }
}

/// A text with a full stop, if it has no end of its own.
fn ended(text: String) -> String {
    if text.trim_end().ends_with(['.', '!', '?']) { text } else { text.trim_end().to_owned() + "." }
}

/// A keyword's text.
pub(super) fn keyword(keywords: &Map<String, Value>, key: &str) -> Option<String> {
    keywords.get(key).and_then(Value::as_str).map(str::to_owned).filter(|text| !text.is_empty())
}

impl<'s> Reader<'s> {
    pub(super) fn object(
        &mut self,
        keywords: &'s Map<String, Value>,
        depth: usize,
    ) -> Option<Type> {
        let properties = match keywords.get("properties") {
            None => return self.map(keywords, depth),
            Some(Value::Object(properties)) => properties,
            Some(_) => {
                let help = "write `\"properties\": {\"name\": {\"type\": \"string\"}}`";
                return self.wrong(
                    code::BAD_SCHEMA,
                    "properties",
                    "properties are an object",
                    help,
                );
            }
        };
        let required = self.required(keywords)?;
        if !combined::is_combined(keywords) {
            self.known(&required, &properties.keys().map(String::as_str).collect::<Vec<_>>())?;
        }
        if keywords.get("additionalProperties").is_some_and(Value::is_object) {
            self.unchecked("additionalProperties");
        }
        let mut fields = BTreeMap::new();
        let mut complete = true;
        for (name, schema) in properties {
            let ty = self.within("properties", |reader| reader.under(name, schema, depth));
            let Some(ty) = ty else {
                complete = false;
                continue;
            };
            let ty = if required.contains(&name.as_str()) { ty } else { ty.optional() };
            fields.insert(name.clone(), Field { ty, doc: schema.as_object().and_then(doc) });
        }
        let closed = keywords.get("additionalProperties") == Some(&Value::Bool(false));
        let record = RecordType { name: keyword(keywords, "title"), fields, closed };
        complete.then(|| Type::Record(Arc::new(record)))
    }

    /// The names that must be there.
    pub(super) fn required(&mut self, keywords: &'s Map<String, Value>) -> Option<Vec<&'s str>> {
        let help = "write `\"required\": [\"name\"]`";
        let names = match keywords.get("required") {
            None => return Some(Vec::new()),
            Some(Value::Array(names)) => names,
            Some(_) => {
                return self.wrong(code::BAD_SCHEMA, "required", "`required` is a list", help);
            }
        };
        match names.iter().map(Value::as_str).collect() {
            Some(names) => Some(names),
            None => self.wrong(code::BAD_SCHEMA, "required", "`required` holds texts", help),
        }
    }

    /// Whether all required names are among the properties.
    pub(super) fn known(&mut self, required: &[&str], properties: &[&str]) -> Option<()> {
        let Some(missing) = required.iter().find(|name| !properties.contains(*name)) else {
            return Some(());
        };
        let near = nearest(missing, properties.iter().copied())
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let message = format!("`{missing}` is required, but not among the properties{near}");
        let help = "add it to `properties`";
        self.wrong(code::BAD_SCHEMA, "required", message, help)
    }

    /// An object without `properties`.
    fn map(&mut self, keywords: &'s Map<String, Value>, depth: usize) -> Option<Type> {
        if keywords.contains_key("required") && !combined::is_combined(keywords) {
            self.unchecked("required");
        }
        match keywords.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                let (name, fields) = (keyword(keywords, "title"), BTreeMap::new());
                Some(Type::Record(Arc::new(RecordType { name, fields, closed: true })))
            }
            None | Some(Value::Bool(true)) => Some(Type::map(Type::Any)),
            Some(values) => self.under("additionalProperties", values, depth).map(Type::map),
        }
    }
}

//! What a schema says beyond types: the part of it that `flowcrate::types::meets` asks of a value.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::recursion::resolved;
use crate::expr::walk::push_segment;

/// What is asked of a value beyond its type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// The schema without what its type says and what only documents it; none where that is all.
    pub(crate) schema: Option<Value>,
    /// Where a constraint stands that even this does not ask.
    pub(crate) unasked: BTreeSet<String>,
}

/// What is asked of values of a schema that has these constraints.
pub(crate) fn asked(schema: &Value, constraints: &BTreeSet<String>) -> Asked {
    let is_asked = |place: &&String| match place.rsplit('/').next() {
        Some("unevaluatedProperties") => false,
        Some("pattern") => is_pattern(schema.pointer(place)),
        _ => true,
    };
    let (asked, unasked): (BTreeSet<_>, BTreeSet<_>) =
        constraints.iter().cloned().partition(|place| is_asked(&place));
    let reader = Reader { root: schema, asked: &asked, unasked: &unasked };
    let schema = if asked.is_empty() { None } else { reader.part(schema, "", false) };
    Asked { schema, unasked }
}

/// Whether the language has a pattern: it has no look-around and no back references.
fn is_pattern(pattern: Option<&Value>) -> bool {
    let pattern = pattern.and_then(Value::as_str);
    pattern.is_some_and(|pattern| flowcrate::expr::regex_check(pattern).is_ok())
}

/// Whether a value of this schema is asked whether it matches a pattern.
pub(crate) fn has_pattern(asked: &Value) -> bool {
    match asked {
        Value::Object(keywords) => keywords
            .iter()
            .any(|(key, value)| (key == "pattern" && value.is_string()) || has_pattern(value)),
        Value::Array(values) => values.iter().any(has_pattern),
        _ => false,
    }
}

/// The same schema as a part of another, at this place: what it refers to has moved there.
pub(crate) fn moved(schema: &Value, place: &str) -> Value {
    match schema {
        Value::Object(keywords) => {
            let keywords = keywords.iter().map(|(key, value)| {
                let target = value.as_str().filter(|_| key == "$ref");
                let target = target.and_then(|target| target.strip_prefix('#'));
                let there = target.map(|target| json!(format!("#{place}{target}")));
                (key.clone(), there.unwrap_or_else(|| moved(value, place)))
            });
            Value::Object(keywords.collect())
        }
        Value::Array(values) => values.iter().map(|value| moved(value, place)).collect(),
        other => other.clone(),
    }
}

/// Keywords that say something of the value itself and hold no schemas.
const PLAIN: [&str; 16] = [
    "const",
    "dependentRequired",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "uniqueItems",
];

struct Reader<'s> {
    root: &'s Value,
    asked: &'s BTreeSet<String>,
    unasked: &'s BTreeSet<String>,
}

impl Reader<'_> {
    /// The part of a schema that is asked; of a choice, which must be told from others, the `whole`
    /// of it but for its documentation.
    fn part(&self, schema: &Value, place: &str, whole: bool) -> Option<Value> {
        let Value::Object(keywords) = schema else { return whole.then(|| schema.clone()) };
        if !whole && !self.matters(schema, place) {
            return None;
        }
        let mut kept = Map::new();
        // What other fields may be is said of those that are not listed.
        let closed = keywords.get("additionalProperties").filter(|more| {
            whole || more.is_object() || self.asked.contains(&at(place, "additionalProperties"))
        });
        for (key, value) in keywords {
            let here = at(place, key);
            let part = match key.as_str() {
                "properties" => self.each(value, &here, whole, closed.is_some()),
                "$defs" | "definitions" => self.each(value, &here, true, true),
                "items" | "prefixItems" if value.is_array() => self.list(value, &here, whole),
                "allOf" => self.list(value, &here, whole),
                "items" | "propertyNames" => self.part(value, &here, whole),
                "additionalProperties" => closed.and_then(|_| self.part(value, &here, true)),
                "oneOf" | "anyOf" if whole || self.matters(value, &here) => {
                    self.list(value, &here, true)
                }
                "$ref" => Some(value.clone()),
                "type" | "required" | "nullable" => {
                    (whole || self.asked.contains(&here)).then(|| value.clone())
                }
                "const" | "enum" => (whole || self.asked.contains(&here)).then(|| value.clone()),
                key if PLAIN.contains(&key) => {
                    (!self.unasked.contains(&here)).then(|| value.clone())
                }
                // What a reference leads to may stand anywhere.
                _ if place.is_empty() && value.is_object() && refers(self.root) => {
                    Some(value.clone())
                }
                _ => None,
            };
            kept.extend(part.map(|part| (key.clone(), part)));
        }
        Some(Value::Object(kept))
    }

    /// The parts of named schemas; those without one are left out unless `all` are wanted.
    fn each(&self, schemas: &Value, place: &str, whole: bool, all: bool) -> Option<Value> {
        let mut kept = Map::new();
        for (name, schema) in schemas.as_object()? {
            let part = self.part(schema, &at(place, name), whole);
            kept.extend(part.or_else(|| all.then(|| json!({}))).map(|part| (name.clone(), part)));
        }
        (!kept.is_empty()).then_some(Value::Object(kept))
    }

    /// The parts of listed schemas, each in its place.
    fn list(&self, schemas: &Value, place: &str, whole: bool) -> Option<Value> {
        let schemas = schemas.as_array()?.iter().enumerate();
        let parts = schemas.map(|(number, schema)| {
            self.part(schema, &at(place, &number.to_string()), whole).unwrap_or_else(|| json!({}))
        });
        Some(parts.collect())
    }

    /// Whether anything is asked here, or of what stands within or is referred to from there.
    fn matters(&self, schema: &Value, place: &str) -> bool {
        self.asked_at(place) || self.refers_to_asked(schema, &mut BTreeSet::new())
    }

    fn asked_at(&self, place: &str) -> bool {
        let within = format!("{place}/");
        let next = self.asked.range(within.clone()..).next();
        self.asked.contains(place) || next.is_some_and(|asked| asked.starts_with(&within))
    }

    /// Whether a reference within a schema leads to where something is asked.
    fn refers_to_asked<'v>(&'v self, schema: &'v Value, seen: &mut BTreeSet<&'v str>) -> bool {
        match schema {
            Value::Object(keywords) => {
                let target = keywords.get("$ref").and_then(Value::as_str);
                let leads = target.filter(|target| seen.insert(target)).is_some_and(|target| {
                    let there = resolved(self.root, target);
                    self.asked_at(target.trim_start_matches('#'))
                        || there.is_some_and(|schema| self.refers_to_asked(schema, seen))
                });
                leads || keywords.values().any(|value| self.refers_to_asked(value, seen))
            }
            Value::Array(values) => values.iter().any(|value| self.refers_to_asked(value, seen)),
            _ => false,
        }
    }
}

fn at(place: &str, segment: &str) -> String {
    let mut pointer = place.to_owned();
    push_segment(&mut pointer, segment);
    pointer
}

/// Whether a schema refers to anything.
fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(keywords) => {
            keywords.get("$ref").is_some_and(Value::is_string) || keywords.values().any(refers)
        }
        Value::Array(values) => values.iter().any(refers),
        _ => false,
    }
}

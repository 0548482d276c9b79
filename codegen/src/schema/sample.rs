//! Types from samples: what several values at one place have in common.

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::types::Type;
use serde_json::Value;

use super::{DEPTH_LIMIT, Declared, SchemaIssue};
use crate::diagnostic::{Severity, code};
use crate::expr::walk::push_segment;

/// The type of `sample`: what is null or missing in one element of a list is optional.
///
/// Text stays a string, whatever it looks like. Where nothing but null was seen, or a list is
/// empty, the type is any.
///
/// ```
/// use flowcrate_codegen::schema::from_sample;
/// use serde_json::json;
/// let declared = from_sample(&json!({"lines": [{"n": 1}, {"n": 2.5, "note": "x"}]})).unwrap();
/// assert_eq!(declared.ty.to_string(), "{lines: list<{n: number, note?: string}>}");
/// ```
pub fn from_sample(sample: &Value) -> Result<Declared, Vec<SchemaIssue>> {
    from_samples(std::slice::from_ref(sample))
}

/// The one type of several samples, unified (S11); `any` of none.
///
/// Where they have nothing in common the type is any, and a warning says so: a sample cannot be
/// told to be something else, and a schema can say what is meant.
pub fn from_samples(samples: &[Value]) -> Result<Declared, Vec<SchemaIssue>> {
    let mut issues = Vec::new();
    let ty = infer(&samples.iter().collect::<Vec<_>>(), &mut String::new(), 0, &mut issues);
    if issues.iter().any(|issue| issue.severity == Severity::Error) {
        return Err(issues);
    }
    Ok(Declared { ty, warnings: issues, constraints: BTreeSet::new() })
}

fn infer(
    values: &[&Value],
    pointer: &mut String,
    depth: usize,
    issues: &mut Vec<SchemaIssue>,
) -> Type {
    let there: Vec<&Value> = values.iter().copied().filter(|value| !value.is_null()).collect();
    if there.is_empty() {
        return Type::Any;
    }
    let ty = if depth > DEPTH_LIMIT {
        issues.push(
            SchemaIssue::new(code::SCHEMA_TOO_LARGE, pointer, "the sample is nested too deeply")
                .help("give a flatter sample, or a schema"),
        );
        Type::Any
    } else if there.iter().all(|value| value.is_boolean()) {
        Type::Bool
    } else if there.iter().all(|value| value.is_i64()) {
        Type::Int
    } else if there.iter().all(|value| value.is_number()) {
        Type::Number
    } else if there.iter().all(|value| value.is_string()) {
        Type::String
    } else if there.iter().all(|value| value.is_array()) {
        let elements: Vec<&Value> = there.iter().filter_map(|v| v.as_array()).flatten().collect();
        at("0", pointer, |pointer| Type::list(infer(&elements, pointer, depth + 1, issues)))
    } else if there.iter().all(|value| value.is_object()) {
        record(&there, pointer, depth, issues)
    } else {
        let kinds: BTreeSet<&str> = there.iter().map(|value| kind(value)).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let message = format!(
            "the samples have no common type here, which makes it any: {}",
            kinds.join(" and ")
        );
        issues.push(
            SchemaIssue::new(code::SAMPLES_DIFFER, pointer, message)
                .help("give samples of one type; or a schema, with `{}` here, where any is meant"),
        );
        Type::Any
    };
    if there.len() < values.len() { ty.optional() } else { ty }
}

fn record(
    values: &[&Value],
    pointer: &mut String,
    depth: usize,
    issues: &mut Vec<SchemaIssue>,
) -> Type {
    const ABSENT: &Value = &Value::Null;
    let objects: Vec<_> = values.iter().filter_map(|value| value.as_object()).collect();
    let names: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
    let fields: BTreeMap<String, Type> = names
        .into_iter()
        .map(|name| {
            let values: Vec<&Value> =
                objects.iter().map(|object| object.get(name).unwrap_or(ABSENT)).collect();
            let ty = at(name, pointer, |pointer| infer(&values, pointer, depth + 1, issues));
            (name.clone(), ty)
        })
        .collect();
    Type::record(fields)
}

fn at<T>(segment: &str, pointer: &mut String, infer: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    push_segment(pointer, segment);
    let result = infer(pointer);
    pointer.truncate(length);
    result
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

//! Examples that a schema's constraints let through, where they can be made.

use flowcrate::types::{Type, meets};
use serde_json::{Map, Value, json};

use super::example;

/// An example of `ty` that is also what `asked` says, as far as it goes: nobody can make text from
/// a pattern. Whoever needs to know asks [`meets`].
pub(crate) fn example_of(ty: &Type, asked: Option<&Value>) -> Value {
    let plain = example(ty);
    let Some(schema) = asked else { return plain };
    if meets(schema, &plain).is_ok() {
        return plain;
    }
    fitted(schema, schema, plain, DEPTH)
}

/// Schemas within each other that are looked into.
const DEPTH: usize = 32;
/// More elements, or characters, than anybody would read.
const MOST: u64 = 200;

/// The value changed to what the schema says.
fn fitted(root: &Value, schema: &Value, value: Value, depth: usize) -> Value {
    let (Value::Object(keywords), Some(depth)) = (schema, depth.checked_sub(1)) else {
        return value;
    };
    let listed = keywords.get("enum").and_then(Value::as_array);
    let listed = listed.and_then(|values| values.iter().find(|value| !value.is_null()));
    if let Some(constant) = keywords.get("const").or(listed) {
        return constant.clone();
    }
    let target = keywords.get("$ref").and_then(Value::as_str);
    let target = target.and_then(|target| root.pointer(target.strip_prefix('#')?));
    let all = keywords.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let value =
        target.into_iter().chain(all).fold(value, |value, part| fitted(root, part, value, depth));
    match value {
        Value::Number(number) => fitted_number(keywords, &number),
        Value::String(text) => Value::String(fitted_text(keywords, text)),
        Value::Array(values) => {
            let items = keywords.get("items").unwrap_or(&Value::Null);
            let fit = |value| fitted(root, items, value, depth);
            let mut values: Vec<Value> = values.into_iter().map(fit).collect();
            let least = bound(keywords, "minItems").unwrap_or_default().min(MOST);
            while let (true, Some(first)) = ((values.len() as u64) < least, values.first()) {
                values.push(first.clone());
            }
            let most = bound(keywords, "maxItems").unwrap_or(u64::MAX);
            values.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            Value::Array(values)
        }
        Value::Object(entries) => fitted_object(root, keywords, entries, depth),
        other => other,
    }
}

fn fitted_object(
    root: &Value,
    keywords: &Map<String, Value>,
    entries: Map<String, Value>,
    depth: usize,
) -> Value {
    let known = keywords.get("properties").and_then(Value::as_object);
    let more = keywords.get("additionalProperties").unwrap_or(&Value::Null);
    let any = entries.values().next().cloned().unwrap_or_else(|| json!("text"));
    let mut fit = Map::new();
    for (name, value) in entries {
        let schema = known.and_then(|known| known.get(&name)).unwrap_or(more);
        fit.insert(name, fitted(root, schema, value, depth));
    }
    // Of a map that must have certain keys.
    let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        fit.entry(name).or_insert_with(|| fitted(root, more, any.clone(), depth));
    }
    Value::Object(fit)
}

fn bound(keywords: &Map<String, Value>, key: &str) -> Option<u64> {
    keywords.get(key).and_then(Value::as_u64)
}

fn fitted_text(keywords: &Map<String, Value>, mut text: String) -> String {
    let least = bound(keywords, "minLength").unwrap_or_default().min(MOST);
    while (text.chars().count() as u64) < least {
        text.push('x');
    }
    match bound(keywords, "maxLength").and_then(|most| usize::try_from(most).ok()) {
        Some(most) => text.chars().take(most).collect(),
        None => text,
    }
}

/// The number within its bounds, a whole one where it was.
fn fitted_number(keywords: &Map<String, Value>, number: &serde_json::Number) -> Value {
    let of = |key: &str| keywords.get(key).and_then(Value::as_f64);
    let step = of("multipleOf").filter(|step| *step > 0.0);
    let whole = number.is_i64();
    let gap = step.unwrap_or(1.0);
    let least = of("minimum").into_iter().chain(of("exclusiveMinimum").map(|bound| bound + gap));
    let most = of("maximum").into_iter().chain(of("exclusiveMaximum").map(|bound| bound - gap));
    let mut found = number.as_f64().unwrap_or_default();
    found = least.fold(found, f64::max);
    found = most.fold(found, f64::min);
    if let Some(step) = step {
        found = (found / step).ceil() * step;
    }
    #[expect(clippy::cast_possible_truncation, reason = "an int's bounds are near those of an int")]
    if whole { json!(found.ceil() as i64) } else { json!(found) }
}

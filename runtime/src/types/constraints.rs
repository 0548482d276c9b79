//! What a JSON Schema says of values beyond their type: bounds, patterns, numbers of elements.
//!
//! Types are what the language computes with; constraints are asked once, of what comes from
//! outside, by this one function in the server, in the host and in an engine.

use serde_json::{Map, Value};

use super::project::{ProjectError, one_of};

/// Schemas within each other that are followed; values nest less deep than this.
const DEPTH: usize = 512;

/// Whether `value`, which was read as the type that `schema` gives, is what the schema says beyond
/// that. Null is absence, of which a constraint says nothing.
///
/// ```
/// use flowcrate::types::meets;
/// use serde_json::json;
///
/// let schema = json!({"properties": {"lines": {"items": {"properties": {"count": {"minimum": 1}}}}}});
/// assert!(meets(&schema, &json!({"lines": [{"count": 1}]})).is_ok());
/// let refused = meets(&schema, &json!({"lines": [{"count": 1}, {"count": 0}]})).unwrap_err();
/// assert_eq!(refused.to_string(),
///     "expected at least 1, found the number 0 (at `lines[1].count`)");
/// ```
pub fn meets(schema: &Value, value: &Value) -> Result<(), ProjectError> {
    Meeting { root: schema, depth: 0 }.schema(schema, value)
}

/// Where a schema is read: within the document that its references are about.
#[derive(Clone, Copy)]
struct Meeting<'s> {
    root: &'s Value,
    depth: usize,
}

type Met = Result<(), ProjectError>;

/// A fault in words of its own.
fn fault(problem: impl Into<String>) -> ProjectError {
    ProjectError { path: String::new(), problem: problem.into() }
}

impl Meeting<'_> {
    fn schema(self, schema: &Value, value: &Value) -> Met {
        if self.depth > DEPTH {
            return Err(fault("is nested too deeply"));
        }
        let within = Meeting { depth: self.depth + 1, ..self };
        match schema {
            Value::Bool(false) => Err(fault("is not expected")),
            Value::Object(_) if value.is_null() && admits_null(schema) => Ok(()),
            Value::Object(keywords) => within.keywords(keywords, value),
            _ => Ok(()),
        }
    }

    fn keywords(self, keywords: &Map<String, Value>, value: &Value) -> Met {
        of_type(keywords, value)?;
        listed(keywords, value)?;
        self.combined(keywords, value)?;
        match value {
            Value::Number(number) => numbers(keywords, number),
            Value::String(text) => texts(keywords, text),
            Value::Array(values) => self.elements(keywords, values),
            Value::Object(entries) => self.entries(keywords, entries),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn combined(self, keywords: &Map<String, Value>, value: &Value) -> Met {
        let target = keywords.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| self.root.pointer(target.strip_prefix('#')?));
        let all = keywords.get("allOf").and_then(Value::as_array);
        for schema in target.into_iter().chain(all.into_iter().flatten()) {
            self.schema(schema, value)?;
        }
        for (key, one) in [("anyOf", false), ("oneOf", true)] {
            if let Some(choices) = keywords.get(key).and_then(Value::as_array) {
                self.choices(choices, one, value)?;
            }
        }
        Ok(())
    }

    /// Of several choices one holds, or exactly one.
    fn choices(self, choices: &[Value], one: bool, value: &Value) -> Met {
        let met: Vec<Met> = choices.iter().map(|choice| self.schema(choice, value)).collect();
        match met.iter().filter(|met| met.is_ok()).count() {
            0 => {
                // The choice that is meant says what is wrong within it.
                let mut meant =
                    choices.iter().zip(met).filter(|(choice, _)| self.is_meant(choice, value));
                match (meant.next(), meant.next()) {
                    (Some((_, only)), None) => only,
                    _ => Err(fault("is none of what is expected")),
                }
            }
            1 => Ok(()),
            _ if one => Err(fault("is more than one of what only one is expected of")),
            _ => Ok(()),
        }
    }

    /// Whether a value has the form of a choice, and the constants by which it is told from others.
    fn is_meant(self, choice: &Value, value: &Value) -> bool {
        let target = choice.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|target| self.root.pointer(target.strip_prefix('#')?));
        let Some(keywords) = target.unwrap_or(choice).as_object() else { return false };
        let constants = keywords.get("properties").and_then(Value::as_object);
        let differs = |(name, schema): (&String, &Value)| {
            schema.get("const").is_some_and(|constant| value.get(name) != Some(constant))
        };
        of_type(keywords, value).is_ok() && !constants.into_iter().flatten().any(differs)
    }

    fn elements(self, keywords: &Map<String, Value>, values: &[Value]) -> Met {
        counted(keywords, ("minItems", "maxItems"), values.len(), "element")?;
        if keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            for (at, value) in values.iter().enumerate() {
                if let Some(first) = values.iter().take(at).position(|other| same(other, value)) {
                    return Err(fault(format!("is found twice, at [{first}] too")).at(at));
                }
            }
        }
        let tuple = keywords.get("prefixItems").or_else(|| keywords.get("items"));
        let tuple = tuple.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let rest = keywords.get("items").filter(|items| !items.is_array());
        for (at, value) in values.iter().enumerate() {
            if let Some(schema) = tuple.get(at).or(rest) {
                self.schema(schema, value).map_err(|error| error.at(at))?;
            }
        }
        Ok(())
    }

    fn entries(self, keywords: &Map<String, Value>, entries: &Map<String, Value>) -> Met {
        // Absent and null are one.
        let mut there: Vec<(&String, &Value)> =
            entries.iter().filter(|(_, value)| !value.is_null()).collect();
        there.sort_unstable_by_key(|(name, _)| *name);
        counted(keywords, ("minProperties", "maxProperties"), there.len(), "entry")?;
        let schemas = keywords.get("properties").and_then(Value::as_object);
        let known = |name: &str| schemas.and_then(|schemas| schemas.get(name));
        for name in names(keywords.get("required")) {
            let absent = entries.get(name).is_none_or(Value::is_null);
            if absent && !known(name).is_some_and(admits_null) {
                return Err(ProjectError::missing(name));
            }
        }
        for (name, value) in there {
            if let Some(schema) = keywords.get("propertyNames") {
                let met = self.schema(schema, &Value::from(name.as_str()));
                met.map_err(|error| fault(format!("by its name {}", error.problem)).under(name))?;
            }
            let schema = known(name).or_else(|| keywords.get("additionalProperties"));
            match schema {
                Some(Value::Bool(false)) => return Err(ProjectError::unknown(name)),
                Some(schema) => self.schema(schema, value).map_err(|error| error.under(name))?,
                None => {}
            }
            let needed = keywords.get("dependentRequired").and_then(|needed| needed.get(name));
            for other in names(needed) {
                if entries.get(other).is_none_or(Value::is_null) {
                    return Err(fault(format!("is missing, and `{name}` is there")).under(other));
                }
            }
        }
        Ok(())
    }
}

/// Whether null is one of a schema's values: then it may be absent, too.
fn admits_null(schema: &Value) -> bool {
    let has = |key: &str, wanted: &Value| match schema.get(key) {
        Some(Value::Array(values)) => values.contains(wanted),
        Some(value) => value == wanted,
        None => false,
    };
    let choice = |key: &str| {
        let choices = schema.get(key).and_then(Value::as_array);
        choices.is_some_and(|choices| choices.iter().any(admits_null))
    };
    let only = ["type", "enum", "const", "$ref", "oneOf", "anyOf", "allOf"];
    has("type", &"null".into())
        || has("nullable", &true.into())
        || has("enum", &Value::Null)
        || schema.get("const") == Some(&Value::Null)
        || choice("oneOf")
        || choice("anyOf")
        || only.iter().all(|key| schema.get(*key).is_none())
}

/// The form that `type` names, which tells choices apart; what is read as a type has it already.
fn of_type(keywords: &Map<String, Value>, value: &Value) -> Met {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let types = match keywords.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        types => names(types),
    };
    if types.is_empty() || types.iter().any(|name| is(name)) {
        return Ok(());
    }
    Err(ProjectError::new(&one_of(types.iter().copied()), value))
}

/// The texts of a list of texts.
fn names(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn listed(keywords: &Map<String, Value>, value: &Value) -> Met {
    let values = match (keywords.get("const"), keywords.get("enum")) {
        (Some(value), _) => std::slice::from_ref(value),
        (None, Some(Value::Array(values))) => values.as_slice(),
        _ => return Ok(()),
    };
    if values.iter().any(|known| same(known, value)) {
        return Ok(());
    }
    let texts: Vec<String> = values.iter().map(Value::to_string).collect();
    Err(ProjectError::new(&texts.join(" or "), value))
}

/// Whether two values are the same, numbers by value.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64().is_some_and(|one| Some(one) == other.as_f64())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let found = |name| other.get(name).unwrap_or(&Value::Null);
            one.len() == other.len() && one.iter().all(|(name, value)| same(value, found(name)))
        }
        _ => one == other,
    }
}

/// Whether a number, before a bound, keeps to it.
type Holds = fn(f64, f64) -> bool;

/// The bounds of numbers, in words.
const BOUNDS: [(&str, &str, Holds); 4] = [
    ("minimum", "at least", |found, bound| found >= bound),
    ("exclusiveMinimum", "more than", |found, bound| found > bound),
    ("maximum", "at most", |found, bound| found <= bound),
    ("exclusiveMaximum", "less than", |found, bound| found < bound),
];

fn numbers(keywords: &Map<String, Value>, number: &serde_json::Number) -> Met {
    let found = number.as_f64().unwrap_or_default();
    let wrong = |words: &str, bound: &Value| {
        Err(ProjectError::new(&format!("{words} {bound}"), &Value::Number(number.clone())))
    };
    for (key, words, holds) in BOUNDS {
        if let Some(bound) = keywords.get(key)
            && bound.as_f64().is_some_and(|bound| !holds(found, bound))
        {
            return wrong(words, bound);
        }
    }
    match keywords.get("multipleOf") {
        Some(step) if !is_multiple(number, step) => wrong("a multiple of", step),
        _ => Ok(()),
    }
}

fn is_multiple(number: &serde_json::Number, step: &Value) -> bool {
    if let (Some(number), Some(step)) = (number.as_i64(), step.as_i64()) {
        return step == 0 || number.checked_rem(step).is_none_or(|rest| rest == 0);
    }
    let (Some(number), Some(step)) = (number.as_f64(), step.as_f64()) else { return true };
    // Of 0.3 and 0.1: what binary fractions leave over is no rest.
    let times = number / step;
    !times.is_finite() || (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

fn texts(keywords: &Map<String, Value>, text: &str) -> Met {
    counted(keywords, ("minLength", "maxLength"), text.chars().count(), "character")?;
    match keywords.get("pattern").and_then(Value::as_str) {
        Some(pattern) => matches(pattern, text),
        None => Ok(()),
    }
}

#[cfg(feature = "expr-regex")]
fn matches(pattern: &str, text: &str) -> Met {
    match crate::expr::regex_is_match(text, pattern) {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(ProjectError::new(&format!("text that matches {pattern:?}"), &text.into()))
        }
        Err(error) => Err(fault(error.to_string())),
    }
}

/// What cannot be asked is not let through.
#[cfg(not(feature = "expr-regex"))]
fn matches(pattern: &str, _: &str) -> Met {
    Err(fault(format!("{pattern:?} is a pattern, which takes the feature `expr-regex`")))
}

fn counted(
    keywords: &Map<String, Value>,
    (least, most): (&str, &str),
    found: usize,
    what: &str,
) -> Met {
    let bound = |key: &str| keywords.get(key).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "no value holds so many parts")]
    let number = found as f64;
    let wrong = |words: &str, bound: f64| {
        let bound = bound.to_string();
        let plural = match (what, bound.as_str()) {
            (what, "1") => what.to_owned(),
            ("entry", _) => "entries".to_owned(),
            (what, _) => format!("{what}s"),
        };
        Err(fault(format!("expected {words} {bound} {plural}, found {found}")))
    };
    match (bound(least), bound(most)) {
        (Some(least), _) if number < least => wrong("at least", least),
        (_, Some(most)) if number > most => wrong("at most", most),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

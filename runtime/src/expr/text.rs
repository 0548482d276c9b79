//! The one text form of each type (S17), as mixed text and `| string` give it.

use serde_json::Value;

use super::ExprError;
use crate::types::describe;
use crate::values::{Duration, Timestamp};

/// An int in decimal digits: `-12`.
pub fn int_text(value: i64) -> String {
    value.to_string()
}

/// The shortest text that reads back as the number, and is JSON: `12.5`, `12.0`, `1e21`.
///
/// Rust's own form, since that of `serde_json` changes with its version.
pub fn number_text(value: f64) -> String {
    format!("{value:?}")
}

/// Of a JSON number: an int's text or a number's.
pub(super) fn json_number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => number_text(float),
        _ => number.to_string(),
    }
}

/// `true` or `false`.
pub fn bool_text(value: bool) -> String {
    value.to_string()
}

/// RFC 3339 in UTC with milliseconds: `2026-11-21T08:30:00.000Z`.
pub fn timestamp_text(value: Timestamp) -> String {
    value.to_string()
}

/// `1m 30s`.
pub fn duration_text(value: Duration) -> String {
    value.to_string()
}

/// The text of an `any` that holds text, a number or a bool; fails for null, lists and objects.
pub fn any_text(value: &Value) -> Result<String, ExprError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(bool) => Ok(bool_text(*bool)),
        Value::Number(number) => Ok(json_number_text(number)),
        Value::Null => Err(ExprError::new("null has no text; give it one with `| default('…')`")),
        Value::Array(_) | Value::Object(_) => Err(ExprError::new(format!(
            "{} has no text of its own; make one with `| tojson`",
            describe(value)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_reads_as_in_json() {
        for (number, text) in [
            (12.0, "12.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e21, "1e21"),
            (1e-7, "1e-7"),
            (f64::MAX, "1.7976931348623157e308"),
        ] {
            assert_eq!(number_text(number), text);
            assert_eq!(any_text(&json!(number)).as_deref(), Ok(text));
        }
    }

    #[test]
    fn an_any_has_text_where_its_value_has() {
        assert_eq!(any_text(&json!(7)).as_deref(), Ok("7"));
        for none in [json!(null), json!([]), json!([1]), json!({})] {
            assert!(any_text(&none).is_err(), "{none}");
        }
    }
}

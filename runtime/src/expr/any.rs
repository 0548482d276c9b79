//! Values of type any: every read is checked when it happens (S12).

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::list::{out_of_range, position};
use super::{ExprError, number_to_int, string_to_bool, string_to_int, string_to_number};
use crate::types::{decode, describe};

/// An `any` as a Rust type, where the graph expects one; what
/// [`project`](crate::types::project) does for values.
pub fn read<T: DeserializeOwned>(value: &Value) -> Result<T, ExprError> {
    decode(value).map_err(|error| ExprError::new(error.to_string()))
}

fn raw(value: &impl Serialize) -> Result<Value, ExprError> {
    serde_json::to_value(value).map_err(|error| ExprError::new(error.to_string()))
}

/// `value.key` of a union or so, which has a field of this name where it is of the choice that does.
pub fn get_field<T: DeserializeOwned>(value: &impl Serialize, key: &str) -> Result<T, ExprError> {
    read(&any_get(&raw(value)?, key)?)
}

/// `value.key` of a union or so, where it is there.
pub fn find_field<T: DeserializeOwned>(
    value: &impl Serialize,
    key: &str,
) -> Result<Option<T>, ExprError> {
    read(&any_find(&raw(value)?, key))
}

/// `value[index]` of a tuple or so.
pub fn get_element<T: DeserializeOwned>(
    value: &impl Serialize,
    index: i64,
) -> Result<T, ExprError> {
    read(&any_index(&raw(value)?, index)?)
}

/// `value[index]` of a tuple or so, where it is there.
pub fn find_element<T: DeserializeOwned>(
    value: &impl Serialize,
    index: i64,
) -> Result<Option<T>, ExprError> {
    read(&any_find_index(&raw(value)?, index))
}

/// `value.key`.
pub fn any_get(value: &Value, key: &str) -> Result<Value, ExprError> {
    match value {
        Value::Object(entries) => entries.get(key).cloned().ok_or_else(|| {
            ExprError::new(format!("there is no key `{key}`; the keys are {}", keys(entries)))
        }),
        other => Err(ExprError::new(format!("cannot read `{key}` of {}", describe(other)))),
    }
}

fn keys(entries: &serde_json::Map<String, Value>) -> String {
    const SHOWN: usize = 8;
    let mut names: Vec<&str> = entries.keys().map(String::as_str).collect();
    names.sort_unstable();
    if names.is_empty() {
        return "none".to_owned();
    }
    let more = if names.len() > SHOWN { ", …" } else { "" };
    names.truncate(SHOWN);
    format!("`{}`{more}", names.join("`, `"))
}

/// `value.key` under `default(…)`, `is defined` or `first_of`: null where there is none.
pub fn any_find(value: &Value, key: &str) -> Value {
    value.get(key).cloned().unwrap_or_default()
}

/// `value[index]`.
pub fn any_index(value: &Value, index: i64) -> Result<Value, ExprError> {
    match value {
        Value::Array(list) => position(index, list.len())
            .and_then(|at| list.get(at))
            .cloned()
            .ok_or_else(|| out_of_range(index, list.len())),
        other => Err(ExprError::new(format!("cannot read [{index}] of {}", describe(other)))),
    }
}

/// `value[index]` under `default(…)`, `is defined` or `first_of`: null where there is none.
pub fn any_find_index(value: &Value, index: i64) -> Value {
    any_index(value, index).unwrap_or_default()
}

/// `a == b` where one of them is `any`: numbers by value, absent members as null (S10).
pub fn any_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| any_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let null = Value::Null;
            let within = a.iter().all(|(key, value)| any_equal(value, b.get(key).unwrap_or(&null)));
            within && b.iter().all(|(key, value)| value.is_null() || a.contains_key(key))
        }
        (a, b) => a == b,
    }
}

/// `value | length` of text, a list or an object.
pub fn any_length(value: &Value) -> Result<i64, ExprError> {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(list) => list.len(),
        Value::Object(entries) => entries.len(),
        other => return Err(ExprError::new(format!("{} has no length", describe(other)))),
    };
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}

/// `value | int`: an int, a number cut off towards zero, text, or a bool as 1 or 0.
pub fn any_to_int(value: &Value) -> Result<i64, ExprError> {
    match value {
        Value::Bool(bool) => Ok(i64::from(*bool)),
        Value::String(text) => string_to_int(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Ok(int),
            (None, Some(float)) => number_to_int(float),
            (None, None) => Err(not_a(value, "an int")),
        },
        other => Err(not_a(other, "an int")),
    }
}

/// `value | float`: a number, text, or a bool as 1 or 0.
pub fn any_to_number(value: &Value) -> Result<f64, ExprError> {
    match value {
        Value::Bool(bool) => Ok(f64::from(u8::from(*bool))),
        Value::String(text) => string_to_number(text),
        other => other.as_f64().ok_or_else(|| not_a(other, "a number")),
    }
}

/// `value | bool`: a bool, or the text `true` or `false`.
pub fn any_to_bool(value: &Value) -> Result<bool, ExprError> {
    match value {
        Value::Bool(bool) => Ok(*bool),
        Value::String(text) => string_to_bool(text),
        other => Err(not_a(other, "a bool")),
    }
}

fn not_a(value: &Value, what: &str) -> ExprError {
    ExprError::new(format!("{} is not {what}", describe(value)))
}

/// `value is string`.
pub fn any_is_string(value: &Value) -> bool {
    value.is_string()
}

/// `value is number`.
pub fn any_is_number(value: &Value) -> bool {
    value.is_number()
}

/// `value is integer`.
pub fn any_is_integer(value: &Value) -> bool {
    value.is_i64()
}

/// `value is float`: a number that is no int.
pub fn any_is_float(value: &Value) -> bool {
    value.is_number() && !value.is_i64()
}

/// `value is true`.
pub fn any_is_true(value: &Value) -> bool {
    *value == Value::Bool(true)
}

/// `value is false`.
pub fn any_is_false(value: &Value) -> bool {
    *value == Value::Bool(false)
}

/// `value is boolean`.
pub fn any_is_boolean(value: &Value) -> bool {
    value.is_boolean()
}

/// `value is sequence`.
pub fn any_is_list(value: &Value) -> bool {
    value.is_array()
}

/// `value is mapping`.
pub fn any_is_mapping(value: &Value) -> bool {
    value.is_object()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_say_what_is_wrong() {
        let value = json!({"b": [1], "a": null});
        let message = |result: Result<Value, ExprError>| result.unwrap_err().message;
        assert_eq!(any_get(&value, "a"), Ok(json!(null)));
        assert_eq!(message(any_get(&value, "c")), "there is no key `c`; the keys are `a`, `b`");
        assert_eq!(message(any_get(&json!({}), "c")), "there is no key `c`; the keys are none");
        assert_eq!(message(any_get(&json!("x"), "c")), "cannot read `c` of the string \"x\"");
        assert_eq!(message(any_index(&json!([1]), -2)), "index -2 is out of range in a list of 1");
        assert_eq!(message(any_index(&json!(null), 0)), "cannot read [0] of null");
        assert_eq!(any_find(&any_find(&value, "x"), "y"), json!(null));
        assert_eq!(any_find_index(&json!([1, 2]), -1), json!(2));
    }

    #[test]
    fn equality_is_of_values() {
        for (left, right) in [
            (json!(1), json!(1.0)),
            (json!({"a": 1, "b": null}), json!({"a": 1.0})),
            (json!([{"a": null}]), json!([{}])),
            (json!(i64::MAX), json!(i64::MAX)),
        ] {
            assert!(any_equal(&left, &right) && any_equal(&right, &left), "{left} == {right}");
        }
        for (left, right) in [
            (json!(1), json!("1")),
            (json!([null]), json!([])),
            (json!({"a": 1}), json!({})),
            (json!(i64::MAX), json!(i64::MAX - 1)),
            (json!(0), json!(null)),
        ] {
            assert!(!any_equal(&left, &right) && !any_equal(&right, &left), "{left} != {right}");
        }
    }

    #[test]
    fn conversions_take_what_has_a_meaning() {
        assert_eq!(any_to_int(&json!(3.9)), Ok(3));
        assert_eq!(any_to_int(&json!("7")), Ok(7));
        assert_eq!(
            any_to_int(&json!(u64::MAX)).unwrap_err().message,
            "1.8446744073709552e19 does not fit into an int"
        );
        assert_eq!(any_to_int(&json!(null)).unwrap_err().message, "null is not an int");
        assert_eq!(any_to_number(&json!(3)), Ok(3.0));
        assert_eq!(any_to_bool(&json!("false")), Ok(false));
        assert_eq!(any_to_bool(&json!(1)).unwrap_err().message, "the number 1 is not a bool");
        assert_eq!(any_length(&json!(1)).unwrap_err().message, "the number 1 has no length");
    }
}

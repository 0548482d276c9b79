//! JSON, base64 and percent encoding.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::ExprError;
use super::text::json_number_text;
use crate::types::describe;
use crate::values::Bytes;

/// `value | tojson`: compact JSON with sorted keys and without null members (S10, S13).
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    // Values of the language always serialise: their keys are text and their numbers finite.
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    let mut text = String::new();
    write_json(&value, &mut text);
    text
}

/// Written by hand, since the order of `serde_json`'s keys depends on a feature that any crate
/// of a build can switch on.
fn write_json(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_json(item, text);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> =
                entries.iter().filter(|(_, value)| !value.is_null()).collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_json(&Value::from(key.as_str()), text);
                text.push(':');
                write_json(value, text);
            }
            text.push('}');
        }
        Value::Number(number) => text.push_str(&json_number_text(number)),
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// `text | fromjson`.
pub fn from_json(text: &str) -> Result<Value, ExprError> {
    serde_json::from_str(text).map_err(|error| ExprError::new(format!("not JSON: {error}")))
}

/// `bytes | base64encode`.
pub fn base64_encode(bytes: &[u8]) -> String {
    Bytes(bytes.to_vec()).to_string()
}

/// `text | base64encode`: of its UTF-8 bytes.
pub fn base64_encode_text(text: &str) -> String {
    base64_encode(text.as_bytes())
}

/// `text | base64decode`: standard alphabet, padded.
pub fn base64_decode(text: &str) -> Result<Bytes, ExprError> {
    text.parse().map_err(|_| ExprError::new(format!("{} is not base64", describe(&text.into()))))
}

/// `text | encode`: its UTF-8 bytes.
pub fn text_to_bytes(text: &str) -> Bytes {
    Bytes(text.as_bytes().to_vec())
}

/// `bytes | decode`: the text whose UTF-8 bytes they are.
pub fn bytes_to_text(bytes: &[u8]) -> Result<String, ExprError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| ExprError::new("the bytes are not UTF-8 text"))
}

/// `bytes | length`.
pub fn bytes_length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

/// `text | urlencode`: every byte but letters, digits and `-._~` as `%XX`.
pub fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_canonical() {
        let value = json!({"b": [1, 2.0, null, "é\n\"", true], "a": {"gone": null}, "\u{1}": {}});
        let text = to_json(&value);
        assert_eq!(text, "{\"\\u0001\":{},\"a\":{},\"b\":[1,2.0,null,\"é\\n\\\"\",true]}");
        assert!(from_json(&text).is_ok());
        assert!(from_json("{").unwrap_err().message.starts_with("not JSON: "));
        assert!(from_json(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn encodings_go_both_ways() {
        assert_eq!(base64_encode_text("Grüße"), "R3LDvMOfZQ==");
        let bytes = base64_decode("R3LDvMOfZQ==").expect("base64");
        assert_eq!(bytes_to_text(&bytes.0).as_deref(), Ok("Grüße"));
        assert!(base64_decode("?").is_err() && bytes_to_text(&[0xff]).is_err());
        assert_eq!(url_encode("a b/ü~"), "a%20b%2F%C3%BC~");
    }
}

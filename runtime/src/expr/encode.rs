//! JSON, base64 and hexadecimal text.

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

/// `bytes | hexencode`: two lower-case digits a byte.
pub fn hex_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// `text | hexencode`: of its UTF-8 bytes.
pub fn hex_encode_text(text: &str) -> String {
    hex_encode(text.as_bytes())
}

/// `text | hexdecode`: two digits a byte, in either case.
pub fn hex_decode(text: &str) -> Result<Bytes, ExprError> {
    let digits = text.as_bytes();
    let byte = |pair: &[u8]| {
        let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        u8::try_from(digit(0)? * 16 + digit(1)?).ok()
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes
        .map(Bytes)
        .ok_or_else(|| ExprError::new(format!("{} is not hexadecimal", describe(&text.into()))))
}

/// `bytes | base64urlencode`: the alphabet of URLs and tokens, without padding.
pub fn base64_url_encode(bytes: &[u8]) -> String {
    base64_encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

/// `text | base64urlencode`: of its UTF-8 bytes.
pub fn base64_url_encode_text(text: &str) -> String {
    base64_url_encode(text.as_bytes())
}

/// `text | base64urldecode`: the alphabet of URLs and tokens, padded or not.
pub fn base64_url_decode(text: &str) -> Result<Bytes, ExprError> {
    let plain = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let padding = (4 - plain.len() % 4) % 4;
    let foreign = text.contains(['+', '/']) || text.len() - plain.len() > 2;
    let bytes = (!foreign).then(|| (plain + &"=".repeat(padding)).parse().ok()).flatten();
    bytes
        .ok_or_else(|| ExprError::new(format!("{} is not base64 for URLs", describe(&text.into()))))
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
        assert_eq!(hex_encode(&[0, 0xab]), "00ab");
        assert_eq!(hex_decode("00aB"), Ok(Bytes(vec![0, 0xab])));
        assert!(hex_decode("0").is_err() && hex_decode("0g").is_err() && hex_decode("ü").is_err());
        assert_eq!(base64_url_encode(&[0xfb, 0xff]), "-_8");
        for padded in ["-_8", "-_8="] {
            assert_eq!(base64_url_decode(padded), Ok(Bytes(vec![0xfb, 0xff])), "{padded}");
        }
        for wrong in ["+/8=", "-_8===", "-", "ü"] {
            assert!(base64_url_decode(wrong).is_err(), "{wrong}");
        }
    }
}

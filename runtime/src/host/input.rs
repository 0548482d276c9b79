//! Reads JSON from outside and says where it does not fit.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why an input was refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not JSON at all.
    Malformed(String),
    /// JSON that does not fit the type.
    Misfit {
        /// Where, `items[2].price`; empty for the whole value.
        path: String,
        /// What is wrong there.
        reason: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(out, "not JSON: {reason}"),
            Self::Misfit { path, reason } if path.is_empty() => write!(out, "$: {reason}"),
            Self::Misfit { path, reason } if path.starts_with('[') => {
                write!(out, "${path}: {reason}")
            }
            Self::Misfit { path, reason } => write!(out, "$.{path}: {reason}"),
        }
    }
}

/// Parses JSON.
pub(super) fn json(text: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(text).map_err(|error| Refusal::Malformed(error.to_string()))
}

/// Checks that a value decodes as `T`, the type that the workflow will read.
pub(super) fn fits<T: DeserializeOwned>(value: &Value) -> Result<(), Refusal> {
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(_) => Ok(()),
        Err(error) => {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { path };
            Err(Refusal::Misfit { path, reason: error.inner().to_string() })
        }
    }
}

/// Reads a file, or standard input where the name is `-`.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, String> {
    if file.as_os_str() == "-" {
        let mut text = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut text);
        return read.map(|_| text).map_err(|error| format!("standard input: {error}"));
    }
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Order {
        email: String,
        items: Vec<Item>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Item {
        cents: i64,
    }

    #[test]
    fn a_misfit_is_found_by_its_path() {
        let refusal = |value: Value| fits::<Order>(&value).unwrap_err().to_string();
        assert_eq!(
            refusal(json!({"email": "a", "items": [{"cents": 1}, {"cents": "x"}]})),
            "$.items[1].cents: invalid type: string \"x\", expected i64"
        );
        assert_eq!(
            refusal(json!({"email": "a", "items": [{}]})),
            "$.items[0]: missing field `cents`"
        );
        assert_eq!(refusal(json!(3)), "$: invalid type: integer `3`, expected struct Order");
        let list = fits::<Vec<Item>>(&json!([{"cents": null}])).unwrap_err();
        assert_eq!(list.to_string(), "$[0].cents: invalid type: null, expected i64");
        assert_eq!(fits::<Order>(&json!({"email": "a", "items": [], "more": 1})), Ok(()));
    }

    #[test]
    fn malformed_text_is_found_by_its_line() {
        let refusal = json(b"{\"a\": }").unwrap_err().to_string();
        assert_eq!(refusal, "not JSON: expected value at line 1 column 7");
        assert!(json(b"{} {}").is_err());
        assert!(json(&[0xff]).is_err());
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = read(Path::new("no/such/file.json")).unwrap_err();
        assert!(message.starts_with("no/such/file.json: "), "{message}");
    }
}

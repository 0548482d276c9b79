//! Reads JSON from outside and says where it does not fit.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::payload::{Misfit, Payload};

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
    // What reads it for the workflow reads it here, so that nothing more is compiled for `T`.
    match Payload::from(value).misfit::<T>() {
        None => Ok(()),
        Some(Misfit { path, reason }) => Err(Refusal::Misfit { path, reason }),
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
    use std::collections::BTreeMap;

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

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    #[allow(dead_code)]
    struct Part {
        form: Form,
        by_name: BTreeMap<String, Vec<(i64, String)>>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Form {
        Round { width: f32 },
        Square(i8),
        Flat,
    }

    /// The paths are those that `serde_path_to_error` tells.
    #[test]
    fn paths_lead_to_the_innermost_misfit() {
        let refusal = |form: Value, by_name: Value| {
            let part = json!({ "form": form, "by_name": by_name });
            fits::<Part>(&part).map_err(|refusal| refusal.to_string())
        };
        let is = |found: Result<(), String>, expected: &str| {
            assert_eq!(found.unwrap_err(), expected);
        };
        assert_eq!(refusal(json!("Flat"), json!({ "a": [[1, "x"]] })), Ok(()));
        is(
            refusal(json!("Bent"), json!({})),
            "$.form: unknown variant `Bent`, expected one of `Round`, `Square`, `Flat`",
        );
        is(
            refusal(json!({ "Square": 300 }), json!({})),
            "$.form.Square: invalid value: integer `300`, expected i8",
        );
        is(
            refusal(json!({ "Round": { "width": [] } }), json!({})),
            "$.form.Round.width: invalid type: sequence, expected f32",
        );
        is(
            refusal(json!("Flat"), json!({ "a.b \"c\"": [[1, "]"], [1.5, ","]] })),
            "$.by_name.a.b \"c\"[1][0]: invalid type: floating point `1.5`, expected i64",
        );
        is(
            refusal(json!("Flat"), json!({ "a": [[1]] })),
            "$.by_name.a[0]: invalid length 1, expected a tuple of size 2",
        );
        is(
            refusal(json!("Flat"), json!({ "a": [true] })),
            "$.by_name.a[0]: invalid type: boolean `true`, expected a tuple of size 2",
        );
        let unknown = fits::<Part>(&json!({ "size": 1 })).unwrap_err().to_string();
        assert!(unknown.starts_with("$: unknown field `size`, expected"), "{unknown}");
        let nested = fits::<Vec<i64>>(&json!([1, 2, [3]])).unwrap_err().to_string();
        assert_eq!(nested, "$[2]: invalid type: sequence, expected i64");
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

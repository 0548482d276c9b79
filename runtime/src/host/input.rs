//! Reads JSON from outside and says where it does not fit.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::types::{ProjectError, decode};
use crate::workflow::{Workflow, constrained};

/// Why an input was refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not JSON at all.
    Malformed(String),
    /// JSON that does not fit the type, or what the workflow asks beyond that.
    Misfit(ProjectError),
}

impl Refusal {
    /// The same refusal of the part of the input that stands under this name.
    #[cfg(feature = "serve")]
    pub(super) fn within(self, name: &str) -> Self {
        match self {
            Self::Misfit(error) => Self::Misfit(error.within(name)),
            other @ Self::Malformed(_) => other,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(reason) => write!(out, "not JSON: {reason}"),
            Self::Misfit(error) => error.fmt(out),
        }
    }
}

/// Parses JSON.
pub(super) fn json(text: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(text).map_err(|error| Refusal::Malformed(error.to_string()))
}

/// Checks that a value is an input of the workflow, with the verdicts and the words of a server
/// that interprets the same graph.
pub(super) fn fits<W>(workflow: &W, value: &Value) -> Result<(), Refusal>
where
    W: Workflow<Input: DeserializeOwned>,
{
    decode::<W::Input>(value).map_err(Refusal::Misfit)?;
    let schema = workflow.input_schema();
    schema.map_or(Ok(()), |schema| constrained(schema, value)).map_err(Refusal::Misfit)
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
    use futures_util::future::LocalBoxFuture;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::{Context, Definition, Result};

    #[derive(Serialize, Deserialize)]
    struct Order {
        email: String,
        items: Vec<Item>,
        paid: Payment,
    }

    #[derive(Serialize, Deserialize)]
    struct Item {
        cents: i64,
    }

    #[derive(Serialize, Deserialize)]
    enum Payment {
        Cash,
        Card { last4: String },
        Split(u64, f64),
    }

    struct Buy;

    impl Workflow for Buy {
        type Input = Order;
        type Output = ();

        fn definition(&self) -> Definition {
            Definition::default()
        }

        fn run(&self, _: Context, _: Order) -> LocalBoxFuture<'static, Result<()>> {
            Box::pin(async { Ok(()) })
        }

        fn input_schema(&self) -> Option<&str> {
            Some(r#"{"properties": {"items": {"minItems": 1}}}"#)
        }
    }

    #[test]
    fn a_misfit_is_found_by_its_path() {
        let order = |items: Value, paid: Value| json!({"email": "a", "items": items, "paid": paid});
        let refusal = |value: Value| match fits(&Buy, &value) {
            Ok(()) => String::new(),
            Err(refusal) => refusal.to_string(),
        };
        let item = || json!([{"cents": 1}]);
        for (input, said) in [
            (order(item(), json!("Cash")), ""),
            (order(item(), json!({"Card": {"last4": "4242"}})), ""),
            (order(item(), json!({"Split": [u64::MAX, 1]})), ""),
            (
                order(json!([{"cents": 1}, {"cents": "x"}]), json!("Cash")),
                "expected an int, found the string \"x\" (at `items[1].cents`)",
            ),
            (order(json!([{}]), json!("Cash")), "`items[0].cents` is missing"),
            (json!(3), "expected an object, found the number 3"),
            (order(json!([]), json!("Cash")), "expected at least 1 element, found 0 (at `items`)"),
            (order(item(), json!({"Card": {}})), "`paid.Card.last4` is missing"),
            (
                order(item(), json!({"Cash": null})),
                "expected \"Cash\", \"Card\" or \"Split\", found an object (at `paid`)",
            ),
            (
                order(item(), json!({"Gold": 1})),
                "expected \"Cash\", \"Card\" or \"Split\", found an object (at `paid`)",
            ),
            (
                order(item(), json!({"Split": [1]})),
                "expected a list of 2 elements, found a list (at `paid.Split`)",
            ),
        ] {
            assert_eq!(refusal(input), said);
        }
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

//! What is read, what is refused, and where the refusal points.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{EnumType, Type, Typed, project};
use super::*;
use crate::expr::to_json;
use crate::values::{Bytes, Duration, Timestamp};

/// As the compiler emits it.
#[derive(Debug, Deserialize, Serialize)]
struct Order {
    #[serde(default)]
    anything: Value,
    at: Timestamp,
    count: i64,
    data: Option<Bytes>,
    #[serde(default)]
    gone: (),
    lines: Vec<Line>,
    status: Status,
    tags: BTreeMap<String, Option<i64>>,
    wait: Option<Duration>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Line {
    label: String,
    paid: Option<bool>,
    price: f64,
}

#[derive(Debug, Deserialize, Serialize)]
enum Status {
    #[serde(rename = "in-transit")]
    InTransit,
    #[serde(rename = "new")]
    New,
}

impl Typed for Status {
    fn ty() -> Type {
        let values = vec!["in-transit".to_owned(), "new".to_owned()];
        Type::Enum(std::sync::Arc::new(EnumType { name: None, values }))
    }
}

impl Typed for Line {
    fn ty() -> Type {
        Type::record([
            ("label".to_owned(), Type::String),
            ("paid".to_owned(), Type::Bool.optional()),
            ("price".to_owned(), Type::Number),
        ])
    }
}

impl Typed for Order {
    fn ty() -> Type {
        Type::record([
            ("anything".to_owned(), Type::Any),
            ("at".to_owned(), Type::Timestamp),
            ("count".to_owned(), Type::Int),
            ("data".to_owned(), Type::Bytes.optional()),
            ("gone".to_owned(), Type::Null),
            ("lines".to_owned(), Type::list(Line::ty())),
            ("status".to_owned(), Status::ty()),
            ("tags".to_owned(), Type::map(Type::Int.optional())),
            ("wait".to_owned(), Type::Duration.optional()),
        ])
    }
}

fn good() -> Value {
    json!({
        "anything": {"b": 1.5, "a": null}, "at": "2026-11-21T09:30:00+01:00", "count": -3,
        "data": "Zm9v", "gone": null, "lines": [{"label": "x", "paid": null, "price": 3}],
        "status": "in-transit", "tags": {"b": 1, "a": null}, "wait": "90s", "unknown": [1],
    })
}

/// Values that could stand anywhere.
fn oddities() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(3),
        json!(3.0),
        json!(3.5),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("new"),
        json!("5"),
        json!("90 s"),
        json!("1d 2h"),
        json!("2026-11-21T08:30:00.5Z"),
        json!("Zm9v"),
        json!("Zm9"),
        json!([]),
        json!([1, 2]),
        json!(["x", null, 3]),
        json!({}),
        json!({"new": null}),
        json!({"label": "x", "price": 1}),
        json!({"0": 1}),
        json!([{"label": "x", "price": "1"}]),
        json!("x".repeat(100)),
    ]
}

/// Both say the same, in the same words, of `value`.
fn agree<T: Typed + DeserializeOwned + Serialize>(value: &Value) {
    match (project(&T::ty(), value), decode::<T>(value)) {
        (Ok(projected), Ok(decoded)) => {
            assert_eq!(to_json(&decoded), to_json(&projected), "of {value}");
        }
        (Err(projected), Err(decoded)) => assert_eq!(decoded, projected, "of {value}"),
        (projected, decoded) => {
            panic!("{value}: {projected:?}, but decoding gives {:?}", decoded.err());
        }
    }
}

#[test]
fn s13_scalars_decode_as_they_project() {
    for value in oddities() {
        agree::<()>(&value);
        agree::<bool>(&value);
        agree::<i64>(&value);
        agree::<f64>(&value);
        agree::<String>(&value);
        agree::<Timestamp>(&value);
        agree::<Duration>(&value);
        agree::<Bytes>(&value);
        agree::<Value>(&value);
        agree::<Status>(&value);
        agree::<Option<i64>>(&value);
        agree::<Vec<Option<f64>>>(&value);
        agree::<BTreeMap<String, i64>>(&value);
        agree::<Line>(&value);
    }
}

#[test]
fn s13_records_decode_as_they_project_whatever_stands_in_a_field() {
    agree::<Order>(&good());
    assert!(decode::<Order>(&good()).is_ok());
    let fields: Vec<String> = good().as_object().expect("an object").keys().cloned().collect();
    for field in &fields {
        let mut value = good();
        value.as_object_mut().expect("an object").remove(field);
        agree::<Order>(&value);
        for oddity in oddities() {
            value[field] = oddity.clone();
            agree::<Order>(&value);
            value = good();
            value["lines"][0]["price"] = oddity;
            agree::<Order>(&value);
            value = good();
        }
    }
}

#[test]
fn faults_say_where_they_are() {
    let mut value = good();
    value["lines"][0]["price"] = json!("3");
    let error = decode::<Order>(&value).unwrap_err().to_string();
    assert_eq!(error, "expected a number, found the string \"3\" (at `lines[0].price`)");
    value["lines"][0] = json!({"label": "x"});
    let error = decode::<Order>(&value).unwrap_err().to_string();
    assert_eq!(error, "`lines[0].price` is missing");
    value["lines"] = json!([]);
    value["status"] = json!("gone");
    let error = decode::<Order>(&value).unwrap_err().to_string();
    assert_eq!(
        error,
        "expected \"in-transit\" or \"new\", found the string \"gone\" (at `status`)"
    );
    value["status"] = json!("new");
    value["at"] = json!("yesterday");
    let error = decode::<Order>(&value).unwrap_err().to_string();
    assert_eq!(error, "expected a timestamp, found the string \"yesterday\" (at `at`)");
}

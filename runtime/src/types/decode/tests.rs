//! What is read, what is refused, and where the refusal points.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::{EnumType, RecordType, Type, Typed, UnionType, project, split_tag};
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
        Type::Enum(Arc::new(EnumType { name: None, values }))
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

/// A union of forms, as the compiler emits it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged, try_from = "serde_json::Value")]
enum Place {
    List((f64, Option<f64>)),
    Object(Address),
    Text(String),
}

impl TryFrom<Value> for Place {
    type Error = ProjectError;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match &value {
            Value::Array(_) => decode(&value).map(Self::List),
            Value::Object(_) => decode(&value).map(Self::Object),
            Value::String(_) => decode(&value).map(Self::Text),
            other => Err(ProjectError::new("a list, an object or a string", other)),
        }
    }
}

impl Typed for Place {
    fn ty() -> Type {
        let point = Type::tuple([Type::Number, Type::Number.optional()]);
        let choices = [("list", point), ("object", Address::ty()), ("text", Type::String)];
        union(None, choices)
    }
}

fn union<const N: usize>(tag: Option<&str>, choices: [(&str, Type); N]) -> Type {
    let choices = choices.map(|(key, ty)| (key.to_owned(), ty)).into();
    Type::Union(Arc::new(UnionType { name: None, tag: tag.map(str::to_owned), choices }))
}

/// A closed record.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read")]
struct Address {
    city: String,
    #[serde(default, skip_serializing)]
    gone: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    zip: Option<i64>,
}

impl Typed for Address {
    fn ty() -> Type {
        let fields = [("city", Type::String), ("gone", Type::Null), ("zip", Type::Int.optional())];
        let Type::Record(record) = Type::record(fields.map(|(name, ty)| (name.to_owned(), ty)))
        else {
            unreachable!("a record")
        };
        let record = RecordType { closed: true, ..RecordType::clone(&record) };
        Type::Record(Arc::new(record))
    }
}

/// A recursive union with a tag.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "op", try_from = "serde_json::Value")]
enum Sum {
    #[serde(rename = "add")]
    Add(Add),
    #[serde(rename = "at")]
    At(Address),
}

#[derive(Debug, Deserialize, Serialize)]
struct Add {
    left: Box<Sum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<Box<Sum>>,
    terms: Vec<Sum>,
}

impl TryFrom<Value> for Sum {
    type Error = ProjectError;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let (tag, rest) = split_tag(&value, "op", &["add", "at"])?;
        match tag.as_str() {
            "add" => decode(&rest).map(Self::Add),
            _ => decode(&rest).map(Self::At),
        }
    }
}

impl Typed for Sum {
    fn ty() -> Type {
        let own = Type::Own { def: 0 };
        let fields =
            [("left", own.clone()), ("right", own.clone().optional()), ("terms", Type::list(own))];
        let add = Type::record(fields.map(|(name, ty)| (name.to_owned(), ty)));
        Type::recursive(&[union(Some("op"), [("add", add), ("at", Address::ty())])], 0)
    }
}

/// Values that a place or sum may be, or almost.
fn choices() -> Vec<Value> {
    let at = json!({"op": "at", "city": "Bern"});
    let add = |left: &Value| json!({"op": "add", "left": left, "terms": []});
    let mut all = oddities();
    all.extend([
        json!([1, null]),
        json!([1, "x"]),
        json!([1, 2, 3]),
        json!({"city": "Bern"}),
        json!({"city": "Bern", "gone": null, "zip": null}),
        json!({"city": "Bern", "gone": 1}),
        json!({"city": "Bern", "zip": "3000"}),
        json!({"city": "Bern", "more": 1, "zip": 3000}),
        json!({"city": 3, "more": 1}),
        json!({"zip": 3000, "more": 1}),
        at.clone(),
        add(&at),
        add(&add(&at)),
        add(&json!({"op": "at"})),
        add(&json!({"op": "sub"})),
        json!({"op": null, "left": at}),
        json!({"op": "at", "city": "Bern", "more": 1}),
        json!({"op": "add", "left": at, "right": add(&at), "terms": [at, {"op": 3}]}),
        json!({"op": "add", "left": at, "right": {"op": "at", "city": "x"}, "terms": [at]}),
    ]);
    all
}

#[test]
fn s12_unions_tuples_and_recursive_types_decode_as_they_project() {
    for value in choices() {
        agree::<Place>(&value);
        agree::<Option<Place>>(&value);
        agree::<Address>(&value);
        agree::<Sum>(&value);
        agree::<(String, Option<i64>)>(&value);
        agree::<Vec<Sum>>(&json!([{"op": "at", "city": "x"}, value]));
        agree::<BTreeMap<String, Place>>(&json!({"a": value}));
    }
    let deep = json!({"op": "add", "left": {"op": "at", "city": 3}, "terms": []});
    let error = decode::<Vec<Sum>>(&json!([deep])).unwrap_err().to_string();
    let expected = "expected a string, found the number 3 (at `city`) (at `left`) (at `[0]`)";
    assert_eq!(error, expected);
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

//! The reader against `serde_json`: it takes the same, refuses the same, and says the same.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::read;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: String,
    total: f64,
    #[serde(default)]
    lines: Vec<Line>,
    note_of: Option<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    extra: Value,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: Sku,
    count: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sku(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    Circle(f64),
    Line(i64, i64),
    Box { width: u8, height: u8 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Paid { cents: u64 },
    Open,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Texts(Vec<String>),
    Order(Box<Order>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Colour {
    Red,
    Green,
}

/// Reads the text both ways: the same value, or an error in the same words at the same place.
fn agree<T: DeserializeOwned + PartialEq + Debug>(text: &str) {
    let (ours, theirs) = (read::<T>(text), serde_json::from_str::<T>(text));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{text}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{text}: {ours:?}, serde_json has {theirs:?}"),
    }
}

fn agree_on_all(text: &str) {
    agree::<Value>(text);
    agree::<Order>(text);
    agree::<Vec<Line>>(text);
    agree::<Shape>(text);
    agree::<Vec<Shape>>(text);
    agree::<Tagged>(text);
    agree::<Either>(text);
    agree::<Flat>(text);
    agree::<Option<Option<i64>>>(text);
    agree::<(u8, String)>(text);
    agree::<[f32; 2]>(text);
    agree::<BTreeMap<i64, String>>(text);
    agree::<BTreeMap<Colour, Option<u8>>>(text);
    agree::<(u128, i128)>(text);
    agree::<char>(text);
    agree::<Vec<u8>>(text);
    agree::<String>(text);
}

const TEXTS: &[&str] = &[
    r#"{"id":"o-1","total":12.5,"lines":[{"sku":"a","count":2}],"noteOf":null,"extra":{"x":[1,{}]}}"#,
    r#" { "total" : -3 , "id" : "\u00e9\n\"\\\ud83d\ude00 ü" , "unknown" : [ [ ] , { "a" : 1e5 } ] } "#,
    r#"[{"sku":"a","count":9223372036854775807},{"sku":"","count":-1}]"#,
    r#"["Nothing",{"Circle":1},{"Line":[1,2]},{"Box":{"width":1,"height":255}},{"Nothing":null}]"#,
    r#"{"Box":{"width":1,"height":256}}"#,
    r#"{"kind":"paid","cents":18446744073709551615}"#,
    r#"{"cents":1,"kind":"open"}"#,
    r#"{"name":"n","b":1,"a":[true,false,null],"c":{"d":"e"}}"#,
    r#"{"1":"one","-2":"two","03":"three"}"#,
    r#"{"true":1,"false":18446744073709551616}"#,
    r#"{"Red":null,"Green":null}"#,
    "[340282366920938463463374607431768211455,-170141183460469231731687303715884105728]",
    "[1.5,-0]",
    "[7,\"seven\"]",
    "[0.1,1e400]",
    "[255,256]",
    "\"ß\"",
    "12",
    "-0",
    "null",
    "\n\t 5 \r",
    "",
];

#[test]
fn it_reads_what_serde_json_reads() {
    for text in TEXTS {
        agree_on_all(text);
        // Not among those below: `serde_json` panics over a wrong key that is not ASCII.
        agree::<BTreeMap<bool, u64>>(text);
    }
}

#[test]
fn it_refuses_what_serde_json_refuses() {
    let strange =
        ["", ",", ":", "\"", "\\", "{", "}", "[", "]", "1", ".", "e", "null", " ", "\u{1}", "é"];
    for text in TEXTS {
        for (at, _) in text.char_indices() {
            let (before, rest) = text.split_at(at);
            let mut after = rest.chars();
            after.next();
            for other in strange {
                agree_on_all(&format!("{before}{other}{}", after.as_str()));
            }
            agree_on_all(before);
        }
    }
}

#[test]
fn a_fault_is_told_where_it_is() {
    for text in [
        r#"{"id":"x"}"#,
        r#"{"id":1,"total":2}"#,
        "{\"id\":\"x\",\n \"total\":\"y\"}",
        r#"{"id":"x","total":1,"lines":[{"sku":"a","count":1,"more":2}]}"#,
        r#"{"id":"x","total":1,"lines":{}}"#,
        r#"{"id":"x","total":1"#,
        r#"{"id":"x" "total":1}"#,
        r#"{"id":"x","total":1,}"#,
        r#"{"id":"x","total":tru}"#,
        r#"{"id":"x","total":1} 2"#,
    ] {
        let ours = read::<Order>(text).unwrap_err().to_string();
        assert_eq!(ours, serde_json::from_str::<Order>(text).unwrap_err().to_string(), "{text}");
    }
}

#[test]
fn it_goes_as_deep_as_serde_json() {
    for depth in 120..135 {
        agree::<Value>(&("[".repeat(depth) + &"]".repeat(depth)));
        agree::<Value>(&(r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth)));
    }
    // Further than any stack.
    agree::<Value>(&"[".repeat(1_000_000));
}

#[test]
fn a_struct_is_no_list() {
    let error = read::<Line>(r#"["a", 1]"#).unwrap_err().to_string();
    assert!(error.starts_with("invalid type: sequence, expected struct Line"), "{error}");
}

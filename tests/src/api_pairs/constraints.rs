//! Of what inputs and events must be beyond their types: programs compile all the same, and what asks more of
//! what they give is a major version by policy.

use serde_json::{Value, json};

use super::{Pair, pair};

/// A field of the input that is text, and one that is a number.
const NOTE: &str = "/nodes/0/data/config/schema/properties/note";
const COUNT: &str = "/nodes/0/data/config/schema/properties/items/items/properties/count";
const ITEMS: &str = "/nodes/0/data/config/schema/properties/items/minItems";
const CARD: &str = "/nodes/0/data/config/schema/properties/payment/oneOf/0/properties/last4";
const CARRIER: &str = "/nodes/1/data/config/schema/properties/carrier";
const PHONE: &str = "/nodes/0/data/config/schema/properties/phone";

fn text(keyword: &str, value: impl Into<Value>) -> Value {
    json!({ "type": "string", keyword: value.into() })
}

fn int(keyword: &str, value: impl Into<Value>) -> Value {
    json!({ "type": "integer", keyword: value.into() })
}

fn from(pointer: &'static str, before: Value, changed: Pair) -> Pair {
    Pair { from: vec![(pointer, before)], ..changed }
}

pub(super) fn tightened() -> Vec<Pair> {
    let policy = |name, pointer, value| pair(name, "policy", vec![(pointer, value)]);
    vec![
        policy("a lower bound", COUNT, int("minimum", 1)),
        from(COUNT, int("minimum", 1), policy("a higher lower bound", COUNT, int("minimum", 2))),
        policy("a length", NOTE, text("maxLength", 80)),
        policy("a pattern", NOTE, text("pattern", "^[A-Z]")),
        from(
            NOTE,
            text("pattern", "^[A-Z]"),
            policy("another pattern", NOTE, text("pattern", "^[a-z]")),
        ),
        policy("a list that may not be empty", ITEMS, json!(1)),
        from(
            COUNT,
            int("enum", json!([1, 2, 3])),
            policy("a number fewer to choose from", COUNT, int("enum", json!([1, 2]))),
        ),
        policy("a length within a choice", CARD, text("minLength", 4)),
        policy("a pattern of an event", CARRIER, text("pattern", "^[A-Z]")),
        from(
            CARRIER,
            text("maxLength", 9),
            policy("a lower length of an event", CARRIER, text("maxLength", 8)),
        ),
    ]
}

pub(super) fn loosened() -> Vec<Pair> {
    let minor = |name, pointer, value| pair(name, "minor", vec![(pointer, value)]);
    let patch = |name, pointer, value| pair(name, "patch", vec![(pointer, value)]);
    vec![
        from(COUNT, int("minimum", 2), minor("a lower lower bound", COUNT, int("minimum", 1))),
        from(
            NOTE,
            text("pattern", "^A"),
            minor("a pattern less", NOTE, json!({ "type": "string" })),
        ),
        from(ITEMS, json!(1), minor("a list that may be empty", ITEMS, Value::Null)),
        from(
            COUNT,
            int("enum", json!([1, 2])),
            minor("a number more to choose from", COUNT, int("enum", json!([1, 2, 3]))),
        ),
        from(
            CARRIER,
            text("maxLength", 8),
            minor("a greater length of an event", CARRIER, text("maxLength", 9)),
        ),
        minor("an optional input with a bound", PHONE, text("minLength", 5)),
        from(COUNT, int("minimum", 1), patch("the same bound", COUNT, int("minimum", 1.0))),
    ]
}

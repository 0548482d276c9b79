//! Each row is a schema before and after, with a value that only one of the two takes: what is
//! called tighter refuses what was taken.

use std::collections::BTreeMap;

use flowcrate::types::meets;
use serde_json::json;

use super::*;
use crate::api::Constraints;
use crate::package::Support;
use crate::{api::api, check_source, compile};
use flowcrate::catalogue::Catalogue;

/// The model of a workflow whose trigger has this schema.
fn model(schema: &Value) -> Api {
    model_of(&json!({ "format": 1, "name": "asked", "nodes": [
        { "id": "start", "type": "trigger", "position": { "x": 0, "y": 0 },
          "data": { "label": "Start", "kind": "manual@1", "config": { "schema": schema } } } ],
        "edges": [] }))
}

fn model_of(graph: &Value) -> Api {
    let graph = graph.to_string();
    let compiled = compile(graph.as_bytes(), &Catalogue::default(), &Support::Vendored);
    let files = compiled.files.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    let (checked, _) = check_source(graph.as_bytes(), &Catalogue::default());
    api(&files, &checked.unwrap(), "0.1.0")
}

fn told(old: &Value, new: &Value) -> Vec<(Turn, String)> {
    turns(&model(old), &model(new))
}

/// A record with one field.
#[expect(clippy::needless_pass_by_value, reason = "schemas are written where they are used")]
fn with(field: Value) -> Value {
    json!({ "type": "object", "required": ["f"], "properties": { "f": field } })
}

/// Asserts that the change is told so, and that `value` tells the two apart.
#[track_caller]
fn tighter(old: &Value, new: &Value, value: &Value, text: &str) {
    assert!(meets(old, value).is_ok() && meets(new, value).is_err(), "{value}");
    let told = told(old, new);
    let expected = vec![(Turn::Tighter, text.to_owned())];
    assert_eq!(told, expected, "{old} to {new}");
    // Backwards more is taken.
    let back = self::told(new, old);
    assert!(back.iter().all(|(turn, _)| *turn == Turn::Looser) && !back.is_empty(), "{back:?}");
}

/// The same of the field of a record.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "schemas are written where they are used")]
fn tighter_field(old: Value, new: Value, value: Value, text: &str) {
    let value = json!({ "f": value });
    tighter(&with(old), &with(new), &value, &format!("`f` of the input {text}"));
}

#[test]
fn bounds() {
    let int = |more: Value| {
        let mut schema = json!({ "type": "integer" });
        let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) else { panic!() };
        schema.extend(more);
        Value::Object(schema.clone())
    };
    let free = || int(json!({}));
    tighter_field(
        free(),
        int(json!({ "minimum": 1 })),
        json!(0),
        "has to be at least 1, which nothing asked before",
    );
    tighter_field(
        int(json!({ "minimum": 1 })),
        int(json!({ "minimum": 10 })),
        json!(9),
        "had to be at least 1, and has to be at least 10",
    );
    tighter_field(
        int(json!({ "minimum": 1 })),
        int(json!({ "exclusiveMinimum": 1 })),
        json!(1),
        "had to be at least 1, and has to be more than 1",
    );
    tighter_field(
        int(json!({ "exclusiveMaximum": 9 })),
        int(json!({ "maximum": 7 })),
        json!(8),
        "had to be less than 9, and has to be at most 7",
    );
    tighter_field(
        int(json!({ "multipleOf": 5 })),
        int(json!({ "multipleOf": 10 })),
        json!(15),
        "had to be a multiple of 5, and has to be a multiple of 10",
    );
    tighter_field(
        int(json!({ "enum": [1, 2, 3] })),
        int(json!({ "enum": [1, 2] })),
        json!(3),
        "had to be 1 or 2 or 3, and has to be 1 or 2",
    );
    assert_eq!(
        told(&with(int(json!({ "minimum": 1 }))), &with(int(json!({ "minimum": 1.0 })))),
        []
    );
}

#[test]
fn texts_lists_and_maps() {
    let text = || json!({ "type": "string" });
    tighter_field(
        text(),
        json!({ "type": "string", "minLength": 3 }),
        json!("ab"),
        "has to have at least 3 characters, which nothing asked before",
    );
    tighter_field(
        json!({ "type": "string", "maxLength": 2 }),
        json!({ "type": "string", "maxLength": 1 }),
        json!("ab"),
        "had to have at most 2 characters, and has to have at most 1 character",
    );
    tighter_field(
        text(),
        json!({ "type": "string", "pattern": "^A" }),
        json!("B"),
        "has to match \"^A\", which nothing asked before",
    );
    let list = |more: &str, value: Value| json!({ "type": "array", "items": text(), more: value });
    tighter_field(
        list("minItems", json!(0)),
        list("minItems", json!(1)),
        json!([]),
        "has to have at least 1 element, which nothing asked before",
    );
    tighter_field(
        list("uniqueItems", json!(false)),
        list("uniqueItems", json!(true)),
        json!(["a", "a"]),
        "has to have no element twice, which nothing asked before",
    );
    let map = |more: Value| {
        let mut schema = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
        let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) else { panic!() };
        schema.extend(more);
        Value::Object(schema.clone())
    };
    tighter_field(
        map(json!({})),
        map(json!({ "required": ["a"] })),
        json!({ "b": 1 }),
        "has to have `a`, which nothing asked before",
    );
    tighter_field(
        map(json!({ "maxProperties": 2 })),
        map(json!({ "maxProperties": 1 })),
        json!({ "a": 1, "b": 1 }),
        "had to have at most 2 entries, and has to have at most 1 entry",
    );
    tighter_field(
        map(json!({})),
        map(json!({ "dependentRequired": { "a": ["b"] } })),
        json!({ "a": 1 }),
        "has to have `b` where `a` is there, which nothing asked before",
    );
}

#[test]
fn places_within() {
    let count = |least: u8| {
        let item = json!({ "type": "object", "required": ["count"],
            "properties": { "count": { "type": "integer", "minimum": least } } });
        json!({ "type": "object", "required": ["lines"],
            "properties": { "lines": { "type": "array", "items": item } } })
    };
    tighter(
        &count(1),
        &count(2),
        &json!({ "lines": [{ "count": 1 }] }),
        "`lines[].count` of the input had to be at least 1, and has to be at least 2",
    );
    let named = |pattern: &str| {
        json!({ "type": "object", "additionalProperties": { "type": "integer" },
            "propertyNames": { "pattern": pattern } })
    };
    assert_eq!(
        told(&named("^a"), &named("^b")),
        [(
            Turn::Tighter,
            "`(names)` of the input had to match \"^a\", and has to match \"^b\"".to_owned()
        )]
    );
    let priced = |most: u8| json!({ "type": "object", "additionalProperties": { "type": "integer", "maximum": most } });
    tighter(
        &priced(9),
        &priced(8),
        &json!({ "a": 9 }),
        "`*` of the input had to be at most 9, and has to be at most 8",
    );
    // Where a definition stands means nothing.
    let inline = with(json!({ "type": "string", "maxLength": 3 }));
    let mut defined = with(json!({ "$ref": "#/$defs/short" }));
    defined["$defs"] = json!({ "short": { "type": "string", "maxLength": 3 } });
    assert_eq!(told(&inline, &defined), []);
    let mut parts = with(json!({ "type": "string" }));
    parts["properties"]["f"]["allOf"] = json!([{ "maxLength": 3 }, { "maxLength": 5 }]);
    assert_eq!(told(&inline, &parts), []);
}

#[test]
fn what_contains_itself_is_looked_into_once() {
    let thread = |most: u8| {
        json!({ "$ref": "#/$defs/thread", "$defs": { "thread": { "type": "object",
            "required": ["text"], "properties": {
                "text": { "type": "string", "maxLength": most },
                "answers": { "type": "array", "items": { "$ref": "#/$defs/thread" } } } } } })
    };
    tighter(
        &thread(20),
        &thread(10),
        &json!({ "text": "", "answers": [{ "text": "twelve chars" }] }),
        "`text` of the input had to have at most 20 characters, and has to have at most 10 characters",
    );
}

#[test]
fn choices() {
    let payment = |card: Value, more: &[Value]| {
        let tagged = |kind: &str, field: Value| {
            json!({ "title": kind, "type": "object", "required": ["kind", "number"],
                "properties": { "kind": { "const": kind }, "number": field } })
        };
        let mut choices = vec![tagged("card", card), tagged("iban", json!({ "type": "string" }))];
        choices.extend(more.iter().map(|field| tagged("cash", field.clone())));
        with(json!({ "title": "Payment", "oneOf": choices }))
    };
    let text = json!({ "type": "string" });
    let short = json!({ "type": "string", "maxLength": 4 });
    tighter(
        &payment(text.clone(), &[]),
        &payment(short.clone(), &[]),
        &json!({ "f": { "kind": "card", "number": "12345" } }),
        "`f(card).number` of the input has to have at most 4 characters, which nothing asked before",
    );
    // A choice that is new is told by types, with whatever it asks.
    assert_eq!(told(&payment(text.clone(), &[]), &payment(text, &[short])), []);
    // Which fields go together: no type says it.
    let either = |choices: Value| {
        let mut schema = json!({ "type": "object",
            "properties": { "a": { "type": "string" }, "b": { "type": "string" } } });
        schema["anyOf"] = choices;
        schema
    };
    let told = told(
        &either(json!([{ "required": ["a"] }, { "required": ["b"] }])),
        &either(json!([{ "required": ["a"] }])),
    );
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, Turn::Tighter);
}

/// New fields are told by their types: that one is minor, whatever it asks of its values.
#[test]
fn what_types_say_is_not_said_again() {
    let plain = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let more = json!({ "type": "object", "properties": { "a": { "type": "string" },
        "b": { "type": "object", "required": ["c"],
            "properties": { "c": { "type": "string", "minLength": 2 } } } } });
    assert_eq!(told(&plain, &more), []);
    assert_eq!(told(&more, &plain), []);
    let texts = |values: &[&str]| with(json!({ "title": "Size", "enum": values, "minLength": 1 }));
    assert_eq!(told(&texts(&["s", "l"]), &texts(&["s"])), []);
}

/// The model of a workflow that waits for an event of this schema, or for an approval with such a
/// form.
fn waiting(kind: &str, schema: &Value) -> Api {
    let node = |id: &str, kind: &str, config: Value| {
        json!({ "id": id, "type": "action", "position": { "x": 0, "y": 0 },
            "data": { "label": id, "kind": kind, "config": config } })
    };
    model_of(&json!({ "format": 1, "name": "asked", "nodes": [
        node("start", "manual@1", json!({})),
        node("hold", kind, json!({ "event": "shipped", "schema": schema })) ],
        "edges": [{ "id": "e1", "source": "start", "target": "hold" }] }))
}

#[test]
fn events_and_approvals() {
    let weight = |least: u8| with(json!({ "type": "integer", "minimum": least }));
    for (kind, place) in [("wait_event@1", "f"), ("approval@1", "form.f")] {
        let model = |schema: &Value| waiting(kind, schema);
        let free = model(&with(json!({ "type": "integer" })));
        let told = turns(&free, &model(&weight(1)));
        let what = "has to be at least 1, which nothing asked before";
        let what = format!("`{place}` of the event `shipped` {what}");
        assert_eq!(told, [(Turn::Tighter, what)], "{kind}");
        let told = turns(&model(&weight(2)), &model(&weight(1)));
        let what = format!(
            "`{place}` of the event `shipped` had to be at least 2, and has to be at least 1"
        );
        assert_eq!(told, [(Turn::Looser, what)], "{kind}");
        // A field that is new is told by its type, and so is an event.
        let none = model(&json!({ "type": "object", "properties": {} }));
        assert_eq!(turns(&none, &model(&weight(1))), [], "{kind}");
        let trigger = self::model(&json!({ "type": "object", "properties": {} }));
        assert_eq!(turns(&trigger, &model(&weight(1))), [], "{kind}");
    }
}

#[test]
fn a_model_that_says_nothing_is_compared_with_nothing() {
    let strict = with(json!({ "type": "integer", "minimum": 1 }));
    let old = Api { asked: None, ..model(&strict) };
    assert_eq!(turns(&old, &model(&with(json!({ "type": "integer", "minimum": 9 })))), []);
    // What was stored before is read, with what it said of inputs alone, and what is stored now
    // says it.
    let mut stored = serde_json::to_value(model(&strict)).unwrap();
    let asked = stored.as_object_mut().unwrap().remove("asked").unwrap();
    assert!(asked["input"]["properties"]["f"]["minimum"] == 1, "{asked}");
    stored["constraints"] = asked["input"].clone();
    assert_eq!(serde_json::from_value::<Api>(stored).unwrap(), old);
    let nothing = Constraints { input: json!({}), events: BTreeMap::new() };
    assert_eq!(model(&with(json!({ "type": "integer" }))).asked, Some(nothing));
}

#[test]
fn a_schema_that_is_too_large_to_take_apart_is_one_thing() {
    let names: Vec<String> = (0..12).map(|at| format!("n{at}")).collect();
    let fields: Map<String, Value> = names
        .iter()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/$defs/{name}") })))
        .collect();
    let circles = |least: u8| {
        let node = json!({ "properties": fields, "minProperties": least });
        let defs: Map<String, Value> =
            names.iter().map(|name| (name.clone(), node.clone())).collect();
        json!({ "$ref": "#/$defs/n0", "$defs": defs })
    };
    let asked = |least| Constraints { input: circles(least), events: BTreeMap::new() };
    let api = |least: u8| Api { asked: Some(asked(least)), ..Api::default() };
    assert_eq!(turns(&api(1), &api(1)), []);
    let told = turns(&api(1), &api(2));
    assert!(told.iter().any(|(turn, _)| *turn == Turn::Tighter), "{told:?}");
}

//! What comes in from outside is held to its type and to its schema's constraints before a run
//! starts, by a server that interprets the graph and by the crate that was compiled from it: the
//! same values are refused, in the same words.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use flowcrate::Timestamp;
use flowcrate_server::callees::Linked;
use flowcrate_server::compiler::Compiler;
use flowcrate_server::interpret::Plan;
use flowcrate_server::runs::run_input;
use flowcrate_tests::emitted;
use serde_json::{Value, json};

/// Orders, with all that a schema says beyond types, and comments, which refer to themselves.
fn graph() -> Value {
    let line = json!({"type": "object", "required": ["sku", "count"], "properties": {
        "sku": {"type": "string", "pattern": "^[a-z]+-\\d+$"},
        "count": {"type": "integer", "minimum": 1, "exclusiveMaximum": 100},
        "step": {"type": "number", "multipleOf": 0.25},
    }});
    let paid = json!({"oneOf": [
        {"type": "object", "required": ["by", "last4"],
            "properties": {"by": {"const": "card"}, "last4": {"type": "string", "minLength": 4, "maxLength": 4}}},
        {"type": "object", "required": ["by"], "properties": {"by": {"const": "cash"}}},
    ]});
    let schema = json!({
        "type": "object",
        "title": "Order",
        "required": ["lines", "paid", "thread"],
        "properties": {
            "lines": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": true, "items": line},
            "paid": paid,
            "size": {"enum": [1, 2, 4], "description": "of the parcel"},
            "tags": {"type": "object", "maxProperties": 2, "propertyNames": {"maxLength": 3},
                "additionalProperties": {"type": "string"}},
            "thread": {"$ref": "#/$defs/comment"},
        },
        "$defs": {"comment": {"type": "object", "required": ["text"], "properties": {
            "text": {"type": "string", "minLength": 1},
            "replies": {"type": "array", "items": {"$ref": "#/$defs/comment"}},
        }}},
    });
    json!({"name": "border", "nodes": [
        {"id": "received", "data": {"label": "Received", "kind": "webhook@1",
            "config": {"schema": schema, "sample": good()}}},
        {"id": "by_hand", "data": {"label": "By hand", "kind": "manual@1",
            "config": {"schema": {"type": "integer", "minimum": 3}}}},
        {"id": "done", "data": {"label": "Done", "kind": "return@1", "inputs": {"value": "fine"}}},
    ], "edges": [
        {"source": "received", "target": "done"},
        {"source": "by_hand", "target": "done"},
    ]})
}

fn good() -> Value {
    json!({
        "lines": [{"sku": "gear-7", "count": 1, "step": 0.75}, {"sku": "gear-8", "count": 99}],
        "paid": {"by": "card", "last4": "4242"},
        "size": 4,
        "tags": {"a": "x"},
        "thread": {"text": "hi", "replies": [{"text": "ho"}]},
    })
}

/// The order with another value at this place.
fn with(place: &str, value: Value) -> Value {
    let mut order = good();
    *order.pointer_mut(place).unwrap() = value;
    order
}

/// Payloads of the trigger `received` with what is said of each; nothing of those that are fine.
fn orders() -> Vec<(Value, &'static str)> {
    vec![
        (good(), ""),
        (with("/size", json!(null)), ""),
        (with("/tags", json!({"a": "x", "b": "y"})), ""),
        (json!(7), "expected an object, found the number 7"),
        (
            with("/lines/1/count", json!("2")),
            "expected an int, found the string \"2\" (at `lines[1].count`)",
        ),
        (with("/thread", json!({})), "`thread.text` is missing"),
        (
            with("/lines/1/count", json!(100)),
            "expected less than 100, found the number 100 (at `lines[1].count`)",
        ),
        (
            with("/lines/0/count", json!(0)),
            "expected at least 1, found the number 0 (at `lines[0].count`)",
        ),
        (
            with("/lines/0/step", json!(0.3)),
            "expected a multiple of 0.25, found the number 0.3 (at `lines[0].step`)",
        ),
        (
            with("/lines/0/sku", json!("Gear")),
            "expected text that matches \"^[a-z]+-\\\\d+$\", found the string \"Gear\" (at `lines[0].sku`)",
        ),
        (with("/lines", json!([])), "expected at least 1 element, found 0 (at `lines`)"),
        (
            with("/lines/1", json!({"sku": "gear-7", "count": 1.0, "step": 0.75})),
            "expected an int, found the number 1.0 (at `lines[1].count`)",
        ),
        (
            with("/lines/1", json!({"sku": "gear-7", "count": 1, "step": 0.75})),
            "is found twice, at [0] too (at `lines[1]`)",
        ),
        (
            with("/paid/last4", json!("42")),
            "expected at least 4 characters, found 2 (at `paid.last4`)",
        ),
        (with("/size", json!(3)), "expected 1 or 2 or 4, found the number 3 (at `size`)"),
        (
            with("/tags", json!({"long": "x"})),
            "by its name expected at most 3 characters, found 4 (at `tags.long`)",
        ),
        (
            with("/thread/replies/0/text", json!("")),
            "expected at least 1 character, found 0 (at `thread.replies[0].text`)",
        ),
    ]
}

/// What the server says of a payload; nothing, where it would start a run with it.
fn said_by_server(plan: &Plan, trigger: &str, payload: &Value) -> String {
    let read = run_input(plan, Some(trigger), payload.clone(), Timestamp(0));
    read.err().map_or_else(String::new, |misfit| misfit.to_string())
}

/// What the crate's command line says of an input: nothing, where a run of it came to its end.
fn said_by_crate(folder: &Path, input: &Value) -> String {
    std::fs::write(folder.join("asked.json"), input.to_string()).unwrap();
    let ran = Command::new(emitted::target().join("debug/border"))
        .args(["run", "--input", "asked.json", "--data", "data"])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    match ran.status.code() {
        Some(0) => String::new(),
        Some(2) => said.trim().split_once("no input of border: ").unwrap().1.to_owned(),
        code => panic!("{input}: {code:?} {said}"),
    }
}

#[test]
fn interpreter_and_crate_refuse_the_same_inputs_in_the_same_words() {
    let graph = graph().to_string().into_bytes();
    let plan = Arc::new(Compiler::new().plan(&graph, &Linked::default()).unwrap());
    let folder = emitted::folder("border").unwrap();
    emitted::write(&emitted::compile(&graph), &folder).unwrap();
    // Its own tests start runs with the sample.
    let built = emitted::cargo(&folder, &["test"]).unwrap();
    let said = [built.stdout, built.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(built.status.success(), "{}", said.concat());

    for (order, said) in orders() {
        assert_eq!(said_by_server(&plan, "received", &order), said, "{order}");
        // The crate takes the whole input, in which the payload stands under its trigger's id.
        let whole = said.replace("(at `", "(at `received.");
        let whole = match whole.strip_prefix('`') {
            Some(missing) => format!("`received.{missing}"),
            None if whole.is_empty() || whole.contains("(at `") => whole,
            None => format!("{whole} (at `received`)"),
        };
        assert_eq!(said_by_crate(&folder, &json!({"received": order})), whole, "{order}");
    }
    let said = said_by_server(&plan, "by_hand", &json!(2));
    assert_eq!(said, "expected at least 3, found the number 2");
    let said = said_by_crate(&folder, &json!({"by_hand": 2}));
    assert_eq!(said, "expected at least 3, found the number 2 (at `by_hand`)");
    assert_eq!(said_by_crate(&folder, &json!({"by_hand": 3})), "");
}

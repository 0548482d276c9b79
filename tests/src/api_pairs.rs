//! Pairs of graphs, and a program that uses all that the first one of a pair promises.

mod constraints;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use flowcrate_codegen::api::{Api, ApiField, ApiType};
use serde_json::{Value, json};

/// A graph and what becomes of it.
pub struct Pair {
    /// What changes, in words.
    pub name: &'static str,
    /// `patch`, `minor`, `major`, or `policy`: a major version that breaks no program.
    pub expected: &'static str,
    /// What the graph that it begins with has besides [`before`].
    pub from: Vec<(&'static str, Value)>,
    /// Where in the graph, and what stands there then; null takes it away.
    pub edits: Vec<(&'static str, Value)>,
}

fn pair(name: &'static str, expected: &'static str, edits: Vec<(&'static str, Value)>) -> Pair {
    Pair { name, expected, from: Vec::new(), edits }
}

fn edited(mut graph: Value, edits: &[(&str, Value)]) -> Value {
    for (pointer, value) in edits {
        edit(&mut graph, pointer, value.clone());
    }
    graph
}

impl Pair {
    /// The graph before the edits.
    pub fn before(&self) -> Value {
        edited(before(), &self.from)
    }

    /// The graph after the edits.
    pub fn after(&self) -> Value {
        edited(self.before(), &self.edits)
    }
}

/// Sets, appends (`-`) or takes away.
fn edit(graph: &mut Value, pointer: &str, value: Value) {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return };
    match graph.pointer_mut(parent) {
        Some(Value::Object(object)) if value.is_null() => drop(object.remove(key)),
        Some(Value::Object(object)) => drop(object.insert(key.to_owned(), value)),
        Some(Value::Array(list)) if key == "-" => list.push(value),
        Some(Value::Array(list)) => {
            let Ok(place) = key.parse::<usize>() else { return };
            if value.is_null() {
                list.remove(place);
            } else if let Some(item) = list.get_mut(place) {
                *item = value;
            }
        }
        _ => {}
    }
}

/// The graph that all pairs begin with: something of each sort that a crate promises.
pub fn before() -> Value {
    let address = json!({ "title": "Address", "type": "object", "required": ["street"],
        "properties": { "street": { "type": "string" }, "zip": { "type": "string" } } });
    let item = json!({ "title": "Item", "type": "object", "required": ["sku", "count"],
        "additionalProperties": false,
        "properties": { "sku": { "type": "string" }, "count": { "type": "integer" } } });
    let time = json!({ "type": "string", "format": "date-time" });
    let card = json!({ "title": "Card", "type": "object", "required": ["kind", "at", "last4"],
        "properties": { "kind": { "const": "card" }, "at": time, "last4": { "type": "string" } } });
    let iban = json!({ "title": "Iban", "type": "object", "required": ["kind", "at", "iban"],
        "properties": { "kind": { "const": "iban" }, "at": time, "iban": { "type": "string" } } });
    let order = json!({ "title": "Order", "type": "object",
        "required": ["name", "size", "address", "items", "payment", "voucher"],
        "properties": {
            "name": { "type": "string" },
            "note": { "type": "string" },
            "size": { "title": "Size", "enum": ["small", "large"] },
            "address": address,
            "payment": { "title": "Payment", "oneOf": [card, iban] },
            "voucher": { "title": "Voucher", "type": ["string", "integer"] },
            "items": { "type": "array", "items": item } } });
    let shipped = json!({ "title": "Shipped", "type": "object", "required": ["tracking"],
        "properties": { "tracking": { "type": "string" }, "carrier": { "type": "string" } } });
    let node = |id: &str, kind: &str, more: Value| {
        let mut data = json!({ "label": id, "kind": kind });
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        json!({ "id": id, "type": "action", "position": { "x": 0, "y": 0 }, "data": data })
    };
    let value = json!({ "who": "{{ trigger.name }}", "size": "{{ trigger.size }}",
        "tracking": "{{ steps.hold.tracking }}", "paid": "{{ trigger.payment.at }}", "count": "{{ trigger.items | length }}" });
    json!({ "format": 1, "name": "pair", "description": "A pair.", "nodes": [
        node("start", "webhook@1", json!({ "config": { "path": "pair", "schema": order } })),
        node("hold", "wait_event@1", json!({ "config": { "event": "shipped", "schema": shipped } })),
        node("done", "return@1", json!({ "inputs": { "value": value } })),
    ], "edges": [
        { "id": "e1", "source": "start", "target": "hold" },
        { "id": "e2", "source": "hold", "target": "done" },
    ] })
}

/// All pairs.
pub fn pairs() -> Vec<Pair> {
    let all = [
        patches(),
        minors(),
        minors_of_choices(),
        majors(),
        majors_within(),
        majors_of_choices(),
        policies(),
        constraints::tightened(),
        constraints::loosened(),
    ];
    all.into_iter().flatten().collect()
}

fn patches() -> Vec<Pair> {
    let text = json!("{{ trigger.name | upper }}");
    let wait = json!({ "id": "nap", "type": "action", "position": { "x": 0, "y": 0 },
        "data": { "label": "nap", "kind": "wait@1", "inputs": { "duration": "1s" } } });
    vec![
        pair("nothing", "patch", vec![]),
        pair("another label", "patch", vec![("/nodes/2/data/label", json!("Done"))]),
        pair("another place", "patch", vec![("/nodes/2/position/x", json!(900))]),
        pair("another description", "patch", vec![("/description", json!("Other."))]),
        pair(
            "another value of the output",
            "patch",
            vec![("/nodes/2/data/inputs/value/who", text)],
        ),
        pair(
            "a field documented",
            "patch",
            vec![("/nodes/0/data/config/schema/properties/name/description", json!("Who."))],
        ),
        pair(
            "a step more",
            "patch",
            vec![
                ("/nodes/-", wait),
                ("/edges/1/source", json!("nap")),
                ("/edges/-", json!({ "id": "e3", "source": "hold", "target": "nap" })),
            ],
        ),
        pair(
            "a step under another name",
            "patch",
            vec![("/nodes/2/id", json!("finish")), ("/edges/1/target", json!("finish"))],
        ),
        pair(
            "a note on the canvas",
            "patch",
            vec![(
                "/nodes/-",
                json!({ "id": "memo", "type": "note",
            "position": { "x": 0, "y": 0 }, "data": { "label": "memo", "kind": "note@1", "config": { "text": "Hi" } } }),
            )],
        ),
        pair(
            "retries",
            "patch",
            vec![
                ("/nodes/2/position/y", json!(3)),
                ("/viewport", json!({ "x": 1, "y": 0, "zoom": 1 })),
            ],
        ),
    ]
}

fn minors() -> Vec<Pair> {
    let string = || json!({ "type": "string" });
    let fail = json!({ "id": "refuse", "type": "action", "position": { "x": 0, "y": 0 },
        "data": { "label": "refuse", "kind": "fail@1", "inputs": { "code": "too_late", "message": "too late" } } });
    let wait_for = json!({ "id": "ask", "type": "action", "position": { "x": 0, "y": 0 },
        "data": { "label": "ask", "kind": "wait_event@1", "config": { "event": "paid",
            "schema": { "title": "Paid", "type": "object", "required": ["cents"], "properties": { "cents": { "type": "integer" } } } } } });
    vec![
        pair(
            "an optional input",
            "minor",
            vec![("/nodes/0/data/config/schema/properties/phone", string())],
        ),
        pair(
            "an optional input that is a record",
            "minor",
            vec![(
                "/nodes/0/data/config/schema/properties/gift",
                json!({ "title": "Gift", "type": "object", "required": ["card"], "properties": { "card": { "type": "string" } } }),
            )],
        ),
        pair(
            "an optional field within the input",
            "minor",
            vec![("/nodes/0/data/config/schema/properties/address/properties/country", string())],
        ),
        pair(
            "an optional field of a list's items",
            "minor",
            vec![(
                "/nodes/0/data/config/schema/properties/items/items/properties/colour",
                string(),
            )],
        ),
        pair(
            "a variant",
            "minor",
            vec![("/nodes/0/data/config/schema/properties/size/enum/-", json!("huge"))],
        ),
        pair(
            "an output field",
            "minor",
            vec![("/nodes/2/data/inputs/value/street", json!("{{ trigger.address.street }}"))],
        ),
        pair(
            "an output field that is a list",
            "minor",
            vec![("/nodes/2/data/inputs/value/items", json!("{{ trigger.items }}"))],
        ),
        pair(
            "an optional field of an event",
            "minor",
            vec![("/nodes/1/data/config/schema/properties/weight", json!({ "type": "integer" }))],
        ),
        pair(
            "a way to the end without an output",
            "major",
            vec![
                ("/nodes/-", fail),
                (
                    "/edges/-",
                    json!({ "id": "e3", "source": "hold", "sourceHandle": "error", "target": "refuse" }),
                ),
            ],
        ),
        pair(
            "another event",
            "minor",
            vec![
                ("/nodes/-", wait_for),
                ("/edges/1/source", json!("ask")),
                ("/edges/-", json!({ "id": "e3", "source": "hold", "target": "ask" })),
            ],
        ),
    ]
}

/// Of what is one of several things.
fn minors_of_choices() -> Vec<Pair> {
    vec![
        pair(
            "a choice more, by its tag",
            "minor",
            vec![(
                "/nodes/0/data/config/schema/properties/payment/oneOf/-",
                json!({ "title": "Cash", "type": "object", "required": ["kind", "at"],
                    "properties": { "kind": { "const": "cash" }, "at": { "type": "string", "format": "date-time" } } }),
            )],
        ),
        pair(
            "a choice more, by its form",
            "minor",
            vec![(
                "/nodes/0/data/config/schema/properties/voucher/type",
                json!(["string", "integer", "boolean"]),
            )],
        ),
        pair(
            "an optional field of a choice",
            "minor",
            vec![(
                "/nodes/0/data/config/schema/properties/payment/oneOf/0/properties/bank",
                json!({ "type": "string" }),
            )],
        ),
        pair(
            "a closed record that is open",
            "minor",
            vec![(
                "/nodes/0/data/config/schema/properties/items/items/additionalProperties",
                Value::Null,
            )],
        ),
    ]
}

/// What breaks programs that give an input.
fn majors() -> Vec<Pair> {
    let at = |pointer: &'static str, value: Value| vec![(pointer, value)];
    vec![
        pair(
            "a required input",
            "major",
            vec![
                ("/nodes/0/data/config/schema/properties/phone", json!({ "type": "string" })),
                ("/nodes/0/data/config/schema/required/-", json!("phone")),
            ],
        ),
        pair(
            "an optional input that is required",
            "major",
            at("/nodes/0/data/config/schema/required/-", json!("note")),
        ),
        pair(
            "a required input that is optional",
            "major",
            vec![
                (
                    "/nodes/0/data/config/schema/required",
                    json!(["name", "size", "address", "payment", "voucher"]),
                ),
                ("/nodes/2/data/inputs/value/count", json!(1)),
            ],
        ),
        pair(
            "an input taken away",
            "major",
            at("/nodes/0/data/config/schema/properties/note", Value::Null),
        ),
        pair(
            "an input retyped",
            "major",
            at("/nodes/0/data/config/schema/properties/note", json!({ "type": "integer" })),
        ),
        pair(
            "an input renamed",
            "major",
            vec![
                ("/nodes/0/data/config/schema/properties/note", Value::Null),
                ("/nodes/0/data/config/schema/properties/remark", json!({ "type": "string" })),
            ],
        ),
        pair(
            "a required field within the input",
            "major",
            vec![
                (
                    "/nodes/0/data/config/schema/properties/address/properties/city",
                    json!({ "type": "string" }),
                ),
                ("/nodes/0/data/config/schema/properties/address/required/-", json!("city")),
            ],
        ),
        pair(
            "a field of a list's items retyped",
            "major",
            at(
                "/nodes/0/data/config/schema/properties/items/items/properties/count",
                json!({ "type": "string" }),
            ),
        ),
        pair("a type renamed", "major", at("/nodes/0/data/config/schema/title", json!("Purchase"))),
        pair(
            "an inner type renamed",
            "major",
            at("/nodes/0/data/config/schema/properties/address/title", json!("Place")),
        ),
    ]
}

/// The same of what is inside, of what comes out and of what is sent.
fn majors_within() -> Vec<Pair> {
    let at = |pointer: &'static str, value: Value| vec![(pointer, value)];
    vec![
        pair(
            "an enum renamed",
            "major",
            at("/nodes/0/data/config/schema/properties/size/title", json!("Extent")),
        ),
        pair(
            "a variant taken away",
            "major",
            at("/nodes/0/data/config/schema/properties/size/enum", json!(["small"])),
        ),
        pair(
            "an enum that is text",
            "major",
            at("/nodes/0/data/config/schema/properties/size", json!({ "type": "string" })),
        ),
        pair(
            "an output field taken away",
            "major",
            at("/nodes/2/data/inputs/value/tracking", Value::Null),
        ),
        pair(
            "an output field retyped",
            "major",
            at("/nodes/2/data/inputs/value/count", json!("{{ trigger.name }}")),
        ),
        pair(
            "an output field that is a list of it",
            "major",
            at("/nodes/2/data/inputs/value/who", json!(["{{ trigger.name }}"])),
        ),
        pair(
            "an output that is text",
            "major",
            at("/nodes/2/data/inputs/value", json!("{{ trigger.name }}")),
        ),
        pair(
            "an event's field retyped",
            "major",
            at("/nodes/1/data/config/schema/properties/carrier", json!({ "type": "integer" })),
        ),
        pair(
            "an event's field required",
            "major",
            at("/nodes/1/data/config/schema/required/-", json!("carrier")),
        ),
        pair(
            "an event's type renamed",
            "major",
            at("/nodes/1/data/config/schema/title", json!("Sent")),
        ),
    ]
}

/// The same of what is one of several things.
fn majors_of_choices() -> Vec<Pair> {
    const CHOICES: &str = "/nodes/0/data/config/schema/properties/payment/oneOf";
    let cash = json!({ "title": "Cash", "type": "object", "required": ["kind"],
        "properties": { "kind": { "const": "cash" } } });
    let tagged = |tag: &str, name: &str, field: &str| {
        json!({ "title": name, "type": "object", "required": [tag, "at", field],
            "properties": { tag: { "const": name.to_lowercase() },
                "at": { "type": "string", "format": "date-time" }, field: { "type": "string" } } })
    };
    let all = |choices: [Value; 2]| vec![(CHOICES, json!(choices))];
    let iban = || tagged("kind", "Iban", "iban");
    vec![
        pair(
            "a choice taken away",
            "major",
            vec![
                (
                    "/nodes/0/data/config/schema/properties/payment/oneOf/-",
                    tagged("kind", "Cash", "till"),
                ),
                ("/nodes/0/data/config/schema/properties/payment/oneOf/1", Value::Null),
            ],
        ),
        // What all of them have is a reader of the workflow's own, and promised to nobody.
        Pair {
            from: vec![("/nodes/2/data/inputs/value/paid", Value::Null)],
            ..pair(
                "a choice without what all had",
                "minor",
                vec![("/nodes/0/data/config/schema/properties/payment/oneOf/-", cash)],
            )
        },
        pair("a choice renamed", "major", all([tagged("kind", "Visa", "last4"), iban()])),
        pair("a choice's field renamed", "major", all([tagged("kind", "Card", "digits"), iban()])),
        pair(
            "a choice's field retyped",
            "major",
            vec![(
                "/nodes/0/data/config/schema/properties/payment/oneOf/0/properties/last4",
                json!({ "type": "integer" }),
            )],
        ),
        pair(
            "another tag",
            "policy",
            all([tagged("sort", "Card", "last4"), tagged("sort", "Iban", "iban")]),
        ),
        pair(
            "a choice by form retyped",
            "major",
            vec![(
                "/nodes/0/data/config/schema/properties/voucher/type",
                json!(["string", "number"]),
            )],
        ),
        pair(
            "a choice that is none",
            "major",
            vec![("/nodes/0/data/config/schema/properties/voucher/type", json!("string"))],
        ),
    ]
}

fn policies() -> Vec<Pair> {
    let refuse = json!({ "id": "refuse", "type": "action", "position": { "x": 0, "y": 0 },
        "data": { "label": "refuse", "kind": "fail@1", "inputs": { "code": "too_late", "message": "too late" } } });
    let refusal =
        json!({ "id": "e3", "source": "hold", "sourceHandle": "error", "target": "refuse" });
    vec![
        Pair {
            from: vec![("/nodes/-", refuse), ("/edges/-", refusal)],
            ..pair(
                "a failure renamed",
                "policy",
                vec![("/nodes/3/data/inputs/code", json!("too_slow"))],
            )
        },
        pair(
            "an open record that is closed",
            "policy",
            vec![(
                "/nodes/0/data/config/schema/properties/address/additionalProperties",
                json!(false),
            )],
        ),
        pair("another event's name", "policy", vec![("/nodes/1/data/config/event", json!("sent"))]),
        pair("another webhook", "policy", vec![("/nodes/0/data/config/path", json!("orders"))]),
        pair(
            "a webhook that is started by hand",
            "policy",
            vec![
                ("/nodes/0/data/kind", json!("manual@1")),
                ("/nodes/0/data/config/path", Value::Null),
            ],
        ),
    ]
}

/// A program that names, gives and reads everything that the model has.
pub fn consumer(krate: &str, module: &str, api: &Api) -> String {
    let mut text = format!(
        "#![allow(warnings)]\nuse std::collections::BTreeMap;\nuse flowcrate::{{Bytes, Result, Timestamp}};\n\
         use serde_json::Value;\nuse {krate}::{module}::{{self as krate, *}};\n\n\
         fn any<T>() -> T {{ unimplemented!() }}\n\n"
    );
    let Api { structure, function, input, output, .. } = api;
    let inputs: Vec<String> = input.iter().map(|ty| format!(", any::<{ty}>()")).collect();
    let inputs = inputs.concat();
    let _ = writeln!(
        text,
        "async fn run(context: flowcrate::Context) {{\n    let _ = {structure};\n    \
         let output: {output} = krate::{function}(context{inputs}).await;\n}}\n"
    );
    for ty in api.events.values() {
        let _ = writeln!(text, "fn sends(payload: {ty}) -> {ty} {{ payload }}\n");
    }
    for (name, ty) in &api.types {
        match ty {
            ApiType::Struct { fields, .. } => {
                if api.given().contains(name.as_str()) {
                    text.push_str(&gives(name, fields));
                }
                text.push_str(&reads(name, fields));
            }
            ApiType::Enum { variants, .. } => text.push_str(&chooses(name, variants)),
            ApiType::Alias(ty) => {
                let _ = writeln!(text, "fn same_{name}(value: {name}) -> {ty} {{ value }}\n");
            }
        }
    }
    text.push_str("fn main() {}\n");
    text
}

/// Makes each variant, and takes it apart.
fn chooses(name: &str, variants: &BTreeMap<String, String>) -> String {
    let (mut makes, mut arms) = (String::new(), String::new());
    for (variant, of) in variants {
        // What it holds stands behind its name in JSON.
        let held = of.find(" (").map_or("", |at| of[at..].trim());
        if held.is_empty() {
            let _ = writeln!(makes, "    let _ = {name}::{variant};");
            let _ = writeln!(arms, "        {name}::{variant} => {{}}");
        } else {
            let _ = writeln!(makes, "    let _ = {name}::{variant}(any::<{held}>());");
            let _ =
                writeln!(arms, "        {name}::{variant}(held) => {{ let _: {held} = held; }}");
        }
    }
    format!(
        "fn make_{name}() {{\n{makes}}}\n\n\
         fn match_{name}(value: {name}) {{\n    match value {{\n{arms}        _ => {{}}\n    }}\n}}\n\n"
    )
}

/// Constructs a struct with all that it may have.
fn gives(name: &str, fields: &BTreeMap<String, ApiField>) -> String {
    let (optional, given): (Vec<_>, Vec<_>) =
        fields.iter().partition(|(_, field)| field.is_optional());
    let given = given.iter().map(|(name, field)| format!("{name}: any::<{}>()", field.ty));
    let given = given.collect::<Vec<_>>().join(", ");
    let with: Vec<String> =
        optional.iter().map(|(name, _)| format!(".with_{name}(any())")).collect();
    let with = with.concat();
    format!(
        "fn give_{name}() -> {name} {{\n    \
         let given: {name} = krate::new::{name} {{ {given} }}.into();\n    given{with}\n}}\n\n"
    )
}

fn reads(name: &str, fields: &BTreeMap<String, ApiField>) -> String {
    let read =
        fields.iter().map(|(field, of)| format!("    let _: &{} = &value.{field};\n", of.ty));
    format!("fn read_{name}(value: &{name}) {{\n{}}}\n\n", read.collect::<String>())
}

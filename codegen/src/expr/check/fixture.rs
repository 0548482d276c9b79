//! The running fixture that holds the examples of the checker's tests: compiled to a crate, they
//! give what the interpreter gives here (S18).

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::{check, eval, parse};
use super::tests::{ANY, ARITHMETIC, COMPARISONS, FILTERS, PRESENCE, scope};

/// Examples that read what a run of the fixture has too, and whose values are always there.
fn examples() -> Vec<&'static str> {
    let elsewhere =
        |text: &str| ["item", "index", "run.", "steps.sure"].iter().any(|name| text.contains(name));
    [ARITHMETIC, COMPARISONS, FILTERS, ANY, PRESENCE]
        .into_iter()
        .flatten()
        .filter(|(text, expected)| !elsewhere(text) && !expected.starts_with("optional<"))
        .map(|(text, _)| *text)
        .collect()
}

fn node(id: &str, kind: &str, inputs: &Value) -> Value {
    json!({"id": id, "type": "node", "position": {"x": 0, "y": 0},
        "data": {"label": id, "kind": kind, "inputs": inputs}})
}

fn transform(id: &str, value: &Value) -> Value {
    node(id, "transform@1", &json!({"value": value}))
}

fn edge(source: &str, handle: &str, target: &str) -> Value {
    json!({"id": format!("{source}_{handle}_{target}"), "source": source,
        "sourceHandle": handle, "target": target})
}

fn schema() -> Value {
    let line = json!({"type": "object", "title": "Line", "properties": {
        "label": {"type": "string"}, "price": {"type": "number"}, "count": {"type": "integer"},
        "gift": {"type": "boolean"}, "note": {"type": "string"},
    }, "required": ["label", "price", "count", "gift"]});
    json!({"type": "object", "title": "Order", "properties": {
        "id": {"type": "string"}, "total": {"type": "integer"}, "rate": {"type": "number"},
        "vip": {"type": "boolean"}, "at": {"type": "string", "format": "date-time"},
        "wait": {"type": "string", "format": "duration"},
        "blob": {"type": "string", "format": "byte"}, "note": {"type": "string"},
        "status": {"enum": ["new", "paid"], "title": "Status"},
        "lines": {"type": "array", "items": line},
        "tags": {"type": "array", "items": {"type": "string"}},
        "stock": {"type": "object", "additionalProperties": {"type": "integer"}},
        "more": {"type": "object", "properties": {"deep": {"type": "integer"}}},
        "body": {},
    }, "required": ["id", "total", "rate", "vip", "at", "wait", "blob", "status", "lines", "tags",
        "stock", "body"]})
}

/// The graph, and the output of its run.
fn fixture() -> (Value, Value) {
    let start = json!({"id": "start", "type": "node", "position": {"x": 0, "y": 0},
        "data": {"label": "start", "kind": "manual@1", "config": {"schema": schema()}}});
    let customer = |email: &str, age: i64| json!({"email": email, "age": age});
    let mut nodes = vec![
        start,
        node("pick", "condition@1", &json!({"condition": "{{ trigger.vip }}"})),
        transform("a", &customer("a@x", 1)),
        transform("b", &customer("b@x", 7)),
        transform("body", &json!("{{ trigger.body }}")),
    ];
    let mut edges = vec![
        edge("start", "out", "pick"),
        edge("start", "out", "body"),
        edge("pick", "false", "a"),
        edge("pick", "true", "b"),
        edge("a", "out", "values"),
        edge("b", "out", "values"),
        edge("body", "out", "values"),
        edge("values", "out", "done"),
    ];
    let (mut values, mut failures) = (Map::new(), Map::new());
    let (mut given, mut told) = (Map::new(), Map::new());
    for (at, text) in examples().into_iter().enumerate() {
        let text = format!("{{{{ {text} }}}}");
        let template = parse(&text).expect("it parses");
        let expr = check(&template, &scope(), None).unwrap_or_else(|i| panic!("{text}: {i:#?}"));
        match eval(&expr, &scope()) {
            Ok(value) => {
                given.insert(format!("v{at:03}"), value);
                values.insert(format!("v{at:03}"), json!(text));
            }
            Err(error) => {
                let (fails, caught) = (format!("f{at:03}"), format!("g{at:03}"));
                nodes.push(transform(&fails, &json!(text)));
                nodes.push(transform(&caught, &json!(format!("{{{{ errors.{fails}.message }}}}"))));
                edges.push(edge("values", "out", &fails));
                edges.push(edge(&fails, "error", &caught));
                edges.push(edge(&caught, "out", "done"));
                let read = format!("{{{{ steps.{caught} | default('no failure') }}}}");
                failures.insert(fails.clone(), json!(read));
                told.insert(fails, json!(error.message));
            }
        }
    }
    nodes.push(transform("values", &Value::Object(values)));
    let result = json!({"values": "{{ steps.values }}", "failures": failures});
    nodes.push(node("done", "return@1", &json!({"value": result})));
    let graph = json!({"format": 1, "name": "operations", "nodes": nodes, "edges": edges,
        "description": "Every example of the expression language, as the checker's tests have it"});
    (graph, json!({"values": given, "failures": told}))
}

fn input() -> Value {
    let scope = scope();
    let value = |name: &str| scope.value(name);
    let mut input = value("trigger");
    input["body"] = value("steps.body");
    input
}

/// Set `UPDATE_FIXTURES=1` to write the files.
#[test]
fn the_running_fixture_holds_the_examples() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/run/s18_operations");
    let (graph, output) = fixture();
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    for (name, value) in [("graph.json", graph), ("input.json", input()), ("output.json", output)] {
        let path = Path::new(folder).join(name);
        let text = serde_json::to_string_pretty(&value).expect("JSON") + "\n";
        if update {
            fs::create_dir_all(folder).expect("the folder can be made");
            fs::write(&path, text).expect("the file can be written");
        } else {
            let found = fs::read_to_string(&path).unwrap_or_default();
            let found: Value = serde_json::from_str(&found).unwrap_or_default();
            assert_eq!(found, value, "{name}: run with UPDATE_FIXTURES=1, read what was written");
        }
    }
}

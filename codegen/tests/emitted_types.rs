//! What an emitted crate is made of follows from its graph: features from expressions, names of
//! types from where they stand.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::compile;
use flowcrate_codegen::package::Support;
use serde_json::{Value, json};

fn file(graph: &Value, path: &str) -> String {
    let support = Support::Path(BTreeMap::new());
    let compiled = compile(graph.to_string().as_bytes(), &Catalogue::default(), &support);
    let files = compiled.files.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    String::from_utf8(files.files[path].bytes.clone()).unwrap()
}

fn node(id: &str, kind: &str, data: Value) -> Value {
    let mut data = data;
    data["kind"] = json!(kind);
    data["label"] = json!(id);
    json!({"id": id, "type": "node", "position": {"x": 0, "y": 0}, "data": data})
}

/// A graph whose nodes follow one after the other.
fn graph(nodes: &[Value]) -> Value {
    let edges: Vec<Value> = nodes
        .windows(2)
        .map(|pair| json!({"id": format!("{}_", pair[0]["id"]), "source": pair[0]["id"], "target": pair[1]["id"]}))
        .collect();
    json!({"format": 1, "name": "example", "nodes": nodes, "edges": edges})
}

fn giving(expression: &str) -> Value {
    let schema = json!({"type": "object", "required": ["a", "at"], "properties": {
        "a": {"type": "string"}, "at": {"type": "string", "format": "date-time"}}});
    graph(&[
        node("start", "manual@1", json!({"config": {"schema": schema}})),
        node("done", "return@1", json!({"inputs": {"value": format!("{{{{ {expression} }}}}")}})),
    ])
}

#[test]
fn s18_a_crate_pays_for_the_operations_that_it_calls() {
    for (expression, feature) in [
        ("trigger.a | upper", None),
        ("trigger.at | year", None),
        ("trigger.a | sha256", Some("expr-hash")),
        ("trigger.a is matching '^[a-z]'", Some("expr-regex")),
        ("trigger.at | format('%Y')", Some("expr-dates")),
        // Computed when it is compiled.
        ("'a' | sha256 | hexencode", None),
        ("'a-b' | regex_replace('-', '+')", None),
    ] {
        let manifest = file(&giving(expression), "Cargo.toml");
        let found: Vec<&str> = ["expr-dates", "expr-hash", "expr-regex"]
            .into_iter()
            .filter(|feature| manifest.contains(feature))
            .collect();
        assert_eq!(found, Vec::from_iter(feature), "{expression}\n{manifest}");
    }
}

fn object(title: &str, field: &str) -> Value {
    json!({"config": {"output": {"schema": {"type": "object", "title": title,
        "required": [field], "properties": {field: {"type": "string"}}}}}})
}

/// The names of the types in `types.rs`, with a field of each.
fn types(graph: &Value) -> BTreeMap<String, String> {
    let source = file(graph, "src/generated/types.rs");
    let structs = source.split("pub struct ").skip(1);
    structs
        .map(|item| {
            let (name, rest) = item.split_once(" {").unwrap();
            let field = rest.split("pub ").nth(1).and_then(|rest| rest.split(':').next());
            (name.to_owned(), field.unwrap_or_default().to_owned())
        })
        .collect()
}

#[test]
fn s12_equal_structures_are_one_type_and_names_do_not_move() {
    let start = node("start", "manual@1", json!({}));
    let one = node("b_one", "custom@1", object("Item", "x"));
    let same = node("c_same", "custom@1", object("Item", "x"));
    let other = node("d_other", "custom@1", object("Item", "y"));
    let nodes = [start, one, same, other];
    let before = types(&graph(&nodes));
    // Equal ones are one; another structure of that name has a name of its own, not a number.
    assert_eq!(before.values().filter(|field| *field == "x").count(), 1, "{before:?}");
    let name_of = |types: &BTreeMap<String, String>, field: &str| {
        types.iter().find(|(_, found)| *found == field).map(|(name, _)| name.clone())
    };
    assert_eq!(name_of(&before, "x").as_deref(), Some("Item"));
    // A node before them in every order, with a type of its own.
    let [start, rest @ ..] = &nodes;
    let mut more = vec![start.clone(), node("a_new", "custom@1", object("Order", "z"))];
    more.extend_from_slice(rest);
    let after = types(&graph(&more));
    for field in ["x", "y"] {
        assert_eq!(name_of(&before, field), name_of(&after, field), "{before:?} {after:?}");
    }
}

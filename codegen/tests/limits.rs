//! Past the analysis' limits: graphs that are too large for a folder of fixtures.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check_source;
use serde_json::{Value, json};

fn node(id: &str, kind: &str, inputs: Value) -> Value {
    let mut node = json!({ "id": id, "data": { "label": id, "kind": kind } });
    node["data"]["inputs"] = inputs;
    node
}

fn edge(source: &str, handle: &str, target: &str) -> Value {
    json!({ "source": source, "sourceHandle": handle, "target": target })
}

/// More than the alternatives that are weighed against each other.
const TESTS: usize = 70;

/// A value that may be missing, and conditions in a row that ask for it; each goes on where it is
/// there. `more` is a transform behind an edge that leaves one of them.
fn asked_again_and_again(more: Option<(&str, &str)>) -> Vec<String> {
    let mut nodes = vec![
        node("start", "manual@1", json!({})),
        node("gate", "condition@1", json!({ "condition": "{{ run.id == 'x' }}" })),
        node("maybe", "transform@1", json!({ "value": "there" })),
    ];
    let mut edges = vec![
        edge("start", "out", "gate"),
        edge("gate", "true", "maybe"),
        edge("gate", "false", "ask0"),
        edge("maybe", "out", "ask0"),
    ];
    for index in 0..TESTS {
        let id = format!("ask{index}");
        let condition = json!({ "condition": "{{ steps.maybe is defined }}" });
        nodes.push(node(&id, "condition@1", condition));
        if index > 0 {
            edges.push(edge(&format!("ask{}", index - 1), "true", &id));
        }
    }
    nodes.push(node("done", "return@1", json!({ "value": "{{ steps.maybe }}" })));
    edges.push(edge(&format!("ask{}", TESTS - 1), "true", "done"));
    if let Some((source, handle)) = more {
        nodes.push(node("more", "transform@1", json!({ "value": "{{ steps.maybe }}" })));
        edges.push(edge(source, handle, "more"));
    }
    let graph = json!({ "format": 1, "name": "many", "nodes": nodes, "edges": edges });
    let (_, found) = check_source(graph.to_string().as_bytes(), &Catalogue::default());
    let errors = found.into_iter().filter(flowcrate_codegen::Diagnostic::is_error);
    errors.map(|found| format!("{} {}", found.code, found.node.unwrap_or_default())).collect()
}

#[test]
fn s8_one_of_many_tests_on_every_path_is_enough() {
    let none: [&str; 0] = [];
    assert_eq!(asked_again_and_again(None), none);
    assert_eq!(asked_again_and_again(Some(("ask0", "true"))), none);
    // It was asked for, and is not there.
    assert_eq!(asked_again_and_again(Some(("ask0", "false"))), ["E407 more"]);
}

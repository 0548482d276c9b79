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

/// A value that may be missing, and conditions side by side that ask for it, of which none proves
/// anything to another. `more` is a transform behind an edge that leaves one of them.
fn asked_again_and_again(more: Option<(&str, &str)>) -> Vec<String> {
    let mut nodes = vec![
        node("start", "manual@1", json!({})),
        node("gate", "condition@1", json!({ "condition": "{{ run.id == 'x' }}" })),
        node("maybe", "transform@1", json!({ "value": "there" })),
    ];
    let mut edges = vec![edge("start", "out", "gate"), edge("gate", "true", "maybe")];
    for index in 0..TESTS {
        let id = format!("ask{index}");
        let condition = json!({ "condition": "{{ steps.maybe is defined }}" });
        nodes.push(node(&id, "condition@1", condition));
        edges.push(edge("gate", "false", &id));
        edges.push(edge("maybe", "out", &id));
    }
    nodes.push(node("done", "return@1", json!({ "value": "{{ steps.maybe }}" })));
    edges.push(edge(&format!("ask{}", TESTS - 1), "true", "done"));
    if let Some((source, handle)) = more {
        nodes.push(node("more", "transform@1", json!({ "value": "{{ steps.maybe }}" })));
        edges.push(edge(source, handle, "more"));
    }
    found(&nodes, &edges)
}

#[test]
fn s8_one_of_many_tests_on_every_path_is_enough() {
    let none: [&str; 0] = [];
    assert_eq!(asked_again_and_again(None), none);
    assert_eq!(asked_again_and_again(Some(("ask0", "true"))), none);
    // It was asked for, and is not there.
    assert_eq!(asked_again_and_again(Some(("ask0", "false"))), ["E407 more"]);
}

fn found(nodes: &[Value], edges: &[Value]) -> Vec<String> {
    let graph = json!({ "format": 1, "name": "many", "nodes": nodes, "edges": edges });
    let (_, found) = check_source(graph.to_string().as_bytes(), &Catalogue::default());
    let errors = found.into_iter().filter(flowcrate_codegen::Diagnostic::is_error);
    errors.map(|found| format!("{} {}", found.code, found.node.unwrap_or_default())).collect()
}

/// A switch with so many ways out, each of which gives a value, and the first of all values.
fn first_of_many(ways: usize) -> Vec<String> {
    let names: Vec<String> = (0..ways).map(|way| format!("way{way}")).collect();
    let cases: Vec<Value> = names
        .iter()
        .skip(1)
        .map(|name| json!({ "name": name, "when": format!("{{{{ run.id == '{name}' }}}}") }))
        .collect();
    let mut choose = node("choose", "switch@1", json!({}));
    choose["data"]["config"] = json!({ "cases": cases });
    let mut nodes = vec![node("start", "manual@1", json!({})), choose];
    let mut edges = vec![edge("start", "out", "choose")];
    for (place, name) in names.iter().enumerate() {
        nodes.push(node(name, "transform@1", json!({ "value": name })));
        edges.push(edge("choose", if place == 0 { "default" } else { name }, name));
        edges.push(edge(name, "out", "done"));
    }
    let names: Vec<String> = names.iter().map(|name| format!("steps.{name}")).collect();
    let value = format!("{{{{ first_of({}) }}}}", names.join(", "));
    nodes.push(node("done", "return@1", json!({ "value": value })));
    found(&nodes, &edges)
}

/// So many webhooks whose payloads have no common type, and what reads that of the first.
fn payload_of_one_of(triggers: usize) -> Vec<String> {
    let mut nodes = vec![node("done", "return@1", json!({ "value": "{{ trigger.x }}" }))];
    for place in 0..triggers {
        let id = format!("hook{place}");
        let mut hook = node(&id, "webhook@1", json!({}));
        let ty = if place == 0 { "integer" } else { "string" };
        let schema =
            json!({ "type": "object", "required": ["x"], "properties": { "x": { "type": ty } } });
        hook["data"]["config"] = json!({ "path": id, "schema": schema });
        nodes.push(hook);
    }
    found(&nodes, &[edge("hook0", "out", "done")])
}

/// A switch with so many cases, the first with a name of so many letters.
fn switch_of(cases: usize, letters: usize) -> Vec<String> {
    let case = |place: usize| {
        let name = if place == 0 { "x".repeat(letters) } else { format!("case{place}") };
        json!({ "name": name, "when": format!("{{{{ run.id == '{place}' }}}}") })
    };
    let mut choose = node("choose", "switch@1", json!({}));
    choose["data"]["config"] = json!({ "cases": (0..cases).map(case).collect::<Vec<_>>() });
    found(&[node("start", "manual@1", json!({})), choose], &[edge("start", "out", "choose")])
}

#[test]
fn what_is_proved_is_proved_up_to_the_limit() {
    let none: [&str; 0] = [];
    assert_eq!(first_of_many(64), none);
    assert_eq!(first_of_many(65), ["E407 done"]);
    assert_eq!(payload_of_one_of(64), none);
    assert_eq!(payload_of_one_of(65), ["E424 done"]);
    assert_eq!(switch_of(1_000, 128), none);
    assert_eq!(switch_of(1_001, 128), ["E333 choose"]);
    assert_eq!(switch_of(2, 129), ["E333 choose"]);
}

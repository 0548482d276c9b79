//! Small graphs for tests.

use serde_json::{Value, json};

/// Node data with a kind; `more` is merged into `data`.
pub(crate) fn node(id: &str, kind: &str, more: &Value) -> Value {
    let mut data = json!({ "label": id, "kind": kind });
    for (key, value) in more.as_object().unwrap() {
        data[key] = value.clone();
    }
    json!({ "id": id, "type": "action", "position": { "x": 0, "y": 0 }, "data": data })
}

/// A graph; edges are `source`, `source.handle` or `target` joined by `>`: `a>b`, `c.true>d`.
pub(crate) fn graph(name: &str, nodes: &[Value], edges: &[&str]) -> Value {
    let edges: Vec<Value> = edges
        .iter()
        .enumerate()
        .map(|(at, edge)| {
            let (source, target) = edge.split_once('>').unwrap();
            let (source, handle) = source.split_once('.').unwrap_or((source, "out"));
            json!({ "id": format!("e{at}"), "source": source, "sourceHandle": handle, "target": target })
        })
        .collect();
    json!({ "format": 1, "name": name, "description": "", "nodes": nodes, "edges": edges })
}

/// A manual trigger with a schema.
pub(crate) fn manual(properties: &Value) -> Value {
    let required: Vec<String> = properties.as_object().unwrap().keys().cloned().collect();
    let schema = json!({ "type": "object", "required": required, "properties": properties });
    node("start", "manual@1", &json!({ "config": { "schema": schema } }))
}

/// Doubles a number.
pub(crate) fn double(name: &str) -> Value {
    let nodes = [
        manual(&json!({ "n": { "type": "integer" } })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ trigger.n * 2 }}" } })),
    ];
    graph(name, &nodes, &["start>done"])
}

/// Waits for the event `go` and returns its payload's `word`.
pub(crate) fn waiting(name: &str) -> Value {
    let schema = json!({ "type": "object", "required": ["word"], "properties": { "word": { "type": "string" } } });
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("hold", "wait_event@1", &json!({ "config": { "event": "go", "schema": schema } })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ steps.hold.word }}" } })),
    ];
    graph(name, &nodes, &["start>hold", "hold>done"])
}

/// A webhook with a number, which it returns.
pub(crate) fn hooked(name: &str, path: &str) -> Value {
    let schema = json!({ "type": "object", "required": ["lines"], "properties": {
        "lines": { "type": "array", "items": { "type": "object", "required": ["price"],
            "properties": { "price": { "type": "integer" } } } } } });
    let nodes = [
        node("hook", "webhook@1", &json!({ "config": { "path": path, "schema": schema } })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ trigger.lines[0].price }}" } })),
    ];
    graph(name, &nodes, &["hook>done"])
}

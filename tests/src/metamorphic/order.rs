//! Orders and places, which mean nothing (S5).

use serde_json::{Value, json};

use crate::random::Rng;

/// The text of a document whose nodes, edges, required fields and keys come in another order.
pub fn scrambled(graph: &Value, rng: &mut Rng) -> String {
    let mut graph = graph.clone();
    for list in ["nodes", "edges"] {
        shuffle_list(&mut graph[list], rng);
    }
    let mut text = String::new();
    write(&graph, rng, &mut text);
    text
}

/// The document with its nodes elsewhere on the canvas, with other edge ids, and with what an editor
/// leaves behind.
pub fn moved(graph: &Value, rng: &mut Rng) -> Value {
    let mut graph = graph.clone();
    for (number, node) in graph["nodes"].as_array_mut().into_iter().flatten().enumerate() {
        node["position"] = json!({ "x": rng.below(2_000), "y": number });
        node["measured"] = json!({ "width": rng.below(300), "height": 40 });
        node["selected"] = rng.percent(50).into();
        node["style"] = json!({ "color": "red" });
    }
    for edge in graph["edges"].as_array_mut().into_iter().flatten() {
        edge["id"] = format!("moved-{}", rng.any()).into();
        edge["animated"] = rng.percent(50).into();
    }
    graph["viewport"] = json!({ "x": rng.below(100), "y": -3, "zoom": 0.5 });
    graph
}

fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(last + 1));
    }
}

fn shuffle_list(list: &mut Value, rng: &mut Rng) {
    if let Some(items) = list.as_array_mut() {
        shuffle(items, rng);
    }
}

fn write(value: &Value, rng: &mut Rng, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, Value)> =
                fields.iter().map(|(key, value)| (key, value.clone())).collect();
            shuffle(&mut fields, rng);
            text.push('{');
            for (number, (key, value)) in fields.iter_mut().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                if *key == "required"
                    && value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
                {
                    shuffle_list(value, rng);
                }
                text.push_str(&json!(key).to_string());
                text.push(':');
                write(value, rng, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                write(item, rng, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

//! Changes within a region: dead nodes, divided edges, negated conditions, split transforms.

use serde_json::{Value, json};

use super::{Changed, edges, fresh, nodes, place, placed_like, push};
use crate::random::{Case, Rng};

/// A node of a kind with inputs.
pub(super) fn node(id: &str, kind: &str, inputs: &Value) -> Value {
    json!({ "id": id, "data": { "label": "Added", "kind": kind, "inputs": inputs } })
}

fn transform(id: &str, value: &str) -> Value {
    node(id, "transform@1", &json!({ "value": value }))
}

pub(super) fn edge(source: &str, handle: Option<&str>, target: &str) -> Value {
    let id = format!("added-{source}-{target}");
    let mut edge = json!({ "id": id, "source": source, "target": target });
    if let Some(handle) = handle {
        edge["sourceHandle"] = handle.into();
    }
    edge
}

/// Adds a note, nodes that no trigger reaches, and one behind a condition that never holds.
pub(super) fn add_dead(case: &Case, rng: &mut Rng) -> Option<Changed> {
    let mut case = case.clone();
    let add = |graph: &mut Value, make: &dyn Fn(&str) -> Value| {
        let id = fresh(graph);
        push(graph, "nodes", make(&id));
        id
    };
    let graph = &mut case.graph;
    add(graph, &|id| node(id, "note@1", &json!({})));
    let lone = add(graph, &|id| node(id, "wait@1", &json!({ "duration": "1s" })));
    let behind = add(graph, &|id| transform(id, "behind"));
    push(graph, "edges", edge(&lone, None, &behind));
    // Behind whatever is left by some edge: it adds no root, and in a scope no sink that counts.
    let known: Vec<Value> =
        edges(graph).iter().filter(|edge| edge["source"] != lone).cloned().collect();
    let beside = rng.pick(&known)?;
    let target = nodes(graph).iter().find(|node| node["id"] == beside["target"])?.clone();
    if !has_result(graph, &target) {
        return Some(Changed::same(case));
    }
    let never = json!({ "condition": "{{ 1 > 2 }}" });
    let never = add(graph, &|id| placed_like(node(id, "condition@1", &never), &target));
    let mut to_it = beside.clone();
    to_it["target"] = never.as_str().into();
    to_it["id"] = "added".into();
    push(graph, "edges", to_it);
    let dead = node("", "wait@1", &json!({ "duration": "7s" }));
    let dead = add(graph, &|id| {
        let mut dead = placed_like(dead.clone(), &target);
        dead["id"] = id.into();
        dead
    });
    push(graph, "edges", edge(&never, Some("true"), &dead));
    Some(Changed::same(case))
}

/// Whether one more sink beside a node changes no result: at top level, and where the result is
/// written down (S25).
fn has_result(graph: &Value, beside: &Value) -> bool {
    let (parent, region) = place(beside);
    let Some(scope) = nodes(graph).iter().find(|node| node["id"] == *parent) else {
        return parent.is_null();
    };
    let result = &scope["data"]["result"];
    region == "finally" || !(if region.is_empty() { result } else { &result[region] }).is_null()
}

/// Puts a transform amid an edge.
pub(super) fn divide_edge(case: &Case, rng: &mut Rng) -> Option<Changed> {
    let mut case = case.clone();
    let at = rng.below(edges(&case.graph).len());
    let old = edges(&case.graph).get(at)?.clone();
    let target = nodes(&case.graph).iter().find(|node| node["id"] == old["target"])?.clone();
    let id = fresh(&case.graph);
    case.graph["edges"][at]["target"] = id.as_str().into();
    push(&mut case.graph, "nodes", placed_like(transform(&id, "amid"), &target));
    push(&mut case.graph, "edges", edge(&id, None, old["target"].as_str()?));
    Some(Changed::same(case))
}

/// Turns a condition and its edges round.
pub(super) fn negate(case: &Case, rng: &mut Rng) -> Option<Changed> {
    let is_plain = |node: &&Value| {
        node["data"]["kind"] == "condition@1"
            && node["data"]["disabled"] != true
            && node["data"]["on_error"].is_null()
    };
    let found: Vec<Value> = nodes(&case.graph).iter().filter(is_plain).cloned().collect();
    let node = rng.pick(&found)?;
    let mut case = case.clone();
    for other in case.graph["nodes"].as_array_mut()? {
        if other["id"] == node["id"] {
            let condition = other["data"]["inputs"]["condition"].as_str()?;
            let inner = condition.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
            other["data"]["inputs"]["condition"] = format!("{{{{ not ({inner}) }}}}").into();
        }
    }
    for edge in case.graph["edges"].as_array_mut()? {
        if edge["source"] == node["id"] {
            match edge["sourceHandle"].as_str() {
                Some("false") => edge["sourceHandle"] = "true".into(),
                Some("true") | None => edge["sourceHandle"] = "false".into(),
                Some(_) => {}
            }
        }
    }
    Some(Changed::same(case))
}

/// Makes two of a transform: the first works the value out, the second hands it on.
pub(super) fn split(case: &Case, rng: &mut Rng) -> Option<Changed> {
    let wired = |node: &Value| {
        let from = |edge: &Value| edge["source"] == node["id"] && edge["sourceHandle"] == "error";
        edges(&case.graph).iter().any(from)
    };
    let is_plain = |node: &&Value| {
        let data = &node["data"];
        let known = ["transform@1", "filter@1", "sort@1", "aggregate@1"];
        known.iter().any(|kind| data["kind"] == *kind)
            && data["disabled"] != true
            && data["on_error"].is_null()
            && !wired(node)
    };
    let found: Vec<Value> = nodes(&case.graph).iter().filter(is_plain).cloned().collect();
    let node = rng.pick(&found)?;
    let mut case = case.clone();
    let first = fresh(&case.graph);
    let id = node["id"].as_str()?;
    for edge in case.graph["edges"].as_array_mut()? {
        if edge["target"] == node["id"] {
            edge["target"] = first.as_str().into();
        }
    }
    push(&mut case.graph, "edges", edge(&first, None, id));
    let mut second = placed_like(transform(id, &format!("{{{{ steps.{first} }}}}")), node);
    second["data"]["label"] = node["data"]["label"].clone();
    let mut work = node.clone();
    work["id"] = first.as_str().into();
    for other in case.graph["nodes"].as_array_mut()? {
        if other["id"] == node["id"] {
            *other = second.clone();
        }
    }
    push(&mut case.graph, "nodes", work);
    // The one that fails is another.
    Some(Changed { case, back: vec![(first, id.to_owned())], gone: Vec::new(), scope: None })
}

//! Scopes that do nothing: a try that catches nothing, and one whose body cannot fail.

use serde_json::{Value, json};

use super::structure::{edge, node};
use super::{Changed, edges, fresh, nodes, place, placed_like, push};
use crate::random::{Case, Rng};

/// Kinds whose nodes may stand within a try as they stand beside it, leaving by one handle.
const PLAIN: [&str; 7] =
    ["scripted.call@1", "transform@1", "filter@1", "sort@1", "aggregate@1", "wait@1", "respond@1"];

fn is_plain(node: &Value) -> bool {
    PLAIN.iter().any(|kind| node["data"]["kind"] == *kind) && node["data"]["disabled"] != true
}

/// Puts a node into a try of its own, which takes its id, its edges and its `on_error`. A failure
/// goes through it (S21); what it does in the end takes no time.
pub(super) fn wrap(case: &Case, rng: &mut Rng) -> Option<Changed> {
    let plain = |node: &&Value| is_plain(node) && node["data"]["compensate"].is_null();
    let found: Vec<Value> = nodes(&case.graph).iter().filter(plain).cloned().collect();
    let old = rng.pick(&found)?;
    let (id, inner) = (old["id"].as_str()?, fresh(&case.graph));
    let mut case = enclosed(case, old, &inner, "finally", &Value::Null)?;
    let steps = &mut case.script.world.steps;
    if let Some(lives) = steps.remove(id) {
        steps.insert(inner.clone(), lives);
    }
    let back = vec![(format!("{id}/{inner}"), id.to_owned())];
    Some(Changed { case, back, gone: Vec::new(), scope: Some(id.to_owned()) })
}

/// Puts a transform that cannot fail into a try with a catch, which gives the same.
pub(super) fn catch(case: &Case, rng: &mut Rng) -> Option<Changed> {
    let plain =
        |node: &&Value| node["data"]["kind"] == "transform@1" && is_total(&case.graph, node);
    let found: Vec<Value> = nodes(&case.graph).iter().filter(plain).cloned().collect();
    let old = rng.pick(&found)?;
    let (id, inner) = (old["id"].as_str()?, fresh(&case.graph));
    let result = json!({
        "body": format!("{{{{ steps.{inner} }}}}"), "catch": old["data"]["inputs"]["value"],
    });
    let case = enclosed(case, old, &inner, "catch", &result)?;
    Some(Changed { case, back: Vec::new(), gone: Vec::new(), scope: Some(id.to_owned()) })
}

/// A node within a try that takes its id, its edges and its `on_error`, with one more region.
fn enclosed(case: &Case, old: &Value, inner: &str, other: &str, result: &Value) -> Option<Case> {
    let mut case = case.clone();
    let id = old["id"].as_str()?;
    let mut outer = placed_like(node(id, "try@1", &json!({})), old);
    if !result.is_null() {
        outer["data"]["result"] = result.clone();
    }
    let mut within = old.clone();
    within["id"] = inner.into();
    within["parentId"] = id.into();
    for key in ["join", "on_error"] {
        if let Some(value) = within["data"].as_object_mut()?.remove(key) {
            outer["data"][key] = value;
        }
    }
    within["data"]["region"] = "body".into();
    for known in case.graph["nodes"].as_array_mut()? {
        if known["id"] == old["id"] {
            *known = outer.clone();
        }
    }
    push(&mut case.graph, "nodes", within);
    let mut beside = node(&fresh(&case.graph), "transform@1", &json!({ "value": "beside" }));
    beside["parentId"] = id.into();
    beside["data"]["region"] = other.into();
    push(&mut case.graph, "nodes", beside);
    Some(case)
}

/// Puts the body of a try that cannot fail beside it, and a transform with the result in its place;
/// where there is none, of one that is made for it.
pub(super) fn inline(case: &Case, rng: &mut Rng) -> Option<Changed> {
    if !nodes(&case.graph).iter().any(|node| is_total_try(&case.graph, node)) {
        return inline(&catch(case, rng)?.case, rng);
    }
    let found: Vec<&Value> =
        nodes(&case.graph).iter().filter(|node| is_total_try(&case.graph, node)).collect();
    let scope = (*rng.pick(&found)?).clone();
    let id = scope["id"].as_str()?;
    let mut case = case.clone();
    let graph = &mut case.graph;
    let inner = |region: &str| -> Vec<Value> {
        let stands = |node: &&Value| place(node) == (&scope["id"], region);
        nodes(graph).iter().filter(stands).map(|node| node["id"].clone()).collect()
    };
    let (body, catch) = (inner("body"), inner("catch"));
    let followed = |id: &Value| edges(graph).iter().any(|edge| edge["source"] == *id);
    let follows = |id: &Value| edges(graph).iter().any(|edge| edge["target"] == *id);
    let sinks: Vec<String> = texts(body.iter().filter(|id| !followed(id)));
    let roots: Vec<String> = texts(body.iter().filter(|id| !follows(id)));
    let value = match (&scope["data"]["result"]["body"], sinks.as_slice()) {
        (Value::Null, [sink]) => format!("{{{{ steps.{sink} }}}}").into(),
        (Value::Null, _) => return None,
        (result, _) => result.clone(),
    };
    let join = scope["data"]["join"].clone();
    let mut result = placed_like(node(id, "transform@1", &json!({ "value": value })), &scope);
    result["data"]["label"] = scope["data"]["label"].clone();
    let all = graph["nodes"].as_array_mut()?;
    all.retain(|node| !catch.contains(&node["id"]));
    for other in all {
        if other["id"] == scope["id"] {
            *other = result.clone();
        } else if body.contains(&other["id"]) {
            lift(other, &scope)?;
            if !join.is_null() && texts([&other["id"]]).iter().all(|id| roots.contains(id)) {
                other["data"]["join"] = join.clone();
            }
        }
    }
    rewire(graph, &scope["id"], &catch, &roots)?;
    for sink in &sinks {
        push(graph, "edges", edge(sink, None, id));
    }
    let (gone, scope) = (vec![format!("{id}/")], Some(id.to_owned()));
    Some(Changed { case, back: Vec::new(), gone, scope })
}

/// Gives a node the place of the scope around it.
fn lift(node: &mut Value, scope: &Value) -> Option<()> {
    node.as_object_mut()?.remove("parentId");
    node["data"].as_object_mut()?.remove("region");
    *node = placed_like(node.take(), scope);
    Some(())
}

/// Leads what led to the scope to its roots, and forgets the edges of the catch.
fn rewire(graph: &mut Value, scope: &Value, catch: &[Value], roots: &[String]) -> Option<()> {
    let old = std::mem::take(graph["edges"].as_array_mut()?);
    for known in old {
        if catch.contains(&known["source"]) {
            continue;
        }
        if known["target"] != *scope {
            push(graph, "edges", known);
            continue;
        }
        for root in roots {
            let mut to_root = known.clone();
            to_root["target"] = root.as_str().into();
            push(graph, "edges", to_root);
        }
    }
    Some(())
}

/// Whether a try runs all of its body in any case, and undoes nothing.
fn is_total_try(graph: &Value, scope: &Value) -> bool {
    let data = &scope["data"];
    let inner: Vec<&Value> =
        nodes(graph).iter().filter(|node| node["parentId"] == scope["id"]).collect();
    data["kind"] == "try@1"
        && data["disabled"] != true
        && data["on_error"].is_null()
        && inner.iter().all(|node| {
            matches!(node["data"]["region"].as_str(), Some("body" | "catch"))
                && (node["data"]["region"] == "catch" || is_total(graph, node))
        })
        // Scopes within the catch hold nodes of their own.
        && !inner.iter().any(|node| {
            nodes(graph).iter().any(|other| other["parentId"] == node["id"])
        })
        && !data["result"]["body"].to_string().contains("//")
}

/// Whether a node always leaves by its one handle.
fn is_total(graph: &Value, node: &Value) -> bool {
    let data = &node["data"];
    let errors = edges(graph)
        .iter()
        .any(|edge| edge["source"] == node["id"] && edge["sourceHandle"] == "error");
    is_plain(node)
        && !matches!(data["kind"].as_str(), Some("scripted.call@1" | "respond@1"))
        && data["on_error"].is_null()
        && !data["inputs"].to_string().contains("//")
        && !errors
}

fn texts<'v>(values: impl IntoIterator<Item = &'v Value>) -> Vec<String> {
    values.into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

//! Shrinking: a failing case, as small as it can be made.

use serde_json::Value;

use super::Case;

/// So many smaller cases are tried.
const TRIES: usize = 4_000;

/// Makes a case smaller for as long as it still fails.
pub fn shrink(case: &Case, fails: &dyn Fn(&Case) -> bool) -> Case {
    let mut best = case.clone();
    let mut tries = TRIES;
    loop {
        let smaller = candidates(&best).into_iter().find(|candidate| {
            tries -= usize::from(tries > 0);
            tries > 0 && fails(candidate)
        });
        match smaller {
            Some(smaller) => best = smaller,
            None => return best,
        }
    }
}

/// All that is one step smaller, the boldest first.
pub fn candidates(case: &Case) -> Vec<Case> {
    let mut found = Vec::new();
    let graph = |graph: Value| Case { graph, script: case.script.clone() };
    let list = |name: &str| case.graph[name].as_array().cloned().unwrap_or_default();
    // Without what starts it there is no run.
    let inner = |node: &Value| node["id"] != case.script.trigger;
    for node in list("nodes").into_iter().filter(inner) {
        found.push(graph(without_node(&case.graph, &node["id"])));
        found.extend(bridged(&case.graph, &node["id"]).map(graph));
    }
    for at in 0..list("edges").len() {
        let mut smaller = case.graph.clone();
        if let Some(edges) = smaller["edges"].as_array_mut() {
            edges.remove(at);
        }
        found.push(graph(smaller));
    }
    for (at, node) in list("nodes").iter().enumerate() {
        for part in ["join", "on_error", "policy", "disabled", "result"] {
            if node["data"].get(part).is_some() {
                let mut smaller = case.graph.clone();
                if let Some(data) = smaller["nodes"][at]["data"].as_object_mut() {
                    data.remove(part);
                }
                found.push(graph(smaller));
            }
        }
        found.extend(simpler(node).into_iter().map(|simple| {
            let mut smaller = case.graph.clone();
            smaller["nodes"][at] = simple;
            graph(smaller)
        }));
    }
    found.extend(calmer(case));
    found
}

/// The graph without a node, what it holds and its edges.
fn without_node(graph: &Value, id: &Value) -> Value {
    let mut smaller = graph.clone();
    let mut gone = vec![id.clone()];
    if let Some(nodes) = smaller["nodes"].as_array_mut() {
        loop {
            let inner = nodes
                .iter()
                .find(|node| gone.contains(&node["parentId"]) && !gone.contains(&node["id"]));
            let Some(inner) = inner else { break };
            gone.push(inner["id"].clone());
        }
        nodes.retain(|node| !gone.contains(&node["id"]));
    }
    if let Some(edges) = smaller["edges"].as_array_mut() {
        edges.retain(|edge| !gone.contains(&edge["source"]) && !gone.contains(&edge["target"]));
    }
    smaller
}

/// The graph without a node, whose followers follow what it followed.
fn bridged(graph: &Value, id: &Value) -> Option<Value> {
    let edges = graph["edges"].as_array()?;
    let before: Vec<&Value> = edges.iter().filter(|edge| edge["target"] == *id).collect();
    let after: Vec<&Value> = edges.iter().filter(|edge| edge["source"] == *id).collect();
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let mut smaller = without_node(graph, id);
    let edges = smaller["edges"].as_array_mut()?;
    for one in before {
        for other in &after {
            let mut edge = one.clone();
            edge["target"] = other["target"].clone();
            edge["id"] = format!("b{}", edges.len()).into();
            let same = |known: &Value| {
                ["source", "sourceHandle", "target"].iter().all(|end| known[*end] == edge[*end])
            };
            if !edges.iter().any(same) {
                edges.push(edge);
            }
        }
    }
    Some(smaller)
}

/// The node with one input made a literal.
fn simpler(node: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    let Some(inputs) = node["data"]["inputs"].as_object() else { return found };
    for (name, value) in inputs {
        let put = |value: Value| {
            let mut simple = node.clone();
            simple["data"]["inputs"][name] = value;
            simple
        };
        match value {
            Value::String(text) if text.contains("{{") => {
                let literals = ["{{ 1 }}", "{{ true }}", "{{ false }}", "{{ [1] }}", "t"];
                let shorter = literals.into_iter().filter(|literal| literal.len() < text.len());
                found.extend(shorter.map(|literal| put(literal.into())));
            }
            Value::Object(fields) => {
                for key in fields.keys() {
                    let mut fewer = fields.clone();
                    fewer.remove(key);
                    found.push(put(Value::Object(fewer)));
                }
            }
            _ => {}
        }
    }
    found
}

/// Calmer worlds.
fn calmer(case: &Case) -> Vec<Case> {
    let mut found = Vec::new();
    for at in 0..case.script.events.len() {
        let mut calm = case.clone();
        calm.script.events.remove(at);
        found.push(calm);
    }
    for (id, lives) in &case.script.world.steps {
        let mut calm = case.clone();
        calm.script.world.steps.remove(id);
        found.push(calm);
        if lives.len() > 1 {
            let mut calm = case.clone();
            calm.script.world.steps.entry(id.clone()).or_default().truncate(1);
            found.push(calm);
        }
        for (life, attempts) in lives.iter().enumerate() {
            if attempts.len() < 2 {
                continue;
            }
            let mut calm = case.clone();
            if let Some(life) =
                calm.script.world.steps.get_mut(id).and_then(|lives| lives.get_mut(life))
            {
                life.remove(0);
            }
            found.push(calm);
        }
    }
    found
}

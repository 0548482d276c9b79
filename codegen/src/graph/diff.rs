//! What changed from one drawing to the next, in words for those who read a changelog.

use std::collections::{BTreeMap, BTreeSet};

use super::{NodeId, RawGraph, RawNode, react_flow};

/// What changed in what a workflow does: nodes that are new, gone or changed, and edges. Nothing of
/// labels, places and notes, and nothing where either document cannot be read.
pub fn changes(old: &[u8], new: &[u8]) -> Vec<String> {
    let (Some(old), Some(new)) = (react_flow::parse(old).0, react_flow::parse(new).0) else {
        return Vec::new();
    };
    let (before, after) = (nodes(&old), nodes(&new));
    let mut found = Vec::new();
    for (id, node) in &after {
        match before.get(id) {
            None => found.push(format!("{} is new", named(node))),
            Some(old) => found.extend(changed(old, node)),
        }
    }
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id));
    found.extend(gone.map(|(_, node)| format!("{} is gone", named(node))));
    if old.limit != new.limit {
        found.push("the limit of its runs changed".to_owned());
    }
    // Of new nodes and lost ones the edges say nothing more.
    let both = |id: &NodeId| before.contains_key(id) && after.contains_key(id);
    let (led, leads) = (edges(&old, both), edges(&new, both));
    let rewired = after.iter().filter(|(id, _)| both(id) && led.get(*id) != leads.get(*id));
    found.extend(rewired.map(|(_, node)| format!("what leads to {} changed", named(node))));
    found
}

fn nodes(graph: &RawGraph) -> BTreeMap<&NodeId, &RawNode> {
    let nodes = graph.nodes.iter().filter(|node| !node.kind.starts_with("note@"));
    nodes.map(|node| (&node.id, node)).collect()
}

/// Where edges come from, by the node that they lead to.
fn edges(
    graph: &RawGraph,
    both: impl Fn(&NodeId) -> bool,
) -> BTreeMap<&NodeId, BTreeSet<(&NodeId, Option<String>)>> {
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for edge in graph.edges.iter().flatten() {
        if both(&edge.source) && both(&edge.target) {
            let handle = edge.handle.as_ref().map(ToString::to_string);
            found.entry(&edge.target).or_default().insert((&edge.source, handle));
        }
    }
    found
}

/// By its label, as one word in code: it may hold anything.
fn named(node: &RawNode) -> String {
    let label: String =
        node.label.chars().map(|c| if c == '`' || c.is_control() { ' ' } else { c }).collect();
    format!("`{}`", label.trim())
}

/// What of a node changed.
fn changed(old: &RawNode, new: &RawNode) -> Option<String> {
    if old.kind != new.kind {
        return Some(format!("{} was `{}` and is `{}`", named(new), old.kind, new.kind));
    }
    let parts = [
        ("inputs", old.inputs != new.inputs),
        ("settings", old.config != new.config),
        ("result", old.result != new.result),
        ("policy", old.policy != new.policy || old.continue_on_error != new.continue_on_error),
        ("place", (&old.parent, &old.region) != (&new.parent, &new.region)),
        ("connection", old.connection != new.connection),
        ("undoing", undoing(old) != undoing(new) || old.undone_in_doubt != new.undone_in_doubt),
        ("joining", old.join != new.join),
        ("code", old.overridden != new.overridden),
    ];
    let parts: Vec<&str> =
        parts.iter().filter(|(_, other)| *other).map(|(part, _)| *part).collect();
    match (old.disabled, new.disabled) {
        (false, true) => Some(format!("{} is disabled", named(new))),
        (true, false) => Some(format!("{} is no longer disabled", named(new))),
        _ if parts.is_empty() => None,
        _ => Some(format!("{} changed: {}", named(new), parts.join(", "))),
    }
}

type Undoing<'n> = (&'n str, &'n serde_json::Map<String, serde_json::Value>);

fn undoing(node: &RawNode) -> Option<(Undoing<'_>, Undoing<'_>)> {
    let undo = node.compensate.as_deref()?;
    Some(((&undo.kind, &undo.inputs), (&undo.kind, &undo.config)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::changes;

    fn graph() -> Value {
        let node = |id: &str, kind: &str, inputs: Value| {
            json!({ "id": id, "position": { "x": 0, "y": 0 },
                "data": { "label": format!("The {id}"), "kind": kind, "inputs": inputs } })
        };
        json!({ "format": 1, "name": "a", "nodes": [
            node("start", "manual@1", json!({})),
            node("text", "transform@1", json!({ "value": "{{ 1 }}" })),
            node("done", "return@1", json!({ "value": "{{ steps.text }}" })),
        ], "edges": [
            { "id": "e1", "source": "start", "target": "text" },
            { "id": "e2", "source": "text", "target": "done" },
        ] })
    }

    fn after(edit: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut new = graph();
        edit(&mut new);
        changes(graph().to_string().as_bytes(), new.to_string().as_bytes())
    }

    #[test]
    fn what_means_nothing_is_no_change() {
        assert!(after(|_| {}).is_empty());
        let found = after(|graph| {
            graph["nodes"][1]["position"]["x"] = json!(40);
            graph["nodes"][1]["data"]["label"] = json!("Other");
            graph["nodes"].as_array_mut().unwrap().reverse();
            let note = json!({ "id": "memo", "data": { "kind": "note@1", "label": "Hi" } });
            graph["nodes"].as_array_mut().unwrap().push(note);
        });
        assert!(found.is_empty(), "{found:?}");
        assert!(changes(b"{", b"[]").is_empty());
    }

    #[test]
    fn each_change_is_told_once_by_the_label() {
        let found = after(|graph| graph["nodes"][1]["data"]["inputs"]["value"] = json!("{{ 2 }}"));
        assert_eq!(found, ["`The text` changed: inputs"]);
        let found =
            after(|graph| graph["nodes"][1]["data"]["policy"] = json!({ "max_attempts": 2 }));
        assert_eq!(found, ["`The text` changed: policy"]);
        let found = after(|graph| graph["nodes"][1]["data"]["disabled"] = json!(true));
        assert_eq!(found, ["`The text` is disabled"]);
        let found = after(|graph| graph["nodes"][1]["data"]["kind"] = json!("wait@1"));
        assert_eq!(found, ["`The text` was `transform@1` and is `wait@1`"]);
        let found = after(|graph| graph["edges"][1]["source"] = json!("start"));
        assert_eq!(found, ["what leads to `The done` changed"]);
        let found = after(|graph| {
            graph["nodes"][1]["id"] = json!("other");
            graph["nodes"][1]["data"]["label"] = json!("A `label`\n");
            graph["edges"][0]["target"] = json!("other");
            graph["edges"][1]["source"] = json!("other");
        });
        assert_eq!(found[0], "`A  label` is new");
        assert_eq!(found[1], "`The text` is gone");
    }
}

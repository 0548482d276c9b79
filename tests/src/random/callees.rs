//! The workflows that random graphs call and start (S35): the same for all of them, so that whoever
//! has a graph has what it calls.

use std::collections::BTreeMap;

use flowcrate_codegen::Callees;
use serde_json::{Value, json};

use super::graph::{MadeNode, Maker};
use super::kinds::made;
use super::types::{Name, Ty};

/// The step that one of them has.
pub(super) const STEP: &str = "child_work";

/// Their documents, by name. Each is started by `start`.
pub fn callees() -> BTreeMap<String, Value> {
    let value = |value: &str| json!({ "value": value, "text": "{{ trigger.s }}" });
    let own = || value("{{ trigger.n * 2 + 1 }}");
    let step = json!({
        "kind": "scripted.call@1", "inputs": { "count": "{{ trigger.n }}" },
        "policy": { "max_attempts": 2, "initial": "500ms", "jitter": false },
    });
    let nap = json!({
        "kind": "wait@1", "inputs": { "duration": "{{ duration('700ms') * (trigger.n + 1) }}" },
    });
    let large = json!({ "kind": "condition@1", "inputs": { "condition": "{{ trigger.n > 3 }}" } });
    let fall = json!({
        "kind": "fail@1", "inputs": { "code": "refused", "message": "{{ trigger.s }}" },
    });
    let inner = json!({
        "kind": "call_workflow@1", "config": { "workflow": "double" },
        "inputs": { "input": { "n": "{{ trigger.n }}", "s": "in" } },
    });
    let done = |value: Value| json!({ "kind": "return@1", "inputs": { "value": value } });
    let all = [
        document("double", &[("done", done(own()), "start", "out")]),
        document("rest", &[("nap", nap, "start", "out"), ("done", done(own()), "nap", "out")]),
        document(
            "refuse",
            &[
                ("large", large, "start", "out"),
                ("fall", fall, "large", "true"),
                ("done", done(own()), "large", "false"),
            ],
        ),
        document(
            "work",
            &[
                (STEP, step, "start", "out"),
                ("done", done(value("{{ steps.child_work.value }}")), STEP, "out"),
            ],
        ),
        document(
            "through",
            &[
                ("inner", inner, "start", "out"),
                ("done", done(value("{{ steps.inner.value + 1 }}")), "inner", "out"),
            ],
        ),
    ];
    all.into_iter().collect()
}

/// The same, as a compiler takes them.
pub fn sources() -> Callees {
    callees().into_iter().map(|(name, graph)| (name, graph.to_string().into_bytes())).collect()
}

/// A graph of nodes, each with its data and what it follows by which handle.
fn document(name: &str, nodes: &[(&str, Value, &str, &str)]) -> (String, Value) {
    let schema = json!({
        "type": "object", "required": ["n", "s"],
        "properties": { "n": { "type": "integer" }, "s": { "type": "string" } },
    });
    let start = json!({ "label": "Start", "kind": "manual@1", "config": { "schema": schema } });
    let mut all = vec![json!({ "id": "start", "type": "trigger", "data": start })];
    let mut edges = Vec::new();
    for (id, data, source, handle) in nodes {
        let mut data = data.clone();
        data["label"] = format!("Node {id}").into();
        all.push(json!({ "id": id, "data": data }));
        let edge = json!({ "id": id, "source": source, "sourceHandle": handle, "target": id });
        edges.push(edge);
    }
    (name.to_owned(), json!({ "format": 1, "name": name, "nodes": all, "edges": edges }))
}

impl Maker<'_> {
    /// A node that calls or starts another workflow, or that a person is to write.
    pub(super) fn beyond(&mut self, id: &str, names: &[Name]) -> MadeNode {
        let which = self.rng.below(100);
        if which < 35 {
            return self.custom(id, names);
        }
        let called = ["double", "rest", "refuse", "work", "through"];
        let called = self.rng.pick(&called).copied().unwrap_or("double");
        let input =
            json!({ "n": self.value_of(&Ty::Int, names), "s": self.value_of(&Ty::Text, names) });
        let kind = if which < 48 { "start_workflow@1" } else { "call_workflow@1" };
        let data = json!({
            "kind": kind, "config": { "workflow": called }, "inputs": { "input": input },
        });
        let output = Ty::record([("value", Ty::Int), ("text", Ty::Text)]);
        let gives = match (kind, called) {
            // Nobody knows the run's id.
            ("start_workflow@1", _) => None,
            (_, "refuse") => Some(output.optional()),
            _ => Some(output),
        };
        made(data, gives)
    }

    /// S36: what a person writes; the world says what that does.
    fn custom(&mut self, id: &str, names: &[Name]) -> MadeNode {
        let mut inputs = json!({ "count": self.value_of(&Ty::Int, names) });
        if self.rng.percent(30) {
            inputs["text"] = self.value_of(&Ty::Text, names);
        }
        let policy = self.policy();
        let mut data = json!({
            "kind": "custom@1", "inputs": inputs, "policy": policy, "config": price_config(),
        });
        let gives = Ty::record([("cents", Ty::Int), ("text", Ty::Text.optional())]);
        if self.rng.percent(25) {
            self.undoable(id, &mut data, names, &gives);
        }
        made(data, Some(gives))
    }
}

/// What `custom@1` gives.
pub(super) fn price_config() -> Value {
    let schema = json!({
        "type": "object", "required": ["cents"],
        "properties": { "cents": { "type": "integer" }, "text": { "type": "string" } },
    });
    json!({ "output": { "schema": schema } })
}

//! Examples of what comes from outside, for the rehearsal.

use serde_json::{Map, Value, json};

use crate::check::{Body, Checked};
use crate::schema::example;

/// `tests/rehearsal.json`: the input, and an example for whatever comes from outside.
pub(super) fn rehearsal(checked: &Checked, input: &Value) -> Value {
    let (steps, events) = outside(checked);
    let mut script = json!({ "input": input, "steps": steps, "events": events });
    let callees = checked.all_callees().into_iter();
    let callees: Map<String, Value> = callees
        .map(|(name, callee)| {
            let (steps, events) = outside(callee);
            (name.to_owned(), json!({ "steps": steps, "events": events }))
        })
        .collect();
    if let (false, Value::Object(script)) = (callees.is_empty(), &mut script) {
        script.insert("workflows".to_owned(), Value::Object(callees));
    }
    script
}

/// What steps give and events bring, by example.
fn outside(checked: &Checked) -> (Map<String, Value>, Map<String, Value>) {
    let mut steps = Map::new();
    let mut events = Map::new();
    for node in checked.nodes.values() {
        match &node.body {
            Body::Action { .. } | Body::Custom { .. } => {
                let undo = node.body.undo().map(|undo| undo.node.as_ref());
                for step in std::iter::once(node).chain(undo) {
                    let output = step.output.as_ref().map_or(Value::Null, example);
                    steps.insert(step.id.to_string(), output);
                }
            }
            body => {
                let event = body.event();
                events.extend(event.map(|(event, payload)| (event.to_owned(), example(payload))));
            }
        }
    }
    (steps, events)
}

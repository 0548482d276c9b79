//! Examples of what comes from outside, for the rehearsal.

use flowcrate::types::{Type, meets};
use serde_json::{Map, Value, json};

use crate::check::{Body, Checked};
use crate::schema::{example, example_of};

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
                let payload =
                    event.map(|(event, ty)| (event.to_owned(), event_of(checked, event, ty)));
                events.extend(payload);
            }
        }
    }
    (steps, events)
}

/// The payload of an event.
pub(super) fn event_of(checked: &Checked, event: &str, ty: &Type) -> Value {
    let Some(asked) = checked.events.get(event) else { return example(ty) };
    asked.sample.clone().unwrap_or_else(|| example_of(ty, Some(&asked.schema)))
}

/// Whether the example of each event is one that is taken.
pub(super) fn are_taken(checked: &Checked) -> bool {
    let events = checked.nodes.values().filter_map(|node| node.body.event());
    let mut events = events
        .filter_map(|(event, ty)| Some((checked.events.get(event)?, event_of(checked, event, ty))));
    events.all(|(asked, payload)| meets(&asked.schema, &payload).is_ok())
}

//! Examples of a type's values, for README, `input.json` and the rehearsal.

use flowcrate::types::Type;
use serde_json::{Map, Value, json};

use crate::check::{Body, Checked};

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

/// A value that `ty` accepts. Optional parts are left out of records, so it is the least input.
pub(super) fn example(ty: &Type) -> Value {
    match ty {
        Type::Null | Type::Optional { .. } => Value::Null,
        Type::Bool => json!(true),
        Type::Int => json!(1),
        Type::Number => json!(1.5),
        Type::String => json!("text"),
        Type::Timestamp => json!("2026-01-01T00:00:00.000Z"),
        Type::Duration => json!("30s"),
        Type::Bytes => json!("Ynl0ZXM="),
        Type::List { items } => json!([example(items)]),
        Type::Map { values } => json!({ "key": example(values) }),
        Type::Enum(ty) => ty.values.first().map_or(Value::Null, |value| json!(value)),
        Type::Any => json!({}),
        Type::Record(record) => Value::Object(
            record
                .fields
                .iter()
                .filter(|(_, field)| !matches!(field.ty, Type::Optional { .. } | Type::Null))
                .map(|(name, field)| (name.clone(), example(&field.ty)))
                .collect::<Map<_, _>>(),
        ),
    }
}

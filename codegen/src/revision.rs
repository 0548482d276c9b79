//! The revision: a hash of what a graph means (S39).
//!
//! In it: the version of the expression language, and of every node that can run its id, kind,
//! place, edges, settings with defaults filled in, declared types, inputs and result as written,
//! policy, join rule, `on_error`, `disabled` and connection, and of what it calls the revision;
//! the workflow's limit.
//! Not in it: positions, labels, descriptions, notes, unreachable nodes, samples (only the type
//! that they give), names and descriptions in schemas, the workflow's name and description, the
//! order of anything that has none, unknown keys.

use std::fmt::Write as _;

use flowcrate::Policy;
use flowcrate::types::Type;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::check::{Body, Checked, Edge, JoinRule, Limit, Node, OnItemError, Scope};
use crate::graph::RawNode;
use crate::resolve::Graph;

/// The version of the canonical form itself.
const FORM: u32 = 1;

/// The version of the expression language (S19): a change of what an expression means is a new
/// one.
pub const LANGUAGE: u32 = 1;

/// The hash as lower-case hex. The graph is the one that `checked` was made of.
pub(crate) fn of(graph: &Graph<'_>, checked: &Checked) -> String {
    let mut hash = Sha256::new();
    let mut text = format!("{{\"form\":{FORM},\"language\":{LANGUAGE},\"nodes\":[");
    let mut edges: Vec<&Edge> = checked.root.edges.iter().collect();
    for (id, node) in &checked.nodes {
        for (_, Scope { edges: inner, .. }) in node.body.scopes() {
            edges.extend(inner);
        }
        if let Some(index) = graph.ids.get(id) {
            let drawn = graph.node(*index);
            meaning(checked, node, &drawn.raw, &mut text);
            if let (Some(undo), Some(drawn)) = (node.body.undo(), &drawn.compensate) {
                meaning(checked, &undo.node, &drawn.raw, &mut text);
                text.push_str(if undo.in_doubt { "\"in_doubt\"," } else { "" });
            }
        }
        hash.update(&text);
        text.clear();
    }
    edges.sort();
    text.push_str("],\"edges\":[");
    for Edge { source, handle, target } in edges {
        canonical(&json!([source, handle, target]), &mut text);
        text.push(',');
    }
    text.push(']');
    limit(graph, checked, &mut text);
    text.push('}');
    hash.update(&text);
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The workflow's limit, where it has one: which a run keeps to is no part of what it does, but an
/// engine learns of another one with the revision that has it.
fn limit(graph: &Graph<'_>, checked: &Checked, out: &mut String) {
    let Some(Limit { name, concurrency, rate, while_active, .. }) = &checked.limit else { return };
    let rate = rate.map(|rate| json!([rate.starts, flowcrate::Duration(rate.period)]));
    let key = graph.limit.as_ref().and_then(|limit| limit.get("key"));
    out.push_str(",\"limit\":");
    let hold = while_active.then_some("while_active");
    let written = json!({
        "name": name, "concurrency": concurrency, "rate": rate, "hold": hold, "key": key,
    });
    canonical(&written, out);
}

/// What a node means, after those before it. Its parts are written one by one, so that its inputs
/// need no copy.
fn meaning(checked: &Checked, node: &Node, raw: &RawNode, out: &mut String) {
    let mut head = json!({
        "id": node.id,
        "kind": node.kind,
        "parent": node.parent,
        "region": (!node.region.is_empty()).then_some(&node.region),
        "join": match node.join { JoinRule::Any => "any", JoinRule::All => "all" },
        "disabled": node.disabled,
        "continue": node.continue_on_error,
        "connection": raw.connection,
        "settings": settings(checked, node, raw),
    });
    // Written only where it says something, as all that came later is: revisions stay.
    if let (true, Some(head)) = (node.is_overridden(), head.as_object_mut()) {
        head.insert("override".to_owned(), Value::Bool(true));
    }
    out.push('[');
    canonical(&head, out);
    out.push(',');
    object(&raw.inputs, out);
    out.push(',');
    canonical(raw.result.as_ref().unwrap_or(&Value::Null), out);
    out.push_str("],");
}

/// With what is asked of the payload beyond its type, where anything is.
fn constrained(checked: &Checked, node: &Node, mut settings: Value) -> Value {
    let of_event = || checked.events.get(node.body.event()?.0).map(|asked| &asked.schema);
    let asked = checked.constraints.get(&node.id).or_else(of_event);
    if let (Some(asked), Value::Object(settings)) = (asked, &mut settings) {
        settings.insert("constraints".to_owned(), asked.clone());
    }
    settings
}

/// The settings with their defaults, and the types that they declare.
fn settings(checked: &Checked, node: &Node, raw: &RawNode) -> Value {
    let output = || node.output.as_ref().map(shape);
    match &node.body {
        Body::Manual => constrained(checked, node, json!({"payload": output()})),
        Body::Webhook { path } => {
            constrained(checked, node, json!({"payload": output(), "path": path}))
        }
        Body::Schedule { cron, timezone } => json!({"cron": cron, "timezone": timezone}),
        Body::Switch { .. } => json!({"cases": raw.config.get("cases")}),
        Body::ForEach { concurrency, on_item_error, .. } => {
            let on_item_error = match on_item_error {
                OnItemError::Fail => "fail",
                OnItemError::Skip => "skip",
                OnItemError::Collect => "collect",
            };
            json!({"concurrency": concurrency, "on_item_error": on_item_error})
        }
        Body::While { init, max_iterations, .. } => {
            json!({"state": shape(&init.ty), "max_iterations": max_iterations})
        }
        Body::Race { branches } => {
            let keep = branches.iter().filter(|branch| branch.keep).map(|branch| &branch.name);
            json!({"keep": keep.collect::<Vec<_>>()})
        }
        // What `sort` and `aggregate` do with their lists.
        Body::Transform { .. } if matches!(node.kind.as_str(), "aggregate@1" | "sort@1") => {
            json!({"operation": raw.config.get("operation"), "order": raw.config.get("order")})
        }
        Body::Action { policy, generic, .. } => {
            json!({"policy": attempts(policy), "generic": generic.as_ref().map(shape)})
        }
        Body::Custom { policy, .. } => json!({"policy": attempts(policy), "output": output()}),
        Body::Try { compensate: true, .. } => json!({"compensate": true}),
        Body::WaitEvent { event, payload, .. } => {
            constrained(checked, node, json!({"event": event, "payload": shape(payload)}))
        }
        Body::Approval(approval) => {
            let settings = json!({
                "event": approval.event,
                "form": approval.form,
                "payload": shape(&approval.verdict),
            });
            constrained(checked, node, settings)
        }
        Body::CallWorkflow(call) | Body::StartWorkflow(call) => json!({
            "workflow": call.workflow,
            "revision": checked.callees.get(&call.workflow).map(|callee| &callee.revision),
            "trigger": call.trigger,
        }),
        Body::Condition { .. }
        | Body::Try { .. }
        | Body::Transform { .. }
        | Body::Wait { .. }
        | Body::Respond { .. }
        | Body::Return { .. }
        | Body::Fail { .. } => Value::Null,
    }
}

fn attempts(policy: &Policy) -> Value {
    // A policy is plain data, which always serialises.
    serde_json::to_value(policy).unwrap_or_default()
}

/// A type without the names and descriptions that play no part in equality.
pub(crate) fn shape(ty: &Type) -> Value {
    match ty {
        Type::Null => json!("null"),
        Type::Bool => json!("bool"),
        Type::Int => json!("int"),
        Type::Number => json!("number"),
        Type::String => json!("string"),
        Type::Timestamp => json!("timestamp"),
        Type::Duration => json!("duration"),
        Type::Bytes => json!("bytes"),
        Type::Any => json!("any"),
        Type::List { items } => json!({"list": shape(items)}),
        Type::Map { values } => json!({"map": shape(values)}),
        Type::Optional { some } => json!({"optional": shape(some)}),
        Type::Enum(texts) => json!({"enum": texts.values}),
        Type::Tuple { items } => json!({"tuple": items.iter().map(shape).collect::<Vec<_>>()}),
        Type::Union(union) => {
            let choices = union.choices.iter();
            let choices: Map<String, Value> =
                choices.map(|(key, choice)| (key.clone(), shape(choice))).collect();
            json!({"union": choices, "tag": union.tag})
        }
        Type::Recursive(recursive) => {
            json!({"recursive": recursive.defs.iter().map(shape).collect::<Vec<_>>()})
        }
        Type::Own { def } => json!({"own": def}),
        Type::Record(record) => {
            let fields = record.fields.iter();
            let fields: Map<String, Value> =
                fields.map(|(name, field)| (name.clone(), shape(&field.ty))).collect();
            if record.closed { json!({"closed": fields}) } else { json!({"record": fields}) }
        }
    }
}

/// Compact JSON with sorted keys and without nulls, which are absent (S10), whatever order the
/// map type keeps.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => object(fields, out),
        Value::Array(values) => {
            out.push('[');
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                canonical(value, out);
            }
            out.push(']');
        }
        Value::String(text) => string(text, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            let _ = write!(out, "{value}");
        }
    }
}

fn object(fields: &Map<String, Value>, out: &mut String) {
    let mut fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    out.push('{');
    for (position, (name, value)) in fields.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        string(name, out);
        out.push(':');
        canonical(value, out);
    }
    out.push('}');
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
    out.push('"');
}

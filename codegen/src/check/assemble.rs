//! Puts the checked graph together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowcrate::types::{Field, RecordType, Type};
use petgraph::graph::NodeIndex;
use serde_json::{Value, json};

use super::callees::Callee;
use super::kinds::Kind;
use super::stage::{Output, Stage};
use super::{
    Approval, AskedEvent, Body, Call, Checked, Edge, Node, NodeId, Sample, Scope, WaitUntil,
    dropped, returns,
};
use crate::expr::{Expr, Name, names_read};
use crate::graph::RawNode;
use crate::revision;
use crate::schema;

/// The checked graph. `None` only if a node is missing that had no error: our bug.
pub(super) fn checked(stage: &mut Stage<'_>) -> Option<Checked> {
    let graph = stage.graph;
    let output = returns::output(stage);
    let members: Vec<(&NodeId, NodeIndex)> = graph
        .ids
        .iter()
        .map(|(id, &index)| (id, index))
        .filter(|(_, index)| belongs(stage, *index))
        .collect();
    let mut nodes = Vec::with_capacity(members.len());
    for (id, index) in members {
        let body = stage.bodies.remove(index)?;
        nodes.push((id.clone(), node(stage, index, body)));
    }
    // They come by id, so the map is made in one go.
    let mut nodes = BTreeMap::from_iter(nodes);
    if nodes.values().any(|node| !node.body.scopes().is_empty()) {
        add_reads_of_loops(&mut nodes);
    }
    let mut checked = Checked {
        name: graph.name.clone(),
        description: graph.description.clone(),
        root: scope(stage, None, "", None),
        input: input(stage),
        output,
        limit: stage.limit.take(),
        revision: String::new(),
        callees: callees(stage, &nodes),
        sample_input: sample_input(stage),
        constraints: constraints(stage),
        events: events(stage, &nodes),
        dropped: dropped::find(&nodes),
        nodes,
    };
    checked.revision = revision::of(graph, &checked);
    Some(checked)
}

/// Whether a node is part of the checked graph: no note, no disabled trigger, and reached.
fn belongs(stage: &Stage<'_>, index: NodeIndex) -> bool {
    let node = stage.graph.node(index);
    node.kind != Some(Kind::Note) && stage.guards.reached(index)
}

/// The nodes and edges of a scope, or of one of its regions.
pub(super) fn scope(
    stage: &Stage<'_>,
    scope: Option<NodeIndex>,
    region: &str,
    result: Option<Expr>,
) -> Scope {
    let graph = stage.graph;
    let members = graph.members(scope).iter().copied();
    let own = |index: &NodeIndex| graph.node(*index).region == region && belongs(stage, *index);
    let members: Vec<NodeIndex> = members.filter(own).collect();
    let mut edges: Vec<Edge> = Vec::new();
    for &index in &members {
        for edge in graph.nodes.edges(index) {
            let target = petgraph::visit::EdgeRef::target(&edge);
            if belongs(stage, target) {
                edges.push(Edge {
                    source: graph.id(index).clone(),
                    handle: edge.weight().to_string(),
                    target: graph.id(target).clone(),
                });
            }
        }
    }
    edges.sort_unstable();
    let nodes = members.into_iter().map(|index| graph.id(index).clone()).collect();
    Scope { nodes, edges, result }
}

fn node(stage: &Stage<'_>, index: NodeIndex, body: Body) -> Node {
    let graph = stage.graph;
    let resolved = graph.node(index);
    let raw = &resolved.raw;
    let left: BTreeSet<&str> = graph
        .nodes
        .edges(index)
        .filter(|edge| belongs(stage, petgraph::visit::EdgeRef::target(edge)))
        .map(|edge| edge.weight().as_str())
        .collect();
    let wired = resolved.handles.names.iter().filter(|handle| left.contains(handle.as_str()));
    Node {
        id: raw.id.clone(),
        label: raw.label.clone(),
        description: raw.description.clone(),
        kind: raw.kind.clone(),
        parent: resolved.parent.map(|parent| graph.id(parent).clone()),
        region: resolved.region.clone(),
        join: raw.join,
        disabled: raw.disabled,
        wired: wired.map(ToString::to_string).collect(),
        continue_on_error: raw.continue_on_error,
        reads: reads(&body).into_iter().filter(|id| *id != raw.id).collect(),
        always_runs: stage.guards.always_runs(index, resolved.parent),
        output: match stage.outputs.get(index) {
            Some(Output::Is(ty)) => Some(ty.clone()),
            Some(Output::None | Output::Unknown) | None => None,
        },
        body,
    }
}

/// The nodes whose outputs or errors a body's own expressions read.
fn reads(body: &Body) -> BTreeSet<NodeId> {
    let mut ids = BTreeSet::new();
    for expr in expressions(body) {
        for name in names_read(expr) {
            match name {
                Name::Step(id) | Name::Error(id) => {
                    ids.insert(NodeId::from(id));
                }
                Name::Trigger
                | Name::TriggerOf(_)
                | Name::Item(_)
                | Name::Index(_)
                | Name::Caught(_)
                | Name::State(_)
                | Name::Element
                | Name::RunId
                | Name::RunStartedAt
                | Name::Var(_) => {}
            }
        }
    }
    ids
}

/// All expressions of a body, in order.
pub(crate) fn expressions(body: &Body) -> Vec<&Expr> {
    match body {
        Body::Manual | Body::Webhook { .. } | Body::Schedule { .. } => Vec::new(),
        Body::Condition { condition } => vec![condition],
        Body::Switch { cases, .. } => cases.iter().map(|case| &case.when).collect(),
        Body::ForEach { items, body, .. } => {
            std::iter::once(items).chain(body.result.as_ref()).collect()
        }
        Body::While { init, condition, body, .. } => {
            [init, condition].into_iter().chain(body.result.as_ref()).collect()
        }
        Body::Race { .. } | Body::Try { .. } => {
            body.scopes().into_iter().filter_map(|(_, scope)| scope.result.as_ref()).collect()
        }
        Body::Transform { value } | Body::Return { value } | Body::Respond { value } => vec![value],
        Body::Action { input, undo, .. } | Body::Custom { input, undo, .. } => {
            let undo = undo.iter().flat_map(|undo| expressions(&undo.node.body));
            std::iter::once(input).chain(undo).collect()
        }
        Body::CallWorkflow(Call { input, .. }) | Body::StartWorkflow(Call { input, .. }) => {
            vec![input]
        }
        Body::Wait { until: WaitUntil::Duration(until) | WaitUntil::Instant(until) } => {
            vec![until]
        }
        Body::WaitEvent { key, timeout, .. } => key.iter().chain(timeout).collect(),
        Body::Approval(Approval { assignees, key, timeout, .. }) => {
            assignees.iter().chain(key).chain(timeout).collect()
        }
        Body::Fail { code, message } => vec![code, message],
    }
}

/// A loop also reads what its inner nodes read of the outside.
fn add_reads_of_loops(nodes: &mut BTreeMap<NodeId, Node>) {
    let mut found: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
    for node in nodes.values() {
        for read in &node.reads {
            let holder = nodes.get(read).and_then(|read| read.parent.clone());
            // Every loop between the reader and what it reads; a loop reads its own children in
            // its result, which is no reading of the outside.
            let own = holder.as_ref() == Some(&node.id);
            let mut around = if own { None } else { node.parent.clone() };
            while let Some(scope) = around {
                if Some(&scope) == holder.as_ref() {
                    break;
                }
                around = nodes.get(&scope).and_then(|scope| scope.parent.clone());
                found.entry(scope).or_default().insert(read.clone());
            }
        }
    }
    let held_by = |id: &NodeId, nodes: &BTreeMap<NodeId, Node>| nodes.get(id)?.parent.clone();
    let own: BTreeMap<NodeId, BTreeSet<NodeId>> = nodes
        .iter()
        .map(|(id, node)| {
            let outside = |read: &&NodeId| held_by(read, nodes).as_ref() != Some(id);
            (id.clone(), node.reads.iter().filter(outside).cloned().collect())
        })
        .collect();
    for (id, mut reads) in own {
        reads.extend(found.remove(&id).unwrap_or_default());
        if let Some(node) = nodes.get_mut(&id) {
            node.reads = reads.into_iter().collect();
        }
    }
}

/// The workflows that nodes call.
fn callees(stage: &Stage<'_>, nodes: &BTreeMap<NodeId, Node>) -> BTreeMap<String, Arc<Checked>> {
    let called = nodes.values().filter_map(|node| match &node.body {
        Body::CallWorkflow(call) | Body::StartWorkflow(call) => Some(call.workflow.as_str()),
        _ => None,
    });
    let sound = called.filter_map(|name| match stage.callees.get(name) {
        Some(Callee::Sound(checked)) => Some((name.to_owned(), Arc::clone(checked))),
        Some(Callee::Faulty(_) | Callee::Circular(_)) | None => None,
    });
    sound.collect()
}

/// What starts a run (S30).
fn input(stage: &Stage<'_>) -> Type {
    if let [one] = stage.triggers.as_slice() {
        return stage.payload_type(*one);
    }
    let field = |index: &NodeIndex| {
        let ty = stage.payload_type(*index).optional();
        (stage.graph.id(*index).to_string(), Field { ty, doc: None })
    };
    let fields = stage.triggers.iter().map(field).collect();
    Type::Record(RecordType { name: None, fields, closed: false }.into())
}

/// What triggers ask of their payloads beyond types.
fn constraints(stage: &Stage<'_>) -> BTreeMap<NodeId, Value> {
    let triggers = stage.triggers.iter();
    let asked = |index: &NodeIndex| asked(&stage.graph.node(*index).raw);
    triggers.filter_map(|index| Some((stage.graph.id(*index).clone(), asked(index)?))).collect()
}

/// What the schema of a node's payload asks beyond its type.
fn asked(node: &RawNode) -> Option<Value> {
    let schema = node.config.get("schema")?;
    let declared = schema::from_schema(schema).ok()?;
    let mut asked = schema::asked(schema, &declared.constraints).schema?;
    sort_names(&mut asked);
    Some(asked)
}

/// What events are asked beyond their types. Who waits for one of a name that others wait for, too,
/// asks it of all that are sent: nobody knows which of them takes it.
fn events(stage: &Stage<'_>, nodes: &BTreeMap<NodeId, Node>) -> BTreeMap<String, AskedEvent> {
    let mut all: BTreeMap<String, (Vec<Value>, Option<Sample>)> = BTreeMap::new();
    for (id, node) in nodes {
        let (Some((event, payload)), Some(index)) = (node.body.event(), stage.graph.ids.get(id))
        else {
            continue;
        };
        let raw = &stage.graph.node(*index).raw;
        let Some(asked) = asked(raw) else { continue };
        let sample = sample_of(raw);
        let (asked, sample) = match &node.body {
            Body::Approval(_) => in_form(&asked, sample, payload),
            _ => (asked, sample),
        };
        let (schemas, pinned) = all.entry(event.to_owned()).or_default();
        if !schemas.contains(&asked) {
            schemas.push(asked);
        }
        *pinned = pinned.take().or(sample);
    }
    let one = |mut schemas: Vec<Value>| {
        if schemas.len() == 1 {
            return schemas.remove(0);
        }
        let moved = |(at, schema): (usize, &Value)| schema::moved(schema, &format!("/allOf/{at}"));
        json!({ "allOf": schemas.iter().enumerate().map(moved).collect::<Vec<_>>() })
    };
    let asked = all.into_iter().map(|(event, (schemas, sample))| {
        let schema = one(schemas);
        (event, AskedEvent { schema, sample })
    });
    asked.collect()
}

/// The same of the form that an answer to an approval holds.
fn in_form(asked: &Value, sample: Option<Sample>, answer: &Type) -> (Value, Option<Sample>) {
    let asked = json!({ "properties": { "form": schema::moved(asked, "/properties/form") } });
    let sample = sample.map(|form| {
        let mut answer = schema::example(answer);
        if let Value::Object(fields) = &mut answer {
            fields.insert("form".to_owned(), form);
        }
        answer
    });
    (asked, sample)
}

/// The sample of a payload that is pinned first.
fn sample_of(node: &RawNode) -> Option<Sample> {
    let first = || node.config.get("samples")?.as_array()?.first();
    node.config.get("sample").filter(|sample| !sample.is_null()).or_else(first).cloned()
}

/// Lists of a schema that are sets get one order: the revision must not hang on the drawing's.
fn sort_names(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match (keyword.as_str(), value) {
                    ("required" | "type", Value::Array(names)) => {
                        names.sort_by_cached_key(ToString::to_string);
                    }
                    // Values, no schemas.
                    ("const" | "enum" | "default" | "examples", _) => {}
                    (_, value) => sort_names(value),
                }
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(sort_names),
        _ => {}
    }
}

impl Checked {
    /// What an input must be beyond its type, as a JSON Schema: that of the one trigger's payload,
    /// or of each trigger's under its id.
    pub fn input_schema(&self) -> Option<Value> {
        let is_trigger = |body: &Body| {
            matches!(body, Body::Manual | Body::Webhook { .. } | Body::Schedule { .. })
        };
        let triggers = self.nodes.values().filter(|node| is_trigger(&node.body)).count();
        match (triggers, self.constraints.first_key_value()) {
            (_, None) => None,
            (1, Some((_, schema))) => Some(schema.clone()),
            _ => {
                let under = |(id, schema): (&NodeId, &Value)| {
                    let place = format!("/properties/{id}");
                    (id.to_string(), schema::moved(schema, &place))
                };
                let properties: serde_json::Map<_, _> =
                    self.constraints.iter().map(under).collect();
                Some(json!({ "properties": properties }))
            }
        }
    }
}

/// An input for generated tests.
fn sample_input(stage: &Stage<'_>) -> Option<Sample> {
    let sample = |index: &NodeIndex| {
        let node = stage.graph.node(*index);
        if node.kind? == Kind::Schedule {
            // A schedule's payload needs no sample: any instant will do.
            return Some(json!({"scheduled_at": "2026-01-01T00:00:00Z"}));
        }
        sample_of(&node.raw)
    };
    let mut samples = stage.triggers.iter().filter_map(|index| Some((index, sample(index)?)));
    let (index, sample) = samples.next()?;
    if stage.triggers.len() <= 1 {
        return Some(sample);
    }
    let id = stage.graph.id(*index).to_string();
    Some(Value::Object([(id, sample)].into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s39_the_order_of_names_in_a_schema_means_nothing() {
        let mut schema = json!({
            "anyOf": [{ "required": ["b", "a"] }, { "type": ["null", "integer"] }],
            "properties": { "kind": { "enum": ["b", "a"] } },
        });
        sort_names(&mut schema);
        let sorted = json!({
            "anyOf": [{ "required": ["a", "b"] }, { "type": ["integer", "null"] }],
            "properties": { "kind": { "enum": ["b", "a"] } },
        });
        assert_eq!(schema, sorted);
    }
}

//! The foreign document, read.

use serde_json::{Map, Value, json};

use crate::Diagnostic;
use crate::diagnostic::{code, quoted};
use crate::graph::limits::{MAX_BYTES, MAX_EDGES, MAX_NODES};

/// The distance of nodes that say no position.
const SPACING: f64 = 260.0;

/// A document of theirs.
pub(super) struct Document {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    /// All other keys of the document.
    pub(super) rest: Map<String, Value>,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

/// A node of theirs.
pub(super) struct Node {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) description: String,
    pub(super) role: Role,
    pub(super) config: Map<String, Value>,
    pub(super) enabled: bool,
    parent: Option<String>,
    position: Option<(f64, f64)>,
    index: usize,
}

/// An edge of theirs.
pub(super) struct Edge {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) target: String,
    /// `None` for the unnamed handle.
    pub(super) handle: Option<String>,
}

/// What a node is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Starts runs: `Manual`, `Webhook`, `Schedule`, …
    Trigger(String),
    /// Decides in JavaScript.
    Condition,
    /// `HTTP Request`.
    Http,
    /// Runs JavaScript.
    Code,
    /// Any other action, by its name.
    Other(String),
    /// The canvas's own "add a node".
    Placeholder,
    /// A frame around nodes, which means nothing.
    Group,
}

impl Role {
    /// Whether the node has a counterpart in the graph.
    pub(super) fn is_kept(&self) -> bool {
        !matches!(self, Self::Placeholder | Self::Group)
    }

    /// The type of node on our canvas.
    pub(super) fn canvas_type(&self) -> &'static str {
        match self {
            Self::Trigger(_) => "trigger",
            Self::Condition => "control",
            _ => "action",
        }
    }

    /// The original's word for it.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Trigger(word) | Self::Other(word) => word,
            Self::Condition => "Condition",
            Self::Http => "HTTP Request",
            Self::Code => "code/run-code",
            Self::Placeholder => "add",
            Self::Group => "group",
        }
    }
}

/// Reads a document; `None` where it is none of theirs at all.
pub(super) fn read(source: &[u8], found: &mut Vec<Diagnostic>) -> Option<Document> {
    if source.len() > MAX_BYTES {
        let size = source.len();
        let message = format!("the document has {size} bytes, expected at most {MAX_BYTES}");
        found.push(Diagnostic::new(code::DOCUMENT_TOO_LARGE, message));
        return None;
    }
    let document: Value = match serde_json::from_slice(source) {
        Ok(document) => document,
        Err(error) => {
            let message = format!("malformed JSON: {error}");
            found.push(Diagnostic::new(code::MALFORMED_JSON, message));
            return None;
        }
    };
    let Value::Object(mut rest) = unwrapped(document) else {
        found.push(not_theirs("the document is no object"));
        return None;
    };
    let (nodes, edges) = (rest.remove("nodes"), rest.remove("edges"));
    let Some(Value::Array(nodes)) = nodes else {
        found.push(not_theirs("the document has no list of `nodes`"));
        return None;
    };
    let edges = edges.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    if nodes.len() > MAX_NODES || edges.len() > MAX_EDGES {
        let message = format!("{} nodes and {} edges are too many", nodes.len(), edges.len());
        found.push(Diagnostic::new(code::TOO_MANY, message));
        return None;
    }
    let nodes = nodes.iter().enumerate();
    let nodes: Vec<_> = nodes.filter_map(|(index, node)| read_node(index, node, found)).collect();
    report_repeated_ids(&nodes, found);
    let edges = edges.iter().enumerate();
    let edges = edges.filter_map(|(index, edge)| read_edge(index, edge, found)).collect();
    let mut own =
        |key: &str| text(rest.remove(key).as_ref()).filter(|text| !text.trim().is_empty());
    let (name, description) = (own("name"), own("description"));
    Some(Document { name, description, rest, nodes, edges })
}

/// The document itself, or what an export of the whole workflow wraps it in.
fn unwrapped(document: Value) -> Value {
    match document {
        Value::Object(mut outer) if !outer.contains_key("nodes") => {
            match outer.remove("workflow") {
                Some(inner @ Value::Object(_)) => inner,
                _ => Value::Object(outer),
            }
        }
        other => other,
    }
}

fn not_theirs(message: &str) -> Diagnostic {
    Diagnostic::new(code::FOREIGN_DOCUMENT, message).help(
        "give the JSON of a workflow as the builder stores it: `{\"nodes\": […], \"edges\": […]}`",
    )
}

fn report_repeated_ids(nodes: &[Node], found: &mut Vec<Diagnostic>) {
    let mut seen = std::collections::BTreeSet::new();
    for node in nodes {
        if !seen.insert(&node.id) {
            let message = format!("the id `{}` is used twice", node.id);
            found.push(Diagnostic::new(code::DUPLICATE_ID, message).node(&node.id));
        }
    }
}

fn read_node(index: usize, node: &Value, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let Some(id) = text(node.get("id")).filter(|id| !id.is_empty()) else {
        let field = format!("/nodes/{index}");
        found.push(not_theirs("a node has no id").field(field));
        return None;
    };
    let data = node.get("data");
    let data_of = |key: &str| data.and_then(|data| data.get(key));
    let config = data_of("config").and_then(Value::as_object).cloned().unwrap_or_default();
    let kind = text(data_of("type")).or_else(|| text(node.get("type"))).unwrap_or_default();
    let role = role(&kind, &config);
    let label = text(data_of("label")).filter(|label| !label.trim().is_empty());
    let label = label.unwrap_or_else(|| role.word().to_owned());
    Some(Node {
        label: if label.is_empty() { id.clone() } else { label },
        description: text(data_of("description")).unwrap_or_default(),
        enabled: !matches!(data_of("enabled"), Some(Value::Bool(false))),
        parent: text(node.get("parentId")).or_else(|| text(node.get("parentNode"))),
        position: node.get("position").and_then(position),
        role,
        config,
        index,
        id,
    })
}

fn role(kind: &str, config: &Map<String, Value>) -> Role {
    let action = text(config.get("actionType")).unwrap_or_default();
    match (kind, action.as_str()) {
        ("trigger", _) => Role::Trigger(text(config.get("triggerType")).unwrap_or_default()),
        ("condition", _) | (_, "Condition") => Role::Condition,
        ("add", _) => Role::Placeholder,
        ("group", _) => Role::Group,
        (_, "HTTP Request") => Role::Http,
        (_, action) if config.contains_key("code") && action.to_lowercase().contains("code") => {
            Role::Code
        }
        ("action", "") => Role::Other("action".to_owned()),
        (kind, "") => Role::Other(kind.to_owned()),
        (_, action) => Role::Other(action.to_owned()),
    }
}

fn position(position: &Value) -> Option<(f64, f64)> {
    Some((position.get("x")?.as_f64()?, position.get("y")?.as_f64()?))
}

fn read_edge(index: usize, edge: &Value, found: &mut Vec<Diagnostic>) -> Option<Edge> {
    let end = |key: &str| text(edge.get(key)).filter(|id| !id.is_empty());
    let (Some(source), Some(target)) = (end("source"), end("target")) else {
        let field = format!("/edges/{index}");
        found.push(not_theirs("an edge lacks its source or target").field(field));
        return None;
    };
    let id = text(edge.get("id")).filter(|id| !id.is_empty());
    let handle = text(edge.get("sourceHandle")).filter(|handle| !handle.is_empty());
    Some(Edge { id: id.unwrap_or_else(|| format!("e{}", index + 1)), source, target, handle })
}

/// A text, or a number or bool as its text.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

impl Document {
    /// Where the node stands on the canvas. Positions within a frame are made absolute.
    pub(super) fn position(&self, node: &Node) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "there are at most 10,000 nodes")]
        let (mut x, mut y) = node.position.unwrap_or((SPACING * node.index as f64, 0.0));
        let parent = node.parent.as_ref();
        let frame = parent.and_then(|id| self.nodes.iter().find(|other| other.id == *id));
        if let Some((dx, dy)) = frame.and_then(|frame| frame.position) {
            (x, y) = (x + dx, y + dy);
        }
        json!({ "x": tidy(x), "y": tidy(y) })
    }

    /// The only trigger, where there is one.
    pub(super) fn only_trigger(&self) -> Option<&Node> {
        let mut triggers = self.nodes.iter().filter(|node| matches!(node.role, Role::Trigger(_)));
        triggers.next().filter(|_| triggers.next().is_none())
    }
}

/// Whole coordinates stay whole in JSON.
fn tidy(coordinate: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole and far below 2^53")]
    if coordinate.fract() == 0.0 && coordinate.abs() < 1e15 {
        return Value::from(coordinate as i64);
    }
    Value::from(coordinate)
}

impl Node {
    /// The text of a setting; `None` where it is missing or blank.
    pub(super) fn setting(&self, key: &str) -> Option<String> {
        text(self.config.get(key)).filter(|text| !text.trim().is_empty())
    }

    /// The node's name in a message.
    pub(super) fn quoted(&self) -> String {
        quoted(&self.label)
    }
}

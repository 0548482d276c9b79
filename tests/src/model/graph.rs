//! The document as the model reads it: nodes, edges, scopes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A graph.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) nodes: BTreeMap<String, Node>,
}

/// A node.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a document has as many words")]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) region: String,
    pub(super) kind: String,
    pub(super) config: Map<String, Value>,
    pub(super) inputs: Map<String, Value>,
    pub(super) result: Value,
    pub(super) policy: Value,
    /// S24: what undoes it, and whether also where nobody knows if it took effect.
    pub(super) compensate: Value,
    pub(super) in_doubt: bool,
    /// S2: `join: all`.
    pub(super) needs_all: bool,
    /// S14.
    pub(super) disabled: bool,
    /// S21: `on_error: continue`.
    pub(super) continues: bool,
    /// Source and handle.
    pub(super) incoming: Vec<(String, String)>,
    /// The handles that have an edge.
    pub(super) wired: BTreeSet<String>,
}

impl Node {
    /// Whether it starts runs (S30).
    pub(super) fn is_trigger(&self) -> bool {
        matches!(self.kind.as_str(), "manual@1" | "webhook@1" | "schedule@1")
    }

    /// The handle by which it leaves where nothing else is said (S14, S21).
    pub(super) fn default_handle(&self) -> &'static str {
        if self.kind == "switch@1" { "default" } else { "out" }
    }

    /// The handle by which it leaves with an output.
    pub(super) fn left_with(&self, output: &Value) -> &'static str {
        match (self.kind.as_str(), output["approved"].as_bool()) {
            ("approval@1", Some(true)) => "approved",
            ("approval@1", _) => "rejected",
            _ => "out",
        }
    }

    /// An input, where there is one that is not null (S10).
    pub(super) fn input(&self, name: &str) -> Option<&Value> {
        self.inputs.get(name).filter(|value| !value.is_null())
    }
}

impl Graph {
    /// Reads a document that the compiler accepts.
    pub(super) fn read(document: &Value) -> Self {
        let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
        let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
        for node in list("nodes") {
            let node = read_node(&node);
            if node.kind != "note@1" {
                nodes.insert(node.id.clone(), node);
            }
        }
        let mut edges = BTreeSet::new();
        for edge in list("edges") {
            let text = |name: &str| edge[name].as_str().map(str::to_owned);
            let (Some(source), Some(target)) = (text("source"), text("target")) else { continue };
            let Some(node) = nodes.get(&source) else { continue };
            let handle = text("sourceHandle").unwrap_or_else(|| node.default_handle().to_owned());
            edges.insert((source, handle, target));
        }
        let reached = reached(&nodes, &edges);
        nodes.retain(|id, _| reached.contains(id));
        for (source, handle, target) in edges {
            if !reached.contains(&source) || !reached.contains(&target) {
                continue;
            }
            if let Some(node) = nodes.get_mut(&source) {
                node.wired.insert(handle.clone());
            }
            if let Some(node) = nodes.get_mut(&target) {
                node.incoming.push((source, handle));
            }
        }
        Self { nodes }
    }

    /// The nodes of a region (S4): at top level, of a scope, of one of its regions.
    pub(super) fn members(&self, parent: Option<&str>, region: &str) -> Vec<&Node> {
        let within =
            |node: &&Node| node.parent.as_deref() == parent && node.region.as_str() == region;
        self.nodes.values().filter(within).collect()
    }

    /// Whether a try may return (S31): a return stands in its body or catch, or in those of a try
    /// that does.
    pub(super) fn returns(&self, scope: &str) -> bool {
        self.nodes.values().any(|node| {
            node.parent.as_deref() == Some(scope)
                && node.region != "finally"
                && match node.kind.as_str() {
                    "return@1" => !node.disabled,
                    "try@1" => !node.disabled && self.returns(&node.id),
                    _ => false,
                }
        })
    }

    /// The regions of a scope that hold nodes, sorted.
    pub(super) fn regions(&self, scope: &str) -> Vec<String> {
        let inner = self.nodes.values().filter(|node| node.parent.as_deref() == Some(scope));
        let regions: BTreeSet<String> = inner.map(|node| node.region.clone()).collect();
        regions.into_iter().collect()
    }
}

/// S4: what no path of edges from a root reaches is no part of the workflow, nor are its edges.
/// An edge that can never be live is no path: those of a disabled node but its default handle's.
fn reached(
    nodes: &BTreeMap<String, Node>,
    edges: &BTreeSet<(String, String, String)>,
) -> BTreeSet<String> {
    let targets: BTreeSet<&String> = edges.iter().map(|(_, _, target)| target).collect();
    let is_root = |node: &&Node| match &node.parent {
        None => node.is_trigger() && !node.disabled,
        Some(_) => !targets.contains(&node.id),
    };
    let mut reached: BTreeSet<String> =
        nodes.values().filter(is_root).map(|node| node.id.clone()).collect();
    loop {
        let live = |(source, handle, _): &&(String, String, String)| {
            let node = nodes.get(source);
            reached.contains(source)
                && node.is_some_and(|node| !node.disabled || handle == node.default_handle())
        };
        let more: Vec<String> = edges
            .iter()
            .filter(live)
            .map(|(_, _, target)| target.clone())
            .filter(|target| !reached.contains(target))
            .collect();
        if more.is_empty() {
            break;
        }
        reached.extend(more);
    }
    // What stands in a scope that is not reached is not, either.
    loop {
        let lost: Vec<String> = reached
            .iter()
            .filter(|id| {
                let parent = nodes.get(*id).and_then(|node| node.parent.as_ref());
                parent.is_some_and(|parent| !reached.contains(parent))
            })
            .cloned()
            .collect();
        if lost.is_empty() {
            return reached;
        }
        reached.retain(|id| !lost.contains(id));
    }
}

fn read_node(node: &Value) -> Node {
    let data = &node["data"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let object = |name: &str| data[name].as_object().cloned().unwrap_or_default();
    let kind = text(&data["kind"]);
    let parent = node["parentId"].as_str().map(str::to_owned);
    Node {
        id: text(&node["id"]),
        parent,
        region: text(&data["region"]),
        kind,
        config: object("config"),
        inputs: object("inputs"),
        result: data["result"].clone(),
        policy: data["policy"].clone(),
        compensate: data["compensate"].clone(),
        in_doubt: data["in_doubt"] == "compensate",
        needs_all: data["join"] == "all",
        disabled: data["disabled"] == true,
        continues: data["on_error"] == "continue",
        incoming: Vec::new(),
        wired: BTreeSet::new(),
    }
}

//! The upgrade check (S40): which runs of one revision of a workflow may move to another?
//!
//! A run may move where everything that it recorded is there in the new revision: at the same
//! path, of the same kind, readable as the new type, and fed by the same pure slice. What this
//! check clears, a trial replay of the run has still to confirm (R19); what it does not clear, no
//! replay could.

mod slice;

use std::collections::{BTreeMap, BTreeSet};

use flowcrate::types::{Type, widens_to};
use serde::Serialize;

use crate::check::{Body, Checked, Node, NodeId, check_source};
use crate::diagnostic::Diagnostic;
use crate::known::Known;
use slice::Slices;

/// What becomes of the runs of one revision under another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Upgrade {
    /// The revision that runs have.
    pub from: String,
    /// The revision that they would get.
    pub to: String,
    /// Why no run at all may move, since its input does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Each node of either revision, by id.
    pub nodes: BTreeMap<NodeId, Fate>,
}

/// What becomes of a node that a run may have recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// Whether runs that recorded it may move.
    pub verdict: Verdict,
    /// What stands in their way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// Whether runs that recorded a node may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// They may.
    Survives,
    /// They must stay.
    Prevents,
    /// No run records it (S37).
    Recomputed,
    /// It is there in the new revision alone.
    Added,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The node that differs: itself, or one that feeds it.
    pub node: NodeId,
    /// How it differs.
    pub message: String,
}

impl Upgrade {
    /// Whether any run may move, whatever it has recorded.
    pub fn is_free(&self) -> bool {
        self.input.is_none() && self.nodes.values().all(|fate| fate.verdict != Verdict::Prevents)
    }

    /// The nodes that keep a run from moving, of which it has recorded these paths
    /// (`each_item[3]/charge`).
    pub fn prevented<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> BTreeSet<&NodeId> {
        let recorded: BTreeSet<&str> = paths.into_iter().flat_map(nodes_of).collect();
        let prevents = self.nodes.iter().filter(|(_, fate)| fate.verdict == Verdict::Prevents);
        prevents.map(|(id, _)| id).filter(|id| recorded.contains(id.as_str())).collect()
    }
}

/// The nodes that a path names: `each_item[3]/charge` the loop and the step.
fn nodes_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').map(|part| part.split_once('[').map_or(part, |(id, _)| id))
}

/// Compares two revisions of a workflow.
///
/// ```
/// use flowcrate::catalogue::Catalogue;
/// use flowcrate_codegen::upgrade::{Verdict, upgrade_source};
///
/// let graph = |wait: &str| {
///     format!(
///         r#"{{ "name": "w", "nodes": [
///             {{ "id": "start", "data": {{ "kind": "manual@1" }} }},
///             {{ "id": "pause", "data": {{ "kind": "wait@1", "inputs": {{ "duration": "{wait}" }} }} }}
///         ], "edges": [ {{ "source": "start", "target": "pause" }} ] }}"#
///     )
/// };
/// let (old, new) = (graph("1h"), graph("2h"));
/// let (upgrade, _) = {
///     let known = &Catalogue::default();
///     upgrade_source((old.as_bytes(), known), (new.as_bytes(), known))
/// };
/// let upgrade = upgrade.unwrap();
/// assert_eq!(upgrade.nodes["pause"].verdict, Verdict::Prevents);
/// assert_eq!(upgrade.prevented(["pause"]).len(), 1);
/// assert!(upgrade.prevented([]).is_empty());
/// ```
pub fn upgrade(running: &Checked, new: &Checked) -> Upgrade {
    let slices = Slices::new(running, new);
    let mut nodes = BTreeMap::new();
    for (id, node) in &running.nodes {
        let fate = if is_recorded(node) {
            fate(node, new.nodes.get(id), &slices)
        } else {
            Fate { verdict: Verdict::Recomputed, reasons: Vec::new() }
        };
        nodes.insert(id.clone(), fate);
    }
    for id in new.nodes.keys().filter(|id| !running.nodes.contains_key(*id)) {
        nodes.insert(id.clone(), Fate { verdict: Verdict::Added, reasons: Vec::new() });
    }
    let fits = widens_to(&running.input, &new.input);
    let input = (!fits)
        .then(|| format!("the input of a run is {}, which is no {}", running.input, new.input));
    let (from, to) = (running.revision.clone(), new.revision.clone());
    Upgrade { from, to, input, nodes }
}

/// Compares two graph documents, each with what it may name: what becomes of runs where both are
/// without errors, and all that was found in either, `running` first.
pub fn upgrade_source<'c>(
    (running, known): (&[u8], impl Into<Known<'c>>),
    (new, known_new): (&[u8], impl Into<Known<'c>>),
) -> (Option<Upgrade>, [Vec<Diagnostic>; 2]) {
    let (running, found) = check_source(running, known);
    let (new, found_new) = check_source(new, known_new);
    let both = running.zip(new);
    (both.map(|(running, new)| upgrade(&running, &new)), [found, found_new])
}

/// Whether a run may record something at the node's path.
pub(crate) fn is_recorded(node: &Node) -> bool {
    let records = match &node.body {
        Body::Action { .. }
        | Body::Custom { .. }
        | Body::Wait { .. }
        | Body::WaitEvent { .. }
        | Body::Approval(_)
        | Body::CallWorkflow(_)
        | Body::StartWorkflow(_)
        | Body::ForEach { .. }
        | Body::While { .. }
        | Body::Race { .. }
        | Body::Respond { .. }
        | Body::Try { .. } => true,
        Body::Manual
        | Body::Webhook { .. }
        | Body::Schedule { .. }
        | Body::Condition { .. }
        | Body::Switch { .. }
        | Body::Transform { .. }
        | Body::Return { .. }
        | Body::Fail { .. } => false,
    };
    records && !node.disabled
}

fn fate(old: &Node, new: Option<&Node>, slices: &Slices<'_>) -> Fate {
    let reasons = match new {
        None => vec![reason(&old.id, "is not there any more")],
        Some(new) => match differs(old, new) {
            Some(message) => vec![reason(&old.id, message)],
            None => slices.differences(&old.id),
        },
    };
    let verdict = if reasons.is_empty() { Verdict::Survives } else { Verdict::Prevents };
    Fate { verdict, reasons }
}

fn reason(node: &NodeId, message: impl Into<String>) -> Reason {
    Reason { node: node.clone(), message: message.into() }
}

/// The workflow that a node calls, and which of its triggers; its revision may be another, since a
/// run that was called keeps its own.
fn called(body: &Body) -> Option<(&str, Option<&NodeId>)> {
    match body {
        Body::CallWorkflow(call) | Body::StartWorkflow(call) => {
            Some((&call.workflow, call.trigger.as_ref()))
        }
        _ => None,
    }
}

/// How a recorded node differs in itself, so that what is recorded of it cannot be taken over.
fn differs(old: &Node, new: &Node) -> Option<String> {
    if old.kind != new.kind {
        return Some(format!("is {} now, and was {}", new.kind, old.kind));
    }
    if new.disabled {
        return Some("is disabled now".to_owned());
    }
    if (&old.parent, &old.region) != (&new.parent, &new.region) {
        return Some("stands in another scope now, so its path is another".to_owned());
    }
    if called(&old.body) != called(&new.body) {
        return Some("calls another workflow now, or another trigger of it".to_owned());
    }
    let returns = |node: &Node| matches!(node.body, Body::Try { returns: true, .. });
    if returns(old) != returns(new) {
        return Some("records beside its output what it returns, in one revision only".to_owned());
    }
    // What an iteration gives is made anew from what its steps gave.
    let loops = matches!(old.body, Body::ForEach { .. });
    let output = |node: &Node| node.output.clone().unwrap_or(Type::Null);
    let (was, is) = (output(old), output(new));
    if !loops && !widens_to(&was, &is) {
        return Some(format!("gave {was}, which is no {is}"));
    }
    None
}

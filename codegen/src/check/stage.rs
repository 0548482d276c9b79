//! The check stage: walks all nodes in order, types each, and puts the checked graph together.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use flowcrate::types::{Mismatch, Type};
use petgraph::graph::NodeIndex;
use serde_json::{Value, json};

use super::callees::Verdicts;
use super::guards::Guards;
use super::kinds::{self, Found, Kind};
use super::per_node::PerNode;
use super::site::{Findings, Site};
use super::{Body, Limit, flow, limit, returns, warnings};
use crate::diagnostic::{Diagnostic, Suggestions};
use crate::expr::Access;
use crate::graph::HandleId;
use crate::resolve::Graph;

/// What is known so far.
pub(super) struct Stage<'g> {
    pub(super) graph: &'g Graph<'g>,
    /// The workflows that it calls.
    pub(super) callees: &'g Verdicts,
    pub(super) guards: Guards,
    /// The enabled triggers, by id.
    pub(super) triggers: Vec<NodeIndex>,
    pub(super) outputs: PerNode<Output>,
    /// The type of each `for_each`'s item.
    pub(super) items: BTreeMap<NodeIndex, Type>,
    /// The type of each `while`'s state.
    pub(super) states: BTreeMap<NodeIndex, Type>,
    /// By which handles conditions and switches are left only where this is present (S8).
    pub(super) narrowing: BTreeMap<Access, BTreeMap<NodeIndex, Vec<HandleId>>>,
    /// What nodes without errors do.
    pub(super) bodies: PerNode<Body>,
    pub(super) suggestions: Suggestions,
    /// The type that all triggers' payloads agree in, or why there is none; once it was asked for.
    pub(super) common_payload: OnceCell<Option<Result<Type, Mismatch>>>,
    /// The workflow's limit, where it has one without errors.
    pub(super) limit: Option<Limit>,
    pub(super) out: Vec<Diagnostic>,
}

/// What `steps.<id>` is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Output {
    /// The node has no output.
    None,
    /// Not known, since the node has errors: read as `any`, so that they are reported once.
    Unknown,
    /// Of this type, where the node left by a handle with a value.
    Is(Type),
}

/// Checks every node of a graph.
pub(super) fn run<'g>(graph: &'g Graph<'g>, callees: &'g Verdicts) -> Stage<'g> {
    let enabled = |index: &NodeIndex| {
        let node = graph.node(*index);
        node.kind.is_some_and(Kind::is_trigger) && !node.raw.disabled && node.parent.is_none()
    };
    let nodes = graph.nodes.node_count();
    let mut stage = Stage {
        graph,
        callees,
        guards: Guards::new(graph),
        triggers: graph.ids.values().copied().filter(enabled).collect(),
        outputs: PerNode::new(nodes),
        items: BTreeMap::new(),
        states: BTreeMap::new(),
        narrowing: BTreeMap::new(),
        bodies: PerNode::new(nodes),
        suggestions: Suggestions::default(),
        common_payload: OnceCell::new(),
        limit: None,
        out: Vec::new(),
    };
    // Payload types first: `trigger` may be read wherever its trigger stands in the order.
    for &index in &graph.top {
        if graph.node(index).kind.is_some_and(Kind::is_trigger) {
            stage.node(index);
        }
    }
    for &index in &graph.top {
        if !graph.node(index).kind.is_some_and(Kind::is_trigger) {
            stage.node(index);
        }
    }
    returns::check(&mut stage);
    limit::check(&mut stage);
    let found = flow::check(&stage);
    stage.out.extend(found);
    stage
}

impl Stage<'_> {
    /// Checks a node and, in a scope, what it holds. Scopes are nested to a fixed depth.
    fn node(&mut self, index: NodeIndex) {
        self.guards.enter(self.graph, index);
        let exhausted = match self.graph.node(index).kind {
            Some(Kind::ForEach) => self.for_each(index),
            Some(Kind::While) => self.while_loop(index),
            Some(Kind::Race) => self.race(index),
            Some(Kind::Try) => self.try_scope(index),
            _ => {
                let site = Site::at(self, index);
                let mut found = kinds::check(&site);
                warnings::check(&site);
                kinds::compensate::belongs(&site);
                let mut findings = site.into_findings();
                kinds::compensate::check(self, index, &mut found, &mut findings);
                self.settle(index, found, findings)
            }
        };
        self.guards.leave(self.graph, index, exhausted);
    }

    fn for_each(&mut self, index: NodeIndex) -> bool {
        let site = Site::at(self, index);
        let opened = kinds::for_each::open(&site);
        warnings::check(&site);
        kinds::compensate::belongs(&site);
        let mut findings = site.into_findings();
        self.items.insert(index, opened.item.clone());
        self.children(index);
        let site = Site::end_of(self, index, "");
        let found = kinds::for_each::close(&site, opened);
        findings.add(site.into_findings());
        self.settle(index, found, findings)
    }

    fn while_loop(&mut self, index: NodeIndex) -> bool {
        let site = Site::at(self, index);
        let opened = kinds::while_loop::open(&site);
        warnings::check(&site);
        kinds::compensate::belongs(&site);
        let mut findings = site.into_findings();
        self.states.insert(index, opened.state.clone());
        let site = Site::before(self, index);
        let condition = kinds::while_loop::condition(&site);
        findings.add(site.into_findings());
        self.children(index);
        let site = Site::end_of(self, index, "");
        let found = kinds::while_loop::close(&site, opened, condition);
        findings.add(site.into_findings());
        self.settle(index, found, findings)
    }

    fn race(&mut self, index: NodeIndex) -> bool {
        let site = Site::at(self, index);
        let keep = kinds::race::open(&site);
        warnings::check(&site);
        kinds::compensate::belongs(&site);
        let mut findings = site.into_findings();
        self.children(index);
        let found = kinds::race::close(self, index, &keep, &mut findings);
        self.settle(index, found, findings)
    }

    fn try_scope(&mut self, index: NodeIndex) -> bool {
        let site = Site::at(self, index);
        kinds::try_scope::open(&site);
        warnings::check(&site);
        kinds::compensate::belongs(&site);
        let mut findings = site.into_findings();
        self.children(index);
        let found = kinds::try_scope::close(self, index, &mut findings);
        self.settle(index, found, findings)
    }

    fn children(&mut self, index: NodeIndex) {
        for &child in &self.graph.node(index).children {
            self.node(child);
        }
    }

    /// Keeps what was found, and says whether a switch has a case for every value.
    fn settle(&mut self, index: NodeIndex, found: Found, findings: Findings) -> bool {
        self.outputs.insert(index, found.output);
        if self.counts(index) {
            self.out.extend(findings.diagnostics);
        }
        if let Some(body) = found.body.filter(|_| !findings.broken) {
            self.bodies.insert(index, body);
        }
        for (handle, present) in found.narrowing {
            for access in present {
                let handles = self.narrowing.entry(access).or_default().entry(index).or_default();
                handles.push(handle.clone());
            }
        }
        found.exhausted
    }

    /// Whether a node is part of the workflow: some trigger reaches it. Nothing else is reported
    /// of one that is not; of a graph that does not hold together nobody can say.
    pub(super) fn counts(&self, index: NodeIndex) -> bool {
        let node = self.graph.node(index);
        let trigger = node.kind.is_some_and(Kind::is_trigger);
        !self.graph.whole || trigger || self.guards.reached(index)
    }

    /// The type of a trigger's payload.
    pub(super) fn payload_type(&self, index: NodeIndex) -> Type {
        match self.outputs.get(index) {
            Some(Output::Is(ty)) => ty.clone(),
            Some(Output::None | Output::Unknown) | None => Type::Any,
        }
    }

    /// The JSON Patch that draws an edge.
    pub(super) fn new_edge(
        &self,
        source: NodeIndex,
        handle: Option<&str>,
        target: NodeIndex,
    ) -> Vec<Value> {
        let (source, target) = (self.graph.id(source), self.graph.id(target));
        let base = format!("{source}-{target}");
        let numbered = (2..).map(|number: u64| format!("{base}-{number}"));
        let taken = self.graph.edge_ids.as_ref();
        let is_free = |id: &String| taken.is_none_or(|taken| !taken.contains(id.as_str()));
        let id = std::iter::once(base.clone()).chain(numbered).find(is_free);
        let edge = json!({
            "id": id,
            "source": source,
            "sourceHandle": handle,
            "target": target,
            "targetHandle": "in",
        });
        let mut patch = Vec::new();
        if taken.is_none() {
            patch.push(json!({"op": "add", "path": "/edges", "value": []}));
        }
        patch.push(json!({"op": "add", "path": "/edges/-", "value": edge}));
        patch
    }
}

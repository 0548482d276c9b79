//! `steps.<id>` and `errors.<id>`: which are seen from here (S5, S7, S25), and are they there (S8)?

use flowcrate::types::Type;
use petgraph::graph::NodeIndex;

use super::{Resolved, unusable};
use crate::check::failure_type;
use crate::check::guards::Event;
use crate::check::kinds::{ERROR, Kind, TRY_REGIONS};
use crate::check::site::{Site, Undone};
use crate::check::stage::Output;
use crate::diagnostic::{Fix, code};
use crate::expr::{Binding, Name, Unresolved};

impl Site<'_> {
    /// The output of a node.
    pub(super) fn step(&self, id: &str) -> Resolved {
        if let Some(undone) = self.undone.as_ref().filter(|_| *self.node.raw.id == *id) {
            return Ok(self.own_output(undone));
        }
        let index = self.earlier(id, "steps")?;
        let node = self.stage.graph.node(index);
        if node.kind.is_some_and(Kind::is_trigger) {
            return self.trigger_of(id);
        }
        let name = Name::Step(id.to_owned());
        let ty = match self.stage.outputs.get(index) {
            Some(Output::Is(ty)) => ty.clone(),
            Some(Output::Unknown) | None => Type::Any,
            Some(Output::None) => {
                let message = format!("{} has no output", node.quoted());
                let help = "read the output of a node that gives one";
                return Err(unusable(code::NEVER_THERE, message, help));
            }
        };
        let (guards, whole) = (&self.stage.guards, self.stage.graph.whole);
        if !whole || guards.implies(self.place, &[(index, Event::Value)]) {
            return Ok(Binding { name, ty });
        }
        let failed = guards.possible(index, Event::Error)
            && guards.implies(self.place, &[(index, Event::Error)]);
        if failed {
            let message =
                format!("{} has failed wherever this runs, so it has no output", node.quoted());
            let help = format!("use `errors.{id}`, or draw the edge from another handle");
            return Err(unusable(code::NEVER_THERE, message, help));
        }
        Ok(Binding { name, ty: ty.optional() })
    }

    /// What the node gave that is to be undone (S24).
    fn own_output(&self, undone: &Undone) -> Binding {
        let ty = match &undone.output {
            Output::Is(ty) => ty.clone(),
            Output::Unknown | Output::None => Type::Any,
        };
        let ty = if undone.in_doubt { ty.optional() } else { ty };
        Binding { name: Name::Step(self.node.raw.id.to_string()), ty }
    }

    /// The failure of a node.
    pub(super) fn error(&self, id: &str) -> Resolved {
        if let Some(index) = self.stage.graph.ids.get(id)
            && self.loops.contains(index)
            && self.region_in(*index) == TRY_REGIONS[1]
        {
            // S23: in a catch it is what the body failed with.
            return Ok(Binding { name: Name::Caught(id.to_owned()), ty: failure_type() });
        }
        let index = self.earlier(id, "errors")?;
        let node = self.stage.graph.node(index);
        let (guards, whole) = (&self.stage.guards, self.stage.graph.whole);
        if whole && !guards.possible(index, Event::Error) && !node.raw.disabled {
            let message = format!(
                "a failure of {} is never seen: it ends the run or the item",
                node.quoted()
            );
            let help = if node.handles.has(ERROR) {
                "draw an edge from its `error` handle, or set `on_error: continue`"
            } else {
                "a trigger cannot fail: leave the name out"
            };
            return Err(unusable(code::NEVER_THERE, message, help));
        }
        // Where it is sure to be there it is narrowed, as anything optional is.
        Ok(Binding { name: Name::Error(id.to_owned()), ty: failure_type().optional() })
    }

    /// Whether a node's output could be read from here, edges aside.
    pub(super) fn sees(&self, index: NodeIndex) -> bool {
        let node = self.stage.graph.node(index);
        let parent = node.parent;
        node.kind != Some(Kind::Note)
            && !self.loops.contains(&index)
            && parent.is_none_or(|parent| {
                self.loops.contains(&parent) && self.region_in(parent) == node.region
            })
    }

    /// The node of this id, if it is decided before this place is reached.
    fn earlier(&self, id: &str, root: &str) -> Result<NodeIndex, Unresolved> {
        let graph = self.stage.graph;
        let index = *graph.ids.get(id).ok_or(Unresolved::Unknown)?;
        let node = graph.node(index);
        let label = node.quoted();
        if node.kind == Some(Kind::Note) {
            let message = format!("{label} is a note, which has no output");
            return Err(unusable(code::NEVER_THERE, message, "read the output of another node"));
        }
        if index == self.index && !self.inside {
            let message = format!("{label} reads itself: `{root}.{id}` is there when it is done");
            return Err(unusable(code::NO_PATH, message, "read the output of an earlier node"));
        }
        if self.loops.contains(&index) {
            let message = format!("`{root}.{id}` is read within the scope {label} itself");
            let help = "a scope's result is there when the scope is done: read it after the scope";
            return Err(unusable(code::NO_PATH, message, help));
        }
        if !self.inside && graph.around(index).any(|scope| scope == self.index) {
            let message = format!(
                "{label} stands in the loop, and this is looked at before each of its iterations"
            );
            let own = graph.id(self.index);
            let help = format!("let `result` keep it in the state, and read `loops.{own}.state`");
            return Err(unusable(code::INNER_NAME, message, help));
        }
        if !self.sees(index) {
            return Err(self.inner(index, root));
        }
        let never = || {
            let message = format!("{label} never runs, so `{root}.{id}` is never there");
            Err(unusable(code::NEVER_THERE, message, "lead an edge from a trigger to it"))
        };
        if graph.whole && !self.stage.guards.connected(index) {
            return never();
        }
        self.ordered(index, root)?;
        // A path leads here from it, so it was decided before.
        if graph.whole && !self.stage.guards.reached(index) {
            return never();
        }
        Ok(index)
    }

    /// The node stands in a scope that this place is not in.
    fn inner(&self, index: NodeIndex, root: &str) -> Unresolved {
        let graph = self.stage.graph;
        let node = graph.node(index);
        if let Some(scope) = node.parent.filter(|scope| self.loops.contains(scope)) {
            let message = format!(
                "{} stands in `{}` of {}, of which the scope's other parts see nothing",
                node.quoted(),
                node.region,
                graph.node(scope).quoted()
            );
            let help = "read it within that part, or after the scope by its result";
            return unusable(code::INNER_NAME, message, help);
        }
        let outer = graph.around(index).find(|scope| self.sees(*scope));
        let (id, label) = (graph.id(index), graph.node(index).quoted());
        let Some(outer) = outer else {
            let message = format!("{label} stands in a scope that this node is not in");
            return unusable(code::INNER_NAME, message, "read the result of that scope");
        };
        let scope = graph.node(outer);
        let message = format!(
            "{label} stands in the scope {}, whose inner nodes are not seen from outside",
            scope.quoted()
        );
        let result = scope.raw.result.is_some();
        let help = if result || scope.kind != Some(Kind::ForEach) || root == "errors" {
            format!("use the scope's result, `steps.{}`", scope.raw.id)
        } else {
            format!(
                "set the loop's `result` to `{{{{ steps.{id} }}}}` and use `steps.{}`, a list",
                scope.raw.id
            )
        };
        unusable(code::INNER_NAME, message, help)
    }

    /// S5: a path of edges must lead from the node to here.
    fn ordered(&self, index: NodeIndex, root: &str) -> Result<(), Unresolved> {
        let (graph, guards) = (self.stage.graph, &self.stage.guards);
        let scope = graph.node(index).parent;
        if !graph.whole {
            return Ok(());
        }
        // What stands in the node's scope: this node, or the loop around it. At the end of a body
        // nothing does, and all its nodes are decided.
        let own = (!self.inside).then_some(self.index);
        let around = own.into_iter().chain(self.loops.iter().copied());
        let Some(here) = around.into_iter().find(|place| graph.node(*place).parent == scope) else {
            return Ok(());
        };
        if guards.path(graph, index, here) {
            return Ok(());
        }
        let (source, target) = (graph.node(index), graph.node(here));
        let (from, to) = (source.quoted(), target.quoted());
        let id = &source.raw.id;
        if guards.path(graph, here, index) {
            let message = format!("{from} runs after {to}, so `{root}.{id}` is not there yet");
            let help = "read the output of an earlier node, or turn the edges round";
            return Err(unusable(code::NO_PATH, message, help));
        }
        let message =
            format!("no path of edges leads from {from} to {to}, which reads `{root}.{id}`");
        let title = format!("add the edge from {from} to {to}");
        let handle = if root == "errors" { Some(ERROR) } else { None };
        let handle = handle.or(source.handles.default.as_deref());
        let patch = self.stage.new_edge(index, handle, here);
        let mut issue = super::issue(code::NO_PATH, message, &*title);
        issue.fix = Some(Box::new(Fix { title, patch }));
        Err(Unresolved::Unusable(Box::new(issue)))
    }
}

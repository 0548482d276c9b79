//! The names in scope (S16), and what the guards say of them (S8, S9).

mod steps;
mod triggers;

use std::collections::BTreeSet;

use flowcrate::types::Type;
use petgraph::graph::NodeIndex;

use super::guards::{ALTERNATIVES, Event};
use super::kinds::Kind;
use super::site::Site;
use super::stage::Output;
use crate::diagnostic::{Code, Span, code};
use crate::expr::{Access, Binding, ExprIssue, Name, Names, Reference, Root, Unresolved};

type Resolved = Result<Binding, Unresolved>;

impl Names for Site<'_> {
    fn resolve(&self, reference: &Reference) -> Resolved {
        match reference {
            Reference::Trigger => self.trigger(),
            Reference::TriggerOf(id) => self.trigger_of(id),
            Reference::Step(id) => self.step(id),
            Reference::Error(id) => self.error(id),
            Reference::Item => match self.bound_item() {
                Some(bound) => Ok(bound),
                None => self.nearest_item(),
            },
            Reference::Index => self.nearest_index(),
            Reference::LoopItem(id) => self.item(self.loop_around(id)?),
            Reference::LoopIndex(id) => self.iteration(self.loop_around(id)?),
            Reference::LoopState(id) => self.state(self.loop_around(id)?),
            Reference::RunId => Ok(Binding { name: Name::RunId, ty: Type::String }),
            Reference::RunStartedAt => {
                Ok(Binding { name: Name::RunStartedAt, ty: Type::Timestamp })
            }
            // The format declares no variables yet.
            Reference::Var(_) => Err(Unresolved::Unknown),
        }
    }

    fn candidates(&self, root: Root) -> Vec<String> {
        // The checker compares the name with all of them.
        if !self.stage.suggestions.afford(self.stage.graph.ids.len()) {
            return Vec::new();
        }
        let id = |index: &NodeIndex| self.stage.graph.id(*index).to_string();
        match root {
            Root::Triggers => self.stage.triggers.iter().map(id).collect(),
            Root::Loops => self.loops.iter().map(id).collect(),
            Root::Vars => Vec::new(),
            Root::Steps | Root::Errors => {
                let graph = self.stage.graph;
                let visible = graph.ids.values().filter(|index| **index != self.index);
                visible.filter(|index| self.sees(**index)).map(id).collect()
            }
        }
    }

    fn is_present(&self, access: &Access, known: &BTreeSet<Access>) -> bool {
        if !self.stage.graph.whole || known.contains(access) {
            return true;
        }
        if self.was_tested(access) {
            return true;
        }
        let mut events = self.narrowed(access);
        if access.path.is_empty() {
            events.extend(self.event_of(&access.name));
        }
        !events.is_empty() && self.stage.guards.implies(self.place, &events)
    }

    fn one_is_present(&self, names: &[Name]) -> bool {
        if !self.stage.graph.whole {
            return true;
        }
        let mut events = Vec::new();
        for name in names {
            let access = Access { name: name.clone(), path: Vec::new() };
            if self.was_tested(&access) {
                return true;
            }
            events.extend(self.event_of(name));
            events.extend(self.narrowed(&access));
        }
        self.stage.guards.implies(self.place, &events)
    }

    fn counterpart(&self, name: &Name, ty: &Type) -> Option<Name> {
        let Name::Step(own) = name else { return None };
        if !self.stage.graph.whole {
            return None;
        }
        let others = self.candidates(Root::Steps).into_iter().filter(|id| id != own);
        others.take(ALTERNATIVES).find_map(|id| {
            let other = self.resolve(&Reference::Step(id)).ok()?;
            // One that is always there says nothing of the other.
            let alike = matches!(&other.ty, Type::Optional { some } if **some == *ty.some());
            let step = matches!(other.name, Name::Step(_)) && alike;
            let both = [name.clone(), other.name.clone()];
            (step && self.one_is_present(&both)).then_some(other.name)
        })
    }
}

impl Site<'_> {
    /// What must have happened for a name to have a value.
    fn event_of(&self, name: &Name) -> Option<(NodeIndex, Event<'static>)> {
        let (id, event) = match name {
            Name::Step(id) | Name::TriggerOf(id) => (id, Event::Value),
            Name::Error(id) => (id, Event::Error),
            Name::Trigger
            | Name::Caught(_)
            | Name::Item(_)
            | Name::Index(_)
            | Name::State(_)
            | Name::Element
            | Name::RunId
            | Name::RunStartedAt
            | Name::Var(_) => return None,
        };
        let index = *self.stage.graph.ids.get(id.as_str())?;
        // A value that is optional by itself may be absent wherever the node left.
        let optional = matches!(
            self.stage.outputs.get(index),
            Some(Output::Is(Type::Optional { .. } | Type::Null))
        );
        (!(optional && event == Event::Value)).then_some((index, event))
    }

    /// The handles of conditions and switches that are left by only where `access` is present.
    /// Of more than the analysis weighs against each other none: [`Site::was_tested`] has
    /// asked for those that every path goes through.
    fn narrowed(&self, access: &Access) -> Vec<(NodeIndex, Event<'_>)> {
        let tests = self.stage.narrowing.get(access).filter(|tests| tests.len() <= ALTERNATIVES);
        let tests = tests.into_iter().flatten();
        tests
            .flat_map(|(index, handles)| {
                handles.iter().map(|handle| (*index, Event::Handle(handle)))
            })
            .collect()
    }

    /// Whether every path to this place goes through one of many tests that `access` is present.
    fn was_tested(&self, access: &Access) -> bool {
        let tests = self.stage.narrowing.get(access).filter(|tests| tests.len() > ALTERNATIVES);
        tests.is_some_and(|tests| {
            self.stage.guards.passed(self.place, |node, handle| {
                tests.get(&node).is_some_and(|handles| handles.contains(handle))
            })
        })
    }

    /// `item`: a `while` has none, so that of a `for_each` around it is meant.
    fn nearest_item(&self) -> Resolved {
        let items = &self.stage.items;
        match self.loops.iter().find(|index| items.contains_key(index)) {
            Some(index) => self.item(*index),
            None => Err(outside_loops("item")),
        }
    }

    fn nearest_index(&self) -> Resolved {
        let is_loop =
            |index: &&NodeIndex| self.stage.graph.node(**index).kind.is_some_and(Kind::is_loop);
        match self.loops.iter().find(is_loop) {
            Some(index) => self.iteration(*index),
            None => Err(outside_loops("index")),
        }
    }

    fn loop_around(&self, id: &str) -> Result<NodeIndex, Unresolved> {
        let graph = self.stage.graph;
        if let Some(index) = self.loops.iter().find(|index| graph.id(**index) == id) {
            return Ok(*index);
        }
        match graph.ids.get(id).map(|index| graph.node(*index)) {
            Some(node) if node.kind.is_some_and(Kind::is_scope) => {
                let message = format!("this stands outside the loop {}", node.quoted());
                let help = format!("move the node into the loop, or use its result `steps.{id}`");
                Err(unusable(code::OUT_OF_PLACE, message, help))
            }
            Some(_) | None => Err(Unresolved::Unknown),
        }
    }

    fn item(&self, index: NodeIndex) -> Resolved {
        let id = self.stage.graph.id(index).to_string();
        let Some(ty) = self.stage.items.get(&index).cloned() else {
            if !self.stage.states.contains_key(&index) {
                return Err(no_loop(&self.stage.graph.node(index).raw.kind, &id));
            }
            let message = format!("`{id}` is a `while@1`, which has no items");
            let help = format!("use `loops.{id}.state` or `loops.{id}.index`");
            return Err(unusable(code::OUT_OF_PLACE, message, help));
        };
        Ok(Binding { name: Name::Item(id), ty })
    }

    fn state(&self, index: NodeIndex) -> Resolved {
        let id = self.stage.graph.id(index).to_string();
        let Some(ty) = self.stage.states.get(&index).cloned() else {
            if !self.stage.items.contains_key(&index) {
                return Err(no_loop(&self.stage.graph.node(index).raw.kind, &id));
            }
            let message = format!("`{id}` is a `for_each@1`, which has no state");
            let help = format!("use `loops.{id}.item` or `loops.{id}.index`");
            return Err(unusable(code::OUT_OF_PLACE, message, help));
        };
        Ok(Binding { name: Name::State(id), ty })
    }

    fn iteration(&self, index: NodeIndex) -> Resolved {
        let id = self.stage.graph.id(index).to_string();
        if !self.stage.graph.node(index).kind.is_some_and(Kind::is_loop) {
            return Err(no_loop(&self.stage.graph.node(index).raw.kind, &id));
        }
        if index == self.index && !self.inside {
            let message = "the condition of a `while@1` sees its state alone";
            let help = format!("count in `loops.{id}.state`, or set `max_iterations`");
            return Err(unusable(code::OUT_OF_PLACE, message, help));
        }
        Ok(Binding { name: Name::Index(id), ty: Type::Int })
    }
}

fn no_loop(kind: &str, id: &str) -> Unresolved {
    let message = format!("`{id}` is a `{kind}`, which does not go round");
    unusable(code::OUT_OF_PLACE, message, "name a `for_each@1` or `while@1` around this node")
}

fn outside_loops(name: &str) -> Unresolved {
    let message = format!("`{name}` stands outside a loop, where it means nothing");
    unusable(code::OUT_OF_PLACE, message, "move the node into a `for_each@1`")
}

/// A name that exists, but means nothing here. The checker fills in where it stands.
fn unusable(code: Code, message: impl Into<String>, help: impl Into<String>) -> Unresolved {
    Unresolved::Unusable(Box::new(issue(code, message, help)))
}

fn issue(code: Code, message: impl Into<String>, help: impl Into<String>) -> ExprIssue {
    ExprIssue::new(code.id, Span::default(), message).help(help)
}

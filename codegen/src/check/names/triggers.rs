//! `trigger` and `triggers.<id>` (S16, S30).

use flowcrate::types::{Type, unify_all};
use petgraph::graph::NodeIndex;

use super::{Resolved, unusable};
use crate::check::guards::Event;
use crate::check::kinds::Kind;
use crate::check::site::Site;
use crate::diagnostic::code;
use crate::expr::{Binding, Name, Unresolved};

impl Site<'_> {
    /// The payload of the run's trigger: of the one that can have led here, or the common type of
    /// all of them. (Of all, not of those that can have led here: a back end takes the payload of
    /// whichever trigger it was as that type.)
    pub(super) fn trigger(&self) -> Resolved {
        let all = &self.stage.triggers;
        let led_here = |index: &&NodeIndex| {
            !self.stage.graph.whole || self.stage.guards.allows(self.place, **index, Event::Value)
        };
        let possible: Vec<NodeIndex> = all.iter().filter(led_here).copied().collect();
        if let ([_, _, ..], [one]) = (all.as_slice(), possible.as_slice()) {
            return Ok(self.payload(*one));
        }
        let types: Vec<Type> = all.iter().map(|index| self.stage.payload_type(*index)).collect();
        match unify_all(&types) {
            None => Ok(Binding { name: Name::Trigger, ty: Type::Any }),
            Some(Ok(ty)) => Ok(Binding { name: Name::Trigger, ty }),
            Some(Err(mismatch)) => {
                let names: Vec<String> = possible
                    .iter()
                    .map(|index| format!("`triggers.{}`", self.stage.graph.id(*index)))
                    .collect();
                let message = format!(
                    "`trigger` may be one of {} triggers here, whose payloads have no common \
                     type: {mismatch}",
                    possible.len()
                );
                let help =
                    format!("say which one, and what if it was another: {}", names.join(", "));
                Err(unusable(code::WHICH_TRIGGER, message, help))
            }
        }
    }

    /// One trigger's payload; optional unless it is sure to have started the run.
    pub(super) fn trigger_of(&self, id: &str) -> Resolved {
        let graph = self.stage.graph;
        let index = *graph.ids.get(id).ok_or(Unresolved::Unknown)?;
        let node = graph.node(index);
        if !node.kind.is_some_and(Kind::is_trigger) {
            let message = format!("{} is no trigger", node.quoted());
            let help = format!("use `steps.{id}` for the output of a node");
            return Err(unusable(code::OUT_OF_PLACE, message, help));
        }
        if node.raw.disabled {
            let message = format!("the trigger {} is disabled and starts no run", node.quoted());
            return Err(unusable(code::NEVER_THERE, message, "enable the trigger"));
        }
        Ok(self.payload(index))
    }

    /// The payload of an enabled trigger.
    fn payload(&self, index: NodeIndex) -> Binding {
        let ty = self.stage.payload_type(index);
        if self.stage.triggers.len() <= 1 {
            return Binding { name: Name::Trigger, ty };
        }
        let name = Name::TriggerOf(self.stage.graph.id(index).to_string());
        let sure = !self.stage.graph.whole
            || self.stage.guards.implies(self.place, &[(index, Event::Value)]);
        Binding { name, ty: if sure { ty } else { ty.optional() } }
    }
}

//! `trigger` and `triggers.<id>` (S16, S30).

use flowcrate::types::{Type, unify_all};
use petgraph::graph::NodeIndex;

use super::{Resolved, unusable};
use crate::check::guards::Event;
use crate::check::kinds::Kind;
use crate::check::site::Site;
use crate::diagnostic::{code, listed};
use crate::expr::{Binding, Name, Unresolved};

/// Triggers that a message names.
const LISTED: usize = 8;

/// Of more triggers than this, `trigger` is not narrowed to one: `triggers.<id>` is.
const NARROWED: usize = 64;

impl Site<'_> {
    /// The payload of the run's trigger: of the one that can have led here, or the common type of
    /// all of them. (Of all, not of those that can have led here: a back end takes the payload of
    /// whichever trigger it was as that type.)
    pub(super) fn trigger(&self) -> Resolved {
        let all = &self.stage.triggers;
        if let ([_, _, ..], Some(one)) = (all.as_slice(), self.only_trigger()) {
            return Ok(self.payload(one));
        }
        let common = self.stage.common_payload.get_or_init(|| {
            let types: Vec<Type> =
                all.iter().map(|&index| self.stage.payload_type(index)).collect();
            unify_all(&types)
        });
        match common {
            None => Ok(Binding { name: Name::Trigger, ty: Type::Any }),
            Some(Ok(ty)) => Ok(Binding { name: Name::Trigger, ty: ty.clone() }),
            Some(Err(mismatch)) => {
                let names: Vec<String> = all
                    .iter()
                    .take(LISTED)
                    .map(|index| format!("triggers.{}", self.stage.graph.id(*index)))
                    .collect();
                let message = format!(
                    "`trigger` may be one of {} triggers here, whose payloads have no common \
                     type: {mismatch}",
                    all.len()
                );
                let names = listed(names.iter().map(String::as_str));
                let help = format!("say which one, and what if it was another: {names}");
                Err(unusable(code::WHICH_TRIGGER, message, help))
            }
        }
    }

    /// The one trigger that can have led here, if the guard allows no other.
    fn only_trigger(&self) -> Option<NodeIndex> {
        let all = &self.stage.triggers;
        if !self.stage.graph.whole || all.len() > NARROWED {
            return None;
        }
        let led_here =
            |index: &&NodeIndex| self.stage.guards.allows(self.place, **index, Event::Value);
        let mut possible = all.iter().filter(led_here);
        let first = possible.next().copied();
        first.filter(|_| possible.next().is_none())
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

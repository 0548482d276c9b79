//! Calls of other workflows (S35).

use serde_json::{Value, json};

use super::graph::Node;
use super::ops::Begun;
use super::plant::{Plant, planted};
use super::play::{Script, Stands, play};
use super::state::{End, Failure, RegionId, Sim, Work};
use crate::random::callees::callees;

impl Sim<'_> {
    /// A run of its own, which nothing but its input and the world has a part in.
    pub(super) fn call(&mut self, region: RegionId, node: &Node, payload: Value) -> Begun {
        let name = node.config.get("workflow").and_then(Value::as_str).unwrap_or_default();
        let Some(document) = callees().remove(name) else {
            self.unknown.push(format!("the workflow {name}"));
            return Begun::Left("out".to_owned(), Value::Null);
        };
        let (trigger, world, events) = ("start".to_owned(), self.world.clone(), Vec::new());
        let played = play(&document, &Script { trigger, payload, world, events });
        self.doubts.extend(played.doubts);
        self.unknown.extend(played.unknown);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let own = self.path(region, &node.id);
        let end = match played.stands {
            Stands::Failed(failure) if planted(Plant::FailsWithin) => {
                Some(End::Failed(Failure::new(&text(&failure["code"]), "", text(&failure["path"]))))
            }
            Stands::Completed(output) => Some(End::Done(output)),
            // It is one of the call's.
            Stands::Failed(failure) => Some(End::Failed(Failure::new(
                &text(&failure["code"]),
                &text(&failure["message"]),
                own,
            ))),
            Stands::Paused(_) | Stands::Waiting => None,
        };
        Begun::Under(json!({ "duration": played.ended }), Work::Call(end.map(Box::new)))
    }
}

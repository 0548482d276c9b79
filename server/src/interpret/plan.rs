//! What a run needs of a compiled graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate_codegen::check::{Checked, Node, NodeId, Scope};
use flowcrate_codegen::ir;
use flowcrate_plugins::Action;
use serde_json::Value;

use flowcrate_codegen::check::Body;

/// The plugin actions by kind.
pub type Actions = BTreeMap<String, Arc<dyn Action>>;

/// A compiled graph.
pub struct Plan {
    /// Its control flow.
    pub ir: ir::Workflow,
    /// Its nodes.
    pub checked: Checked,
    /// What its actions call.
    pub actions: Arc<Actions>,
}

/// Which trigger started a run, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Triggered {
    /// The trigger; `None` where the input names none, which validation refuses.
    pub trigger: Option<NodeId>,
    /// Its payload.
    pub payload: Value,
}

impl Plan {
    /// A node by its id. Lowering took the id from `checked`, so it is there.
    pub(super) fn node(&self, id: &NodeId) -> Option<&Node> {
        self.checked.nodes.get(id)
    }

    /// The checked body of a loop.
    pub(super) fn scope(&self, id: &NodeId) -> Option<&Scope> {
        match &self.node(id)?.body {
            Body::ForEach { body, .. } => Some(body),
            Body::Manual
            | Body::Webhook { .. }
            | Body::Schedule { .. }
            | Body::Condition { .. }
            | Body::Switch { .. }
            | Body::Transform { .. }
            | Body::Action { .. }
            | Body::Custom { .. }
            | Body::Wait { .. }
            | Body::WaitEvent { .. }
            | Body::Return { .. }
            | Body::Fail { .. } => None,
        }
    }

    /// Which trigger an input names (S30): the only one, or the one whose payload is there.
    pub fn triggered(&self, input: &Value) -> Triggered {
        if let [only] = self.ir.triggers.as_slice() {
            return Triggered { trigger: Some(only.clone()), payload: input.clone() };
        }
        let payload = |id: &NodeId| input.get(id.as_str()).filter(|payload| !payload.is_null());
        let named = self.ir.triggers.iter().find_map(|id| Some((id, payload(id)?)));
        match named {
            Some((id, payload)) => {
                Triggered { trigger: Some(id.clone()), payload: payload.clone() }
            }
            None => Triggered { trigger: None, payload: Value::Null },
        }
    }

    /// The input of a run that `trigger` starts with `payload` (S30).
    pub fn input(&self, trigger: &str, payload: Value) -> Value {
        if self.ir.triggers.len() == 1 {
            return payload;
        }
        Value::Object([(trigger.to_owned(), payload)].into_iter().collect())
    }
}

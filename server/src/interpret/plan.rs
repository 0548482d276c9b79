//! What a run needs of a compiled graph.

use std::sync::Arc;

use flowcrate_codegen::check::{Checked, Node, NodeId};
use flowcrate_codegen::ir;
use flowcrate_plugins::Actions;
use serde_json::Value;

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

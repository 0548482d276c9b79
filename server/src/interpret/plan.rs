//! What a run needs of a compiled graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::types::{ProjectError, Type, meets, project, unify_all, widen};
use flowcrate_codegen::check::{Body, Checked, Node, NodeId};
use flowcrate_codegen::ir;
use flowcrate_plugins::Actions;
use serde_json::Value;

use super::Interpreted;

/// A compiled graph.
pub struct Plan {
    /// Its control flow.
    pub ir: Arc<ir::Workflow>,
    /// Its nodes.
    pub checked: Arc<Checked>,
    /// The workflows that its nodes call, by name, as the engine knows them.
    pub callees: BTreeMap<String, Interpreted>,
    /// What its actions call.
    pub actions: Arc<Actions>,
}

/// Which trigger started a run, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Triggered {
    /// The trigger; `None` where the input names none, which validation refuses.
    pub trigger: Option<NodeId>,
    /// Its payload, as its own type: `triggers.<id>`.
    pub payload: Value,
    /// Its payload as the type that all triggers agree in, where they do: `trigger` (S16).
    pub common: Value,
}

impl Plan {
    /// A node by its id. Lowering took the id from `checked`, so it is there.
    pub(super) fn node(&self, id: &NodeId) -> Option<&Node> {
        self.checked.nodes.get(id)
    }

    /// Whether a run may answer whoever started it (S32).
    pub fn responds(&self) -> bool {
        self.checked.nodes.values().any(|node| matches!(node.body, Body::Respond { .. }))
    }

    /// Which trigger an input names (S30): the only one, or the one whose payload is there; with
    /// its payload read as the trigger's type (S13). An error carries the trigger that it is of.
    pub fn triggered(&self, input: &Value) -> Result<Triggered, (NodeId, ProjectError)> {
        let payload = |id: &NodeId| input.get(id.as_str()).filter(|payload| !payload.is_null());
        let named = match self.ir.triggers.as_slice() {
            [only] => Some((only, input)),
            several => several.iter().find_map(|id| Some((id, payload(id)?))),
        };
        let Some((id, payload)) = named else {
            return Ok(Triggered { trigger: None, payload: Value::Null, common: Value::Null });
        };
        let payload = match self.payload_type(id) {
            Some(ty) => project(ty, payload).map_err(|error| (id.clone(), error))?,
            None => payload.clone(),
        };
        let common = self.common(id, payload.clone());
        Ok(Triggered { trigger: Some(id.clone()), payload, common })
    }

    /// Whether a payload is one of the declared event of this name: of its type, and what its
    /// schema asks beyond that. What is not declared the engine refuses.
    pub fn check_event(&self, name: &str, payload: &Value) -> Result<(), ProjectError> {
        let Some(declared) = self.ir.events.iter().find(|event| event.name == name) else {
            return Ok(());
        };
        project(&declared.payload, payload)?;
        self.checked.events.get(name).map_or(Ok(()), |asked| meets(&asked.schema, payload))
    }

    fn payload_type(&self, trigger: &NodeId) -> Option<&Type> {
        self.node(trigger)?.output.as_ref()
    }

    /// A trigger's payload as the type that all triggers agree in. Where they agree in none the
    /// checker lets nothing read it.
    fn common(&self, trigger: &NodeId, payload: Value) -> Value {
        let types = self.ir.triggers.iter().filter_map(|id| self.payload_type(id));
        match (self.payload_type(trigger), unify_all(types)) {
            (Some(own), Some(Ok(common))) => widen(payload, own, &common),
            _ => payload,
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

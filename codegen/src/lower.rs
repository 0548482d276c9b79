//! From the checked graph to the IR: dead-path firing (S1 to S6) becomes control flow.
//!
//! Each scope is shaped into sequences, branches and joins; what is not series-parallel becomes
//! tasks. The result is expanded again and compared with the graph (translation validation); a
//! structure that says anything else is thrown away for one task per node.

mod exports;
mod flow;
mod guards;
mod modules;
pub(crate) mod reads;
mod shape;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use flow::Flow;
use guards::TRUE;

use crate::check::{Checked, NodeId, Scope};
use crate::diagnostic::{Diagnostic, Severity};
use crate::ir::{self, Block, Event, Workflow};

pub(crate) use flow::{handles, is_trigger, rest};
pub(crate) use reads::{used_at_the_end, uses};

/// Lowers a checked graph, and all that it calls. What is wrong here is our bug (E9xx), never the
/// graph's.
pub fn lower(checked: &Checked) -> Result<Workflow, Vec<Diagnostic>> {
    let mut workflow = lower_alone(checked)?;
    for (name, callee) in checked.all_callees() {
        workflow.callees.insert(name.to_owned(), Arc::new(lower_alone(callee)?));
    }
    Ok(workflow)
}

fn lower_alone(checked: &Checked) -> Result<Workflow, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let body = lower_scope(checked, &checked.root, None, &mut faults);
    let mut scopes = BTreeMap::new();
    for (id, node) in &checked.nodes {
        for (region, body) in node.body.scopes() {
            let block = lower_scope(checked, body, Some(id), &mut faults);
            scopes.insert(ir::Region::new(id, region), block);
        }
    }
    let workflow = Workflow {
        name: checked.name.clone(),
        description: checked.description.clone(),
        revision: checked.revision.clone(),
        triggers: triggers(checked),
        input: checked.input.clone(),
        output: checked.output.clone(),
        events: events(checked),
        callees: BTreeMap::new(),
        body,
        scopes,
    };
    faults.extend(ir::verify(&workflow, checked).into_iter().map(|fault| our_bug(&fault, None)));
    if faults.is_empty() { Ok(workflow) } else { Err(faults) }
}

fn lower_scope(
    checked: &Checked,
    scope: &Scope,
    owner: Option<&NodeId>,
    faults: &mut Vec<Diagnostic>,
) -> Block {
    let mut flow = Flow::new(checked, scope);
    let mut block = if flow.logic.given_up() {
        shape::flat(&mut flow)
    } else {
        let shaped = shape::shape(&mut flow);
        // Where the formulas are given up on the way, nothing is proved.
        if validate::is_faithful(&mut flow, &shaped) && !flow.logic.given_up() {
            shaped
        } else {
            #[cfg(feature = "planted")]
            crate::planted::replaced();
            shape::flat(&mut flow)
        }
    };
    let faithful = if flow.logic.given_up() {
        validate::is_flat(&flow, &block)
    } else {
        validate::is_faithful(&mut flow, &block)
    };
    if !faithful {
        faults.push(our_bug("the control flow differs from the graph", owner));
    }
    let needed = reads::used_at_the_end(checked, scope);
    exports::export(checked, &mut flow, &mut block, TRUE, needed);
    block
}

fn triggers(checked: &Checked) -> Vec<NodeId> {
    let mut triggers: Vec<NodeId> = checked
        .root
        .nodes
        .iter()
        .filter(|id| checked.nodes.get(*id).is_some_and(|node| is_trigger(&node.body)))
        .cloned()
        .collect();
    triggers.sort();
    triggers
}

fn events(checked: &Checked) -> Vec<Event> {
    let mut events = BTreeMap::new();
    for node in checked.nodes.values() {
        if let Some((event, payload)) = node.body.event() {
            events.entry(event.to_owned()).or_insert_with(|| payload.clone());
        }
    }
    events.into_iter().map(|(name, payload)| Event { name, payload }).collect()
}

fn our_bug(fault: &str, node: Option<&NodeId>) -> Diagnostic {
    Diagnostic {
        code: "E901",
        severity: Severity::Error,
        message: format!("flowcrate lowered this graph wrongly: {fault}"),
        node: node.map(ToString::to_string),
        field: None,
        span: None,
        help: Some("report it with the graph; nothing in the graph is at fault".to_owned()),
        fix: None,
    }
}

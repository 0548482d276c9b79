//! From a checked graph to what the store keeps of it.

use flowcrate::Timestamp;
use flowcrate::schedule::Schedule;
use flowcrate_codegen::Diagnostic;
use flowcrate_codegen::check::{Body, Checked, Node};

use crate::callees::Linked;
use crate::error::Error;
use crate::store::{CalleeDraft, Draft, ScheduleDraft, Trigger};

/// What the store keeps of a graph that may call what is `linked`.
pub fn draft(
    (source, linked): (&[u8], &Linked),
    checked: &Checked,
    diagnostics: &[Diagnostic],
    now: Timestamp,
) -> Result<Draft, Error> {
    let graph = String::from_utf8_lossy(source).into_owned();
    let diagnostics = serde_json::to_string(diagnostics)
        .map_err(|source| Error::Corrupt { what: "diagnostics", source })?;
    Ok(Draft {
        name: checked.name.clone(),
        description: checked.description.clone(),
        revision: checked.revision.clone(),
        graph,
        diagnostics,
        triggers: checked.nodes.values().filter_map(trigger).collect(),
        schedules: checked.nodes.values().filter_map(|node| schedule(node, now)).collect(),
        callees: callees(checked, linked),
    })
}

fn callees(checked: &Checked, linked: &Linked) -> Vec<CalleeDraft> {
    let all = checked.all_callees().into_iter();
    all.map(|(name, callee)| CalleeDraft {
        id: linked.id(name).to_owned(),
        name: name.to_owned(),
        revision: callee.revision.clone(),
        graph: String::from_utf8_lossy(linked.documents.get(name).unwrap_or_default()).into_owned(),
        calls: callee.all_callees().into_keys().map(str::to_owned).collect(),
    })
    .collect()
}

fn trigger(node: &Node) -> Option<Trigger> {
    let mut trigger = Trigger {
        id: node.id.to_string(),
        kind: node.kind.clone(),
        path: None,
        cron: None,
        timezone: None,
    };
    match &node.body {
        Body::Manual => {}
        Body::Webhook { path } => trigger.path = Some(path.clone()),
        Body::Schedule { cron, timezone } => {
            trigger.cron = Some(cron.clone());
            trigger.timezone = Some(timezone.clone());
        }
        Body::Condition { .. }
        | Body::Switch { .. }
        | Body::ForEach { .. }
        | Body::While { .. }
        | Body::Race { .. }
        | Body::Try { .. }
        | Body::Transform { .. }
        | Body::Action { .. }
        | Body::Custom { .. }
        | Body::Wait { .. }
        | Body::Respond { .. }
        | Body::WaitEvent { .. }
        | Body::Approval(_)
        | Body::CallWorkflow(_)
        | Body::StartWorkflow(_)
        | Body::Return { .. }
        | Body::Fail { .. } => return None,
    }
    // A disabled trigger starts nothing (S14).
    (!node.disabled).then_some(trigger)
}

fn schedule(node: &Node, now: Timestamp) -> Option<ScheduleDraft> {
    let Body::Schedule { cron, timezone } = &node.body else { return None };
    if node.disabled {
        return None;
    }
    Some(ScheduleDraft {
        node: node.id.to_string(),
        cron: cron.clone(),
        timezone: timezone.clone(),
        next_fire: next_fire(cron, timezone, now),
    })
}

/// When a schedule fires next; `None` where it never does (the checker refuses what is malformed).
pub fn next_fire(cron: &str, timezone: &str, after: Timestamp) -> Option<i64> {
    let schedule = Schedule::parse(cron, timezone).ok()?;
    schedule.next_after(after).map(|instant| instant.0)
}

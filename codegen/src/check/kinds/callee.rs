//! The workflow that a node calls or starts: which it is, and what it takes.

use flowcrate::types::Type;
use serde_json::Value;

use super::WORKFLOW;
use crate::check::callees::Callee;
use crate::check::site::Site;
use crate::check::{Call, Checked, Node};
use crate::diagnostic::{code, listed, nearest, quoted};

/// What a node calls.
pub(super) struct Called {
    /// `None` where it has errors.
    pub(super) call: Option<Call>,
    /// What the workflow gives, where it is known.
    pub(super) output: Option<Type>,
}

/// The name in `config.workflow`, the trigger in `config.trigger`, its payload in `inputs.input`.
pub(super) fn check(site: &Site<'_>) -> Called {
    site.only_inputs(&["input"]);
    let name = site.required_text_setting(WORKFLOW, "name the workflow, such as `order-intake`");
    let Some(callee) = name.and_then(|name| find(site, name)) else {
        // Whatever it calls, what it gives it is checked by itself.
        site.input("input", None);
        return Called { call: None, output: None };
    };
    let trigger = trigger(site, callee);
    let payload = trigger.map(|trigger| trigger.output.as_ref().unwrap_or(&Type::Any));
    let input = match (payload, site.raw_input("input")) {
        // What may be absent is null where nothing is given (S10).
        (Some(payload), None) if payload.may_be_absent() => {
            site.typed("/inputs/input", &Value::Null, Some(payload))
        }
        (Some(payload), _) => site.required_input("input", Some(payload)),
        (None, _) => site.input("input", None),
    };
    let several = triggers(callee).nth(1).is_some();
    let call = input.zip(trigger).map(|(input, trigger)| Call {
        workflow: callee.name.clone(),
        trigger: several.then(|| trigger.id.clone()),
        input,
    });
    Called { call, output: Some(callee.output.clone()) }
}

/// The checked workflow; reports why there is none.
fn find<'s>(site: &Site<'s>, name: &str) -> Option<&'s Checked> {
    let label = site.node.quoted();
    let shown = quoted(name);
    let field = "/config/workflow";
    let finding = match site.stage.callees.get(name) {
        Some(Callee::Sound(checked)) => return Some(checked),
        Some(Callee::Faulty(first)) => site
            .finding(
                code::FAULTY_CALLEE,
                format!("{label} calls {shown}, which has errors, the first of them {first}"),
            )
            .help("mend that workflow first"),
        Some(Callee::Circular(way)) => site
            .finding(code::CALLS_ITSELF, format!("{label} calls {}", circle(way)))
            .help("repeat with a `while@1` instead, or let an event from outside start it again"),
        None => {
            let finding = site.finding(
                code::UNKNOWN_WORKFLOW,
                format!("{label} calls {shown}, a workflow that is not there"),
            );
            match nearest(name, site.stage.callees.names()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")).fix(
                    format!("call `{near}`"),
                    vec![serde_json::json!({
                        "op": "replace",
                        "path": format!("{}{field}", site.data_pointer()),
                        "value": near,
                    })],
                ),
                None => finding.help("store the workflow first, or hand its graph to the compiler"),
            }
        }
    };
    site.report(finding.field(field));
    None
}

/// A circle in words.
fn circle(way: &[String]) -> String {
    let quoted: Vec<String> = way.iter().map(|name| quoted(name)).collect();
    match quoted.as_slice() {
        [own] => format!("{own}, the workflow that it is in"),
        all => format!("{}: a circle", all.join(", which calls ")),
    }
}

/// What may start a run of a workflow, by id.
fn triggers(callee: &Checked) -> impl Iterator<Item = &Node> {
    let is_trigger = |node: &&Node| crate::lower::is_trigger(&node.body);
    callee.nodes.values().filter(is_trigger)
}

/// The trigger that starts the run: the only one, or the one that is named.
fn trigger<'c>(site: &Site<'_>, callee: &'c Checked) -> Option<&'c Node> {
    let ids: Vec<&str> = triggers(callee).map(|trigger| trigger.id.as_str()).collect();
    let asked = site.text_setting("trigger");
    let found = match (asked, ids.as_slice()) {
        (None, [_]) => triggers(callee).next(),
        (Some(asked), _) => triggers(callee).find(|trigger| *trigger.id == *asked),
        (None, _) => None,
    };
    if found.is_none() && (asked.is_some() || site.setting("trigger").is_none()) {
        let names = listed(ids.iter().copied());
        let problem = match asked {
            Some(asked) => format!("is {}, expected a trigger of it: {names}", quoted(asked)),
            None => format!("is missing: {} has several triggers, {names}", quoted(&callee.name)),
        };
        let help = match asked.and_then(|asked| nearest(asked, ids.iter().copied())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name the trigger that starts the run".to_owned(),
        };
        site.bad_setting("trigger", &problem, &help);
    }
    found
}

//! `approval@1`: leaves by `approved` or `rejected` with the answer, or by `timeout` (S34).

use flowcrate::types::Type;

use super::{ERROR, Found, Handles, wait_event};
use crate::check::site::Site;
use crate::check::{Approval, Body, verdict_type};
use crate::graph::RawNode;

/// The handles by which the node leaves with an answer, its output.
pub(in crate::check) const ANSWERED: [&str; 2] = ["approved", "rejected"];

/// `timeout` only where one is set. None is the default: what follows has to say which answer it
/// follows.
pub(super) fn handles(node: &RawNode) -> Handles {
    Handles::new(ANSWERED.into_iter().chain(wait_event::timeout(node)).chain([ERROR]), None)
}

/// The event is called after the node unless it has a name; the answer is the output.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["assignees", "key", "timeout"]);
    let event = match site.setting("event") {
        None => Some(site.node.raw.id.as_str()),
        Some(_) => site.text_setting("event").inspect(|name| wait_event::check_name(site, name)),
    };
    let form = site.text_setting("form").map(str::to_owned);
    let verdict = site.declared_type("/config", Some(&site.node.raw.config)).map(verdict_type);
    let assignees = site.input("assignees", Some(&Type::list(Type::String)));
    let key = site.input("key", Some(&Type::String));
    let timeout = site.input("timeout", Some(&Type::Duration));
    let body = event.zip(verdict.clone()).map(|(event, verdict)| {
        let event = event.to_owned();
        Body::Approval(Approval { event, key, assignees, form, timeout, verdict })
    });
    Found::giving(body, verdict)
}

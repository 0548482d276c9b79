//! `wait_event@1`: leaves by `out` with the payload, or by `timeout` where one is set.

use flowcrate::types::Type;

use super::{ERROR, Found, Handles, OUT};
use crate::check::Body;
use crate::check::site::Site;
use crate::graph::RawNode;

/// The handle by which the node leaves where no event came in time.
pub(super) const TIMEOUT: &str = "timeout";

/// Longer names do not fit into URLs that people type.
const MAX_NAME: usize = 128;

/// `timeout` only where one is set.
pub(super) fn handles(node: &RawNode) -> Handles {
    Handles::new([OUT].into_iter().chain(timeout(node)).chain([ERROR]), Some(OUT))
}

/// The handle `timeout`, where one is set.
pub(super) fn timeout(node: &RawNode) -> Option<&'static str> {
    node.inputs.get("timeout").filter(|value| !value.is_null()).map(|_| TIMEOUT)
}

/// The event is declared here (S33); its payload is the output.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["key", "timeout"]);
    let event = site.required_text_setting("event", "name the event, such as `shipped`");
    let event = event.inspect(|event| check_name(site, event));
    let payload = site.declared_type("/config", Some(&site.node.raw.config));
    let key = site.input("key", Some(&Type::String));
    let timeout = site.input("timeout", Some(&Type::Duration));
    let body = event.zip(payload.clone()).map(|(event, payload)| Body::WaitEvent {
        event: event.to_owned(),
        key,
        timeout,
        payload,
    });
    Found::giving(body, payload)
}

/// Reports a name that no event can have.
pub(super) fn check_name(site: &Site<'_>, event: &str) {
    if !is_event_name(event) {
        let problem = format!(
            "is {}, expected a letter and then letters, digits, `_`, `-` and `.`",
            crate::diagnostic::quoted(event)
        );
        site.bad_setting("event", &problem, "name the event, such as `shipped`");
    }
}

/// Event names stand in URLs and in code.
fn is_event_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.len() <= MAX_NAME
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(plain)
}

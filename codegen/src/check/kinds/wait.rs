//! `wait@1`: waits for a time, or until an instant.

use flowcrate::types::Type;

use super::Found;
use crate::check::site::Site;
use crate::check::{Body, WaitUntil};
use crate::diagnostic::code;

/// Exactly one of `duration` and `until`.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&["duration", "until"]);
    let both = site.raw_input("duration").is_some() && site.raw_input("until").is_some();
    if both {
        let message =
            format!("{} has both `duration` and `until`, expected one", site.node.quoted());
        let finding = site.finding(code::WRONG_TYPE, message).field("/inputs/until");
        site.report(finding.help("remove one of the two inputs"));
    }
    let until = if site.raw_input("until").is_some() {
        site.input("until", Some(&Type::Timestamp)).map(WaitUntil::Instant)
    } else {
        site.required_input("duration", Some(&Type::Duration)).map(WaitUntil::Duration)
    };
    Found::silent(until.map(|until| Body::Wait { until }))
}

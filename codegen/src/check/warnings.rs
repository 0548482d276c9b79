//! Warnings about what a node would do: effects that get lost, secrets in plain text, settings
//! that mean nothing.

mod ignored;
mod secrets;

use serde_json::Value;

use super::kinds::Kind;
use super::site::Site;
use crate::diagnostic::{code, pointer_token};

/// The header by which a service knows a repeated request.
const KEY: &str = "idempotency-key";

/// Everything worth a warning about the node's inputs and settings.
pub(super) fn check(site: &Site<'_>) {
    if matches!(site.node.kind, None | Some(Kind::Note)) {
        return;
    }
    ignored::check(site);
    secrets::check(site);
    constant_key(site);
}

/// A step runs at least once, and its key tells the service which requests are one. Actions send
/// a key of their own for each step of each run; a constant one makes all runs look like one.
fn constant_key(site: &Site<'_>) {
    let Some(Kind::Action(_)) = site.node.kind else { return };
    let Some(Value::Object(headers)) = site.raw_input("headers") else { return };
    for (name, value) in headers {
        let constant = value.as_str().is_some_and(|text| !text.contains("{{"));
        if constant && name.eq_ignore_ascii_case(KEY) {
            let message = format!(
                "{} sends the same idempotency key in every run, so a service may take all but \
                 the first for repetitions",
                site.node.quoted()
            );
            let field = format!("/inputs/headers/{}", pointer_token(name));
            let help = "leave the header out, since the step sends a key of its own, or build it \
                        from what makes the request one of a kind";
            site.report(site.finding(code::CONSTANT_KEY, message).field(field).help(help));
        }
    }
}

//! Warnings about what a node would do: effects that may happen twice, secrets in plain text.

mod secrets;

use serde_json::Value;

use super::kinds::Kind;
use super::site::Site;
use crate::diagnostic::code;

/// Everything worth a warning about the node's inputs and settings.
pub(super) fn check(site: &Site<'_>) {
    if matches!(site.node.kind, None | Some(Kind::Note)) {
        return;
    }
    secrets::check(site);
    unsafe_retry(site);
}

/// HTTP methods whose second execution has no second effect (RFC 9110, 9.2.2).
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"];

/// A step runs at least once: an attempt may have had its effect before it failed.
fn unsafe_retry(site: &Site<'_>) {
    let raw = &site.node.raw;
    let Some(Kind::Action(manifest)) = site.node.kind else { return };
    if !manifest.effects || raw.disabled {
        return;
    }
    // What the policy says of attempts; the default policy tries again.
    let attempts = raw.policy.as_ref().and_then(|policy| policy.get("max_attempts")?.as_u64());
    if attempts == Some(1) || !has_method(site) || is_safe(site) {
        return;
    }
    let message = format!(
        "{} may have its effect twice: its policy tries again, and nothing marks the second try",
        site.node.quoted()
    );
    let help = "send an `Idempotency-Key` header such as `{{ run.id }}` that the service honours, \
                or set `max_attempts` to 1";
    site.report(site.finding(code::UNSAFE_RETRY, message).field("/policy").help(help));
}

/// Only where the method says what happens can anything be said; other actions have their
/// plugin's own idempotency key.
fn has_method(site: &Site<'_>) -> bool {
    site.raw_input("method").is_some_and(Value::is_string)
}

fn is_safe(site: &Site<'_>) -> bool {
    let method = site.raw_input("method").and_then(Value::as_str).unwrap_or_default();
    let keyed = site.raw_input("headers").and_then(Value::as_object).is_some_and(|headers| {
        headers.keys().any(|name| name.eq_ignore_ascii_case("idempotency-key"))
    });
    keyed || IDEMPOTENT.iter().any(|known| method.eq_ignore_ascii_case(known))
}

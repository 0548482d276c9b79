//! Heartbeats that nobody gives: a step of which a sign of life is asked, and that gives none, fails
//! in each attempt that takes longer.

use serde_json::json;

use crate::check::kinds::Kind;
use crate::check::site::Site;
use crate::diagnostic::code;

/// Warns of a `heartbeat` in the policy of an action that does not say that it gives signs of life.
/// A custom node may: a person writes it.
pub(super) fn check(site: &Site<'_>) {
    let Some(Kind::Action(manifest)) = &site.node.kind else { return };
    let asked = site.node.raw.policy.as_ref().and_then(|policy| policy.get("heartbeat"));
    let is_written = site.node.raw.overridden;
    if manifest.heartbeats || is_written || asked.is_none_or(serde_json::Value::is_null) {
        return;
    }
    let message = format!(
        "{} is asked for signs of life, and `{}` gives none: an attempt that takes longer than \
         `heartbeat` fails",
        site.node.quoted(),
        manifest.kind
    );
    let path = format!("{}/policy/heartbeat", site.data_pointer());
    let finding = site.finding(code::SILENT_STEP, message).field("/policy/heartbeat");
    site.report(
        finding
            .help("limit the attempt by `timeout`")
            .fix("remove `heartbeat`", vec![json!({"op": "remove", "path": path})]),
    );
}

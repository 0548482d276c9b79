//! `webhook@1`: a request to `/hooks/{path}` starts the run with its JSON body.

use super::Found;
use crate::check::Body;
use crate::check::site::Site;

/// Longer paths are no names.
const MAX_PATH: usize = 128;

/// The path is the workflow's name where none is set.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&[]);
    let payload = site.declared_type("/config", Some(&site.node.raw.config));
    let path = site.text_setting("path").unwrap_or(&site.stage.graph.name);
    if site.setting("path").is_some() && !is_path(path) {
        let problem = format!(
            "is {}, expected one path segment of letters, digits, `-`, `_` and `.`",
            crate::diagnostic::quoted(path)
        );
        site.bad_setting("path", &problem, "leave it out to use the workflow's name");
    }
    Found::giving(Some(Body::Webhook { path: path.to_owned() }), payload)
}

/// Whether a text is one segment of a URL's path that needs no escapes.
fn is_path(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=MAX_PATH).contains(&text.len())
        && text.bytes().all(plain)
        && text.bytes().any(|byte| byte != b'.')
}

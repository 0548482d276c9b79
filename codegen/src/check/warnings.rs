//! Warnings about what a node would do: effects that get lost, secrets in plain text, settings
//! that mean nothing, values that go nowhere. Each in a file of its own.

mod ignored;
mod keys;
mod known_any;
mod secrets;
mod silence;
pub(super) mod unused;

pub(super) use known_any::known_any;

use super::kinds::Kind;
use super::site::Site;

/// Everything worth a warning about the node's inputs and settings.
pub(super) fn check(site: &Site<'_>) {
    if matches!(site.node.kind, None | Some(Kind::Note)) {
        return;
    }
    ignored::check(site);
    secrets::check(site);
    keys::check(site);
    silence::check(site);
}

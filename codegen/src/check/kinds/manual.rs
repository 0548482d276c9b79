//! `manual@1`: a person or another program starts the run with a payload.

use super::Found;
use crate::check::Body;
use crate::check::site::Site;

/// The payload's type is the one that `config` declares.
pub(super) fn check(site: &Site<'_>) -> Found {
    site.only_inputs(&[]);
    let payload = site.declared_type("/config", Some(&site.node.raw.config));
    Found::giving(Some(Body::Manual), payload)
}

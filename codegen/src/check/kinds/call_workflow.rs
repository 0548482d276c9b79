//! `call_workflow@1`: runs another workflow and waits for its end; typed by it (S35).

use super::{Found, callee};
use crate::check::Body;
use crate::check::site::Site;

/// The output is what the other workflow gives.
pub(super) fn check(site: &Site<'_>) -> Found {
    let callee::Called { call, output } = callee::check(site);
    Found::giving(call.map(Body::CallWorkflow), output)
}

//! `start_workflow@1`: starts another workflow and goes on; typed by it (S35).

use flowcrate::types::Type;

use super::{Found, callee};
use crate::check::Body;
use crate::check::site::Site;

/// The output is the id of the run that was started.
pub(super) fn check(site: &Site<'_>) -> Found {
    let called = callee::check(site);
    Found::giving(called.call.map(Body::StartWorkflow), Some(Type::String))
}

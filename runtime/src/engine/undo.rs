//! Compensation (R15): where scopes ask for it.

use std::rc::Rc;

use super::{Result, Scope};
use crate::context::Context;

/// Runs the compensations that are registered within `scopes`, which have come to their ends, in
/// strictly reverse order of completion, shielded, and closes them. Called before a race is left,
/// for the branches that lost; and before a `catch` that asks for it, for the body of its `try`.
#[expect(clippy::unused_async, reason = "no step registers a compensation yet")]
pub(super) async fn compensate(_ctx: &Context, _scopes: &[Rc<Scope>]) -> Result<()> {
    Ok(())
}

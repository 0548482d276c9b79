//! `transform@1`: a value, computed anew on replay.

use super::{NodeCode, pure};
use crate::check::Node;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::expr::Expr;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    value: &Expr,
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "Value", "What it gives");
    pure(flow, node, locals, value, hint)
}

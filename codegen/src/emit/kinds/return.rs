//! `return@1`: the run's output.

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
    let hint = flow.emitter.output_hint();
    pure(flow, node, locals, value, hint)
}

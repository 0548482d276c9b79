//! `return@1`: the run's output.

use super::{NodeCode, pure};
use crate::check::Node;
use crate::emit::flow::Flow;
use crate::emit::locals::Locals;
use crate::expr::{Expr, ExprKind};

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    value: &Expr,
) -> NodeCode {
    let hint = flow.emitter.output_hint();
    let output = flow.emitter.workflow_output();
    let widened;
    // A return that is not always reached gives a present value of an optional output.
    let value = if value.ty != output && value.ty.clone().optional() == output {
        widened =
            Expr { kind: ExprKind::Widen(Box::new(value.clone())), ty: output, span: value.span };
        &widened
    } else {
        value
    };
    pure(flow, node, locals, value, hint)
}

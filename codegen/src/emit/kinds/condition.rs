//! `condition@1`: a bool.

use quote::quote;

use super::{NodeCode, Outcome};
use crate::check::Node;
use crate::emit::expr::Exprs;
use crate::emit::flow::{Flow, evaluated};
use crate::emit::locals::Locals;
use crate::expr::Expr;

pub(super) fn emit(
    flow: &mut Flow<'_, '_>,
    node: &Node,
    locals: &Locals,
    condition: &Expr,
) -> NodeCode {
    let hint = flow.emitter.hint(&node.id, "Value", "");
    let mut exprs = Exprs::new(flow.emitter, locals, hint);
    let code = exprs.condition(condition).tokens();
    let code = if planted!("conditions are turned round") { quote!(!(#code)) } else { code };
    NodeCode::new(if exprs.fallible {
        Outcome::Result(evaluated(&node.id, &code))
    } else {
        Outcome::Value(code)
    })
}

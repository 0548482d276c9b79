//! The operands of an operation as the interpreter has them.

use flowcrate::expr::ExprError;
use flowcrate::types::Type;
use serde_json::Value;

/// Evaluates the `Each` argument for one element.
pub type EachFn<'a> = dyn Fn(&Value) -> Result<Value, ExprError> + 'a;

/// The operands of one call: canonical raw values of known types.
pub struct Operands<'a> {
    /// The values; null at an `Each` argument.
    pub values: &'a [Value],
    /// Their types; that of the `Each` expression at an `Each` argument.
    pub types: &'a [&'a Type],
    /// The `Each` argument, where there is one.
    pub each: Option<&'a EachFn<'a>>,
}

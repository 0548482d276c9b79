//! The checker: syntax in, typed expressions or issues out.

use flowcrate::types::Type;
use serde_json::Value;

use super::{Expr, ExprIssue, Names, Template};

/// An issue in a JSON value that holds expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIssue {
    /// JSON pointer from the value to the text at fault; empty for the value itself.
    pub pointer: String,
    /// The issue.
    pub issue: ExprIssue,
}

/// Types a field's text (S15) and folds what is constant.
///
/// With `expected` the result is of that type: widened to it, read as it where it is `any`, and
/// plain text is taken as the literal that it is (`30s` where a duration is expected). An optional
/// expression passes where `expected` is optional; without `expected`, or where that is `any`, an
/// optional is an error (S8).
pub fn check(
    _template: &Template,
    _names: &dyn Names,
    _expected: Option<&Type>,
) -> Result<Expr, Vec<ExprIssue>> {
    Err(Vec::new())
}

/// Types a JSON value at any depth of which texts may hold expressions (S15): objects become
/// records (maps where one is expected), arrays lists, texts what [`check`] makes of them.
/// With `expected`, unknown and missing fields are issues.
pub fn check_json(
    _value: &Value,
    _names: &dyn Names,
    _expected: Option<&Type>,
) -> Result<Expr, Vec<FieldIssue>> {
    Err(Vec::new())
}

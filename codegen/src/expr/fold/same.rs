//! Operands that are one and the same, and what that makes of the operation.

use flowcrate::types::Type;
use serde_json::Value;

use crate::expr::table::{self, Totality};
use crate::expr::typed::{Expr, ExprKind};

/// Whether two expressions are the same but for where they stand in the text.
pub(super) fn same(left: &Expr, right: &Expr) -> bool {
    equal(left, right, true)
}

/// Whether they are the same whatever the types in them are.
pub(crate) fn same_form(left: &Expr, right: &Expr) -> bool {
    equal(left, right, false)
}

fn equal(left: &Expr, right: &Expr, types: bool) -> bool {
    let (ours, theirs) = (left.children(), right.children());
    (!types || left.ty == right.ty)
        && alike(&left.kind, &right.kind)
        && ours.len() == theirs.len()
        && ours.into_iter().zip(theirs).all(|(left, right)| equal(left, right, types))
}

/// Whether two forms are equal but for their parts.
fn alike(left: &ExprKind, right: &ExprKind) -> bool {
    match (left, right) {
        (ExprKind::Literal(left), ExprKind::Literal(right)) => left == right,
        (ExprKind::Name(left), ExprKind::Name(right)) => left == right,
        (ExprKind::Field { name: left, .. }, ExprKind::Field { name: right, .. }) => left == right,
        (ExprKind::Key { or_absent: left, .. }, ExprKind::Key { or_absent: right, .. })
        | (ExprKind::Index { or_absent: left, .. }, ExprKind::Index { or_absent: right, .. }) => {
            left == right
        }
        (ExprKind::Call { op: left, .. }, ExprKind::Call { op: right, .. }) => left == right,
        (ExprKind::Record(left), ExprKind::Record(right)) => {
            left.iter().map(|(name, _)| name).eq(right.iter().map(|(name, _)| name))
        }
        (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
    }
}

/// Whether it gives a value whatever the names in it are.
pub(super) fn total(expr: &Expr) -> bool {
    let own = match &expr.kind {
        ExprKind::Call { op, .. } => table::op(op).is_some_and(|op| op.totality == Totality::Total),
        ExprKind::Key { or_absent, .. } | ExprKind::Index { or_absent, .. } => *or_absent,
        ExprKind::Read(_) => false,
        _ => true,
    };
    own && expr.children().into_iter().all(total)
}

/// What a comparison with the least or the greatest int gives, where that is one thing.
pub(super) fn with_extreme(op: &str, left: &Expr, right: &Expr) -> Option<Value> {
    let int = |expr: &Expr| match &expr.kind {
        ExprKind::Literal(Value::Number(number)) if expr.ty == Type::Int => number.as_i64(),
        _ => None,
    };
    let holds = match (op, int(left), int(right)) {
        ("less", _, Some(i64::MIN))
        | ("less", Some(i64::MAX), _)
        | ("greater", _, Some(i64::MAX))
        | ("greater", Some(i64::MIN), _) => false,
        ("less_equal", _, Some(i64::MAX))
        | ("less_equal", Some(i64::MIN), _)
        | ("greater_equal", _, Some(i64::MIN))
        | ("greater_equal", Some(i64::MAX), _) => true,
        _ => return None,
    };
    (total(left) && total(right)).then_some(Value::Bool(holds))
}

/// What a comparison of a value with itself gives, in a language without NaN.
pub(super) fn with_itself(op: &str, left: &Expr, right: &Expr) -> Option<Value> {
    let holds = match op {
        "equal" | "any_equal" | "less_equal" | "greater_equal" => true,
        "not_equal" | "less" | "greater" => false,
        _ => return None,
    };
    (same(left, right) && total(left)).then_some(Value::Bool(holds))
}

/// `flag == true` is `flag`, `flag == false` its negation: the flag, and whether it is meant.
pub(super) fn with_bool<'e>(op: &str, left: &'e Expr, right: &'e Expr) -> Option<(&'e Expr, bool)> {
    let equal = match op {
        "equal" => true,
        "not_equal" => false,
        _ => return None,
    };
    match (&left.kind, &right.kind) {
        (_, ExprKind::Literal(Value::Bool(flag))) => Some((left, *flag == equal)),
        (ExprKind::Literal(Value::Bool(flag)), _) => Some((right, *flag == equal)),
        _ => None,
    }
}

/// What a tree of `and`, `or` and `not` is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Logic {
    /// A part, or its opposite, stands in it twice.
    pub(crate) repeats: bool,
    /// A value is compared with two others.
    pub(crate) ranges: bool,
    /// It negates what has an `and` or `or`.
    pub(crate) negates: bool,
}

/// Looks at an expression of type bool.
pub(crate) fn logic(expr: &Expr) -> Logic {
    let mut found = Logic::default();
    let mut parts = Vec::new();
    collect(expr, &mut parts, &mut found);
    let compared = |expr: &Expr| matches!(expr.kind, ExprKind::Call { op, .. } if is_order(op));
    for (place, part) in parts.iter().enumerate() {
        for other in parts.iter().skip(place + 1) {
            found.repeats |= opposed(part, other);
            found.ranges |= compared(part) && compared(other) && share(part, other);
        }
    }
    found
}

/// More parts are not compared with each other: that would take the square of their number.
const MOST_PARTS: usize = 64;

fn collect<'e>(expr: &'e Expr, parts: &mut Vec<&'e Expr>, found: &mut Logic) {
    match &expr.kind {
        ExprKind::And(left, right) | ExprKind::Or(left, right) => {
            collect(left, parts, found);
            collect(right, parts, found);
        }
        ExprKind::Call { op: "not", args } => {
            for inner in args {
                found.negates |= matches!(inner.kind, ExprKind::And(..) | ExprKind::Or(..));
                collect(inner, parts, found);
            }
        }
        _ if parts.len() < MOST_PARTS => parts.push(expr),
        _ => found.repeats = true,
    }
}

fn is_order(op: &str) -> bool {
    matches!(op, "equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal")
}

/// Whether two parts are the same, or comparisons of the same operands.
fn opposed(left: &Expr, right: &Expr) -> bool {
    match (&left.kind, &right.kind) {
        (ExprKind::Call { op, args }, ExprKind::Call { op: other, args: others })
            if is_order(op) && is_order(other) =>
        {
            args.len() == others.len() && args.iter().zip(others).all(|(a, b)| same(a, b))
        }
        _ => same(left, right),
    }
}

/// Whether two comparisons have an operand in common.
fn share(left: &Expr, right: &Expr) -> bool {
    let (left, right) = (left.children(), right.children());
    left.iter().any(|left| right.iter().any(|right| same(left, right)))
}

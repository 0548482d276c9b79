//! Constant folding: what reads no name is computed once, when it is checked.

pub(crate) mod same;

use flowcrate::types::Type;
use serde_json::Value;

use super::eval::{Nothing, eval};
use super::table::{self, Pattern, Totality};
use super::typed::{Expr, ExprKind};
use crate::diagnostic::Span;
use same::{same, total, with_bool, with_extreme, with_itself};

/// The same expression, with constant parts computed. Operations that fail stay as they are: they
/// fail when the node runs, as S17 says.
pub(super) fn fold(expr: Expr) -> Expr {
    let Expr { kind, ty, span } = expr;
    let kind = match fold_parts(kind) {
        ExprKind::And(left, right) => match (as_bool(&left), as_bool(&right)) {
            (Some(true), _) => return *right,
            (Some(false), _) | (_, Some(true)) => return *left,
            (None, Some(false)) if total(&left) => return *right,
            (None, _) if same(&left, &right) => return *left,
            (None, _) => ExprKind::And(left, right),
        },
        ExprKind::Or(left, right) => match (as_bool(&left), as_bool(&right)) {
            (Some(false), _) => return *right,
            (Some(true), _) | (_, Some(false)) => return *left,
            (None, Some(true)) if total(&left) => return *right,
            (None, _) if same(&left, &right) => return *left,
            (None, _) => ExprKind::Or(left, right),
        },
        ExprKind::Conditional { condition, then, otherwise }
            if same(&then, &otherwise) && total(&condition) =>
        {
            return *then;
        }
        ExprKind::Conditional { condition, then, otherwise } => match as_bool(&condition) {
            Some(true) => return *then,
            Some(false) => return *otherwise,
            None => match (as_bool(&then), as_bool(&otherwise)) {
                (Some(true), Some(false)) => return *condition,
                (Some(false), Some(true)) => ExprKind::Call { op: "not", args: vec![*condition] },
                _ => ExprKind::Conditional { condition, then, otherwise },
            },
        },
        ExprKind::Concat(parts) => match concat(parts) {
            ExprKind::Concat(parts) if parts.is_empty() => ExprKind::Literal("".into()),
            ExprKind::Concat(mut parts) if parts.len() == 1 => {
                return parts.pop().unwrap_or_else(|| Expr::text("", span));
            }
            kind => kind,
        },
        ExprKind::Call { op: "number_neg", args } => match args.as_slice() {
            // The opposite of the opposite.
            [Expr { kind: ExprKind::Call { op: "number_neg", args: inner }, .. }] => {
                match inner.as_slice() {
                    [inner] => return inner.clone(),
                    _ => ExprKind::Call { op: "number_neg", args },
                }
            }
            _ => ExprKind::Call { op: "number_neg", args },
        },
        ExprKind::Call { op, args } if args.len() == 2 => return of_two(op, args, ty, span),
        ExprKind::Call { op: "not", mut args } if args.len() == 1 => {
            args.pop().map_or(ExprKind::Literal(Value::Null), negation)
        }
        kind => kind,
    };
    computed(Expr { kind, ty, span })
}

/// A comparison whose operands say how it ends, or any other operation of two.
fn of_two(op: &'static str, args: Vec<Expr>, ty: Type, span: Span) -> Expr {
    if let [left, right] = args.as_slice() {
        let decided = with_itself(op, left, right).or_else(|| with_extreme(op, left, right));
        if let Some(holds) = decided {
            return Expr { kind: ExprKind::Literal(holds), ty, span };
        }
        if let Some((flag, meant)) = with_bool(op, left, right) {
            let flag = flag.clone();
            return if meant { flag } else { Expr { kind: negation(flag), ty, span } };
        }
    }
    computed(Expr { kind: ExprKind::Call { op, args }, ty, span })
}

/// The value, where all parts are constants.
fn computed(expr: Expr) -> Expr {
    if !computable(&expr) {
        return expr;
    }
    match eval(&expr, &Nothing) {
        Ok(value) => Expr { kind: ExprKind::Literal(value), ..expr },
        Err(_) => expr,
    }
}

/// `not a < b` as `a >= b`, and so on: the order of the language is total.
fn negation(operand: Expr) -> ExprKind {
    let Expr { kind, ty, span } = operand;
    match kind {
        ExprKind::Call { op: "not", mut args } if args.len() == 1 => {
            args.pop().map_or(ExprKind::Literal(Value::Null), |inner| inner.kind)
        }
        ExprKind::Call { op, args } if opposite(op) != op => {
            ExprKind::Call { op: opposite(op), args }
        }
        kind => ExprKind::Call { op: "not", args: vec![Expr { kind, ty, span }] },
    }
}

/// The comparison that holds where `op` does not; `op` itself where it is none.
fn opposite(op: &'static str) -> &'static str {
    match op {
        "equal" => "not_equal",
        "not_equal" => "equal",
        "less" => "greater_equal",
        "less_equal" => "greater",
        "greater" => "less_equal",
        "greater_equal" => "less",
        other => other,
    }
}

/// Whether all parts are constants and the whole may be one.
fn computable(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { op, args } => {
            let cheap = table::op(op).is_some_and(|op| {
                let each = op.params.iter().any(|param| matches!(param.ty, Pattern::Each(_)));
                !each && (op.totality == Totality::Total || is_cheap(op.name, &expr.ty))
            });
            cheap && args.iter().all(constant)
        }
        ExprKind::Widen(inner) => constant(inner),
        ExprKind::Concat(parts) => parts.iter().all(constant),
        _ => false,
    }
}

/// Whether it is a literal, of scalars or of more.
fn constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::List(items) => items.iter().all(constant),
        ExprKind::Record(fields) => fields.iter().all(|(_, value)| constant(value)),
        _ => false,
    }
}

/// Partial operations that are computed where they succeed: what they give is small.
fn is_cheap(op: &str, result: &Type) -> bool {
    let small = matches!(
        result,
        Type::Bool
            | Type::Int
            | Type::Number
            | Type::String
            | Type::Timestamp
            | Type::Duration
            | Type::Bytes
    );
    small && op != "any_length"
}

fn as_bool(expr: &Expr) -> Option<bool> {
    match &expr.kind {
        ExprKind::Literal(Value::Bool(bool)) => Some(*bool),
        _ => None,
    }
}

/// Adjacent constant texts as one.
fn concat(parts: Vec<Expr>) -> ExprKind {
    let mut joined: Vec<Expr> = Vec::with_capacity(parts.len());
    for part in parts {
        let inner = match part.kind {
            ExprKind::Concat(inner) => inner,
            kind => vec![Expr { kind, ..part }],
        };
        let says = |part: &Expr| part.kind != ExprKind::Literal(Value::String(String::new()));
        for part in inner.into_iter().filter(says) {
            match (joined.last_mut(), &part.kind) {
                (Some(last), ExprKind::Literal(Value::String(text))) => match &mut last.kind {
                    ExprKind::Literal(Value::String(before)) => {
                        before.push_str(text);
                        last.span.end = part.span.end;
                    }
                    _ => joined.push(part),
                },
                _ => joined.push(part),
            }
        }
    }
    ExprKind::Concat(joined)
}

fn boxed(mut expr: Box<Expr>) -> Box<Expr> {
    let placeholder =
        Expr { kind: ExprKind::Literal(Value::Null), ty: Type::Null, span: expr.span };
    *expr = fold(std::mem::replace(&mut *expr, placeholder));
    expr
}

fn all(exprs: Vec<Expr>) -> Vec<Expr> {
    exprs.into_iter().map(fold).collect()
}

fn fold_parts(kind: ExprKind) -> ExprKind {
    match kind {
        ExprKind::Literal(_) | ExprKind::Name(_) => kind,
        ExprKind::Field { base, name } => ExprKind::Field { base: boxed(base), name },
        ExprKind::Key { base, key, or_absent } => {
            ExprKind::Key { base: boxed(base), key: boxed(key), or_absent }
        }
        ExprKind::Index { base, index, or_absent } => {
            ExprKind::Index { base: boxed(base), index: boxed(index), or_absent }
        }
        ExprKind::Call { op, args } => ExprKind::Call { op, args: all(args) },
        ExprKind::And(left, right) => ExprKind::And(boxed(left), boxed(right)),
        ExprKind::Or(left, right) => ExprKind::Or(boxed(left), boxed(right)),
        ExprKind::Conditional { condition, then, otherwise } => ExprKind::Conditional {
            condition: boxed(condition),
            then: boxed(then),
            otherwise: boxed(otherwise),
        },
        ExprKind::IsDefined(inner) => ExprKind::IsDefined(boxed(inner)),
        ExprKind::Default { value, fallback } => {
            ExprKind::Default { value: boxed(value), fallback: boxed(fallback) }
        }
        ExprKind::FirstOf(chains) => ExprKind::FirstOf(all(chains)),
        ExprKind::List(items) => ExprKind::List(all(items)),
        ExprKind::Record(fields) => {
            ExprKind::Record(fields.into_iter().map(|(name, value)| (name, fold(value))).collect())
        }
        ExprKind::Widen(inner) => ExprKind::Widen(boxed(inner)),
        ExprKind::Read(inner) => ExprKind::Read(boxed(inner)),
        ExprKind::Present(inner) => ExprKind::Present(boxed(inner)),
        ExprKind::Concat(parts) => ExprKind::Concat(all(parts)),
        ExprKind::Each { binder, value } => ExprKind::Each { binder, value: boxed(value) },
    }
}

//! Operators: logic, comparison, membership, arithmetic.

use std::collections::BTreeSet;

use flowcrate::types::{Type, unify};

use super::super::ast::{Ast, AstKind, Binary};
use super::super::issue::ExprIssue;
use super::super::names::{Facts, facts};
use super::super::table;
use super::super::typed::{Expr, ExprKind};
use super::coerce::widened;
use super::literals::adapt;
use super::{Checker, Typed, is_read_as_any};
use crate::diagnostic::{Span, code};

impl Checker<'_> {
    pub(super) fn binary(&mut self, op: Binary, left: &Ast, right: &Ast, span: Span) -> Typed {
        match op {
            Binary::And | Binary::Or => self.logic(op, left, right, span),
            // `x == none` asks for presence, whatever x is.
            Binary::Equal | Binary::NotEqual if is_null(left) || is_null(right) => {
                let operand = if is_null(right) { left } else { right };
                self.presence(operand, op == Binary::NotEqual, span)
            }
            _ => {
                let (left, right) = (self.value(left), self.value(right));
                self.operate(op, left?, right?, span)
            }
        }
    }

    /// `and`, `or`: the right side knows what the left side proves.
    fn logic(&mut self, op: Binary, left: &Ast, right: &Ast, span: Span) -> Typed {
        let left = self.condition(left);
        let Facts { when_true, when_false } = left.as_ref().map(facts).unwrap_or_default();
        let known: BTreeSet<_> = if op == Binary::And { when_true } else { when_false };
        let right = self.knowing(known, |inner| inner.condition(right));
        let (left, right) = (Box::new(left?), Box::new(right?));
        let kind = match op {
            Binary::And => ExprKind::And(left, right),
            _ => ExprKind::Or(left, right),
        };
        Some(Expr { kind, ty: Type::Bool, span })
    }

    /// `a < b <= c`, which is `a < b and b <= c`.
    pub(super) fn comparisons(&mut self, first: &Ast, links: &[(Binary, Ast)]) -> Typed {
        let mut all: Option<Expr> = None;
        let mut left = first;
        for (op, right) in links {
            let span = Span { start: left.span.start, end: right.span.end };
            let next = self.binary(*op, left, right, span)?;
            all = Some(match all {
                None => next,
                Some(all) => {
                    let span = Span { start: all.span.start, end: next.span.end };
                    let kind = ExprKind::And(Box::new(all), Box::new(next));
                    Expr { kind, ty: Type::Bool, span }
                }
            });
            left = right;
        }
        all
    }

    /// An operator on typed operands.
    pub(super) fn operate(&mut self, op: Binary, left: Expr, right: Expr, span: Span) -> Typed {
        match op {
            Binary::Equal => self.equality(left, right, span),
            Binary::NotEqual => {
                let equal = self.equality(left, right, span)?;
                Some(match equal.kind {
                    ExprKind::Call { op: "equal", args } => {
                        Expr { kind: ExprKind::Call { op: "not_equal", args }, ..equal }
                    }
                    kind => negated(Expr { kind, ..equal }),
                })
            }
            Binary::In => self.membership(left, right, span),
            Binary::NotIn => Some(negated(self.membership(left, right, span)?)),
            Binary::Add if is_text(&left.ty) && is_text(&right.ty) => {
                let parts = vec![self.text_of(left)?, self.text_of(right)?];
                Some(Expr { kind: ExprKind::Concat(parts), ty: Type::String, span })
            }
            Binary::Add
                if (is_text(&left.ty) || is_text(&right.ty))
                    && left.ty != Type::Any
                    && right.ty != Type::Any =>
            {
                let message = format!("`+` is not defined for {} and {}", left.ty, right.ty);
                self.report(
                    ExprIssue::new(code::WRONG_OPERANDS.id, span, message)
                        .help("join texts with `~`, which makes text of numbers too"),
                )
            }
            Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => {
                let (left, right) = self.alike(left, right)?;
                self.apply(table::infix(op.text()), vec![left, right], op.text(), span)
            }
            _ => self.apply(table::infix(op.text()), vec![left, right], op.text(), span),
        }
    }

    /// `a == b`, of values of one type, or where one is `any`.
    fn equality(&mut self, left: Expr, right: Expr, span: Span) -> Typed {
        if left.ty == Type::Any || right.ty == Type::Any {
            let args = vec![widened(left, &Type::Any), widened(right, &Type::Any)];
            return Some(Expr {
                kind: ExprKind::Call { op: "any_equal", args },
                ty: Type::Bool,
                span,
            });
        }
        let by_form = is_read_as_any(&left.ty) || is_read_as_any(&right.ty);
        let (left, right) = if by_form { (left, right) } else { self.alike(left, right)? };
        let Ok(ty) = unify(&left.ty, &right.ty) else {
            let message = format!("{} and {} are never equal", left.ty, right.ty);
            return self.report(ExprIssue::new(code::INCOMPARABLE.id, span, message).help(
                "compare values of one type; convert one with `| string`, `| int` or `| float`",
            ));
        };
        let args = if by_form {
            let args = vec![widened(left, &Type::Any), widened(right, &Type::Any)];
            let kind = ExprKind::Call { op: "any_equal", args };
            return Some(Expr { kind, ty: Type::Bool, span });
        } else {
            vec![self.coerce(left, &ty)?, self.coerce(right, &ty)?]
        };
        Some(Expr { kind: ExprKind::Call { op: "equal", args }, ty: Type::Bool, span })
    }

    /// A literal text beside an enum, timestamp, duration or bytes as one of that type.
    fn alike(&mut self, left: Expr, right: Expr) -> Option<(Expr, Expr)> {
        let special = |ty: &Type| {
            matches!(ty, Type::Enum(_) | Type::Timestamp | Type::Duration | Type::Bytes)
        };
        if left.as_text().is_some() && special(&right.ty) {
            return Some((self.coerce(left, &right.ty.clone())?, right));
        }
        if right.as_text().is_some() && special(&left.ty) {
            let right = self.coerce(right, &left.ty.clone())?;
            return Some((left, right));
        }
        if left.is_empty_list() && matches!(right.ty, Type::List { .. }) {
            return Some((self.coerce(left, &right.ty.clone())?, right));
        }
        if right.is_empty_list() && matches!(left.ty, Type::List { .. }) {
            let right = self.coerce(right, &left.ty.clone())?;
            return Some((left, right));
        }
        Some((left, right))
    }

    /// `element in container`.
    fn membership(&mut self, element: Expr, container: Expr, span: Span) -> Typed {
        let (op, container, element) = match container.ty.clone() {
            Type::String | Type::Enum(_) => {
                let container = self.coerce(container, &Type::String)?;
                ("string_contains", container, self.coerce(element, &Type::String)?)
            }
            Type::Map { .. } => ("map_contains", container, self.coerce(element, &Type::String)?),
            Type::List { items } => {
                let (container, element) = self.in_list(element, container, &items, span)?;
                ("list_contains", container, element)
            }
            Type::Any => {
                let message = "`in` needs to know whether the any is text, a list or a map";
                return self.report(
                    ExprIssue::new(code::UNKNOWN_TYPE.id, container.span, message)
                        .help("for text write `… in (value | string)`"),
                );
            }
            ty => {
                let message = format!("{ty} has no elements to look in");
                return self.report(
                    ExprIssue::new(code::WRONG_OPERANDS.id, container.span, message)
                        .help("only text, lists and maps can stand after `in`"),
                );
            }
        };
        let kind = ExprKind::Call { op, args: vec![container, element] };
        Some(Expr { kind, ty: Type::Bool, span })
    }

    /// A list and what may be in it, of one type of elements.
    fn in_list(
        &mut self,
        element: Expr,
        list: Expr,
        items: &Type,
        span: Span,
    ) -> Option<(Expr, Expr)> {
        // A list of literals beside an enum is a list of its values.
        if let Some(list) = adapted_list(&list, &element.ty) {
            return Some((list, element));
        }
        if list.is_empty_list() {
            let ty = Type::list(element.ty.clone());
            return Some((self.coerce(list, &ty)?, element));
        }
        let element = adapt(&element, items).unwrap_or(element);
        let Ok(ty) = unify(items, &element.ty) else {
            let message = format!("{} is never in {}", element.ty, list.ty);
            return self.report(
                ExprIssue::new(code::INCOMPARABLE.id, span, message)
                    .help("look for a value of the type of the elements"),
            );
        };
        let list = self.coerce(list, &Type::list(ty.clone()))?;
        let element =
            if ty == Type::Any { widened(element, &ty) } else { self.coerce(element, &ty)? };
        Some((list, element))
    }

    pub(super) fn negate(&mut self, inner: &Ast, span: Span) -> Typed {
        match &inner.kind {
            AstKind::Int(digits) => self.int(*digits, true, span),
            AstKind::Number(number) => Some(Expr::literal(-number, Type::Number, span)),
            _ => {
                let inner = self.value(inner)?;
                self.apply(table::prefix("-"), vec![inner], "-", span)
            }
        }
    }
}

/// `not expr`.
pub(super) fn negated(expr: Expr) -> Expr {
    let span = expr.span;
    Expr { kind: ExprKind::Call { op: "not", args: vec![expr] }, ty: Type::Bool, span }
}

/// A list of literals as one of elements of type `ty`, where each can be written so.
fn adapted_list(list: &Expr, ty: &Type) -> Option<Expr> {
    let ExprKind::List(items) = &list.kind else { return None };
    let items: Option<Vec<Expr>> = items.iter().map(|item| adapt(item, ty)).collect();
    Some(Expr { kind: ExprKind::List(items?), ty: Type::list(ty.clone()), span: list.span })
}

fn is_null(ast: &Ast) -> bool {
    ast.kind == AstKind::Null
}

fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::String | Type::Enum(_))
}

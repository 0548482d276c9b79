//! Making a value what a place wants: presence, widening, reads of `any`, unification, text.

use flowcrate::types::{Type, unify, widen, widens_to};

use super::super::issue::ExprIssue;
use super::super::names::access;
use super::super::table;
use super::super::typed::{Expr, ExprKind};
use super::literals::{adapt, not_a_literal};
use super::{Checker, Typed, is_read_as_any};
use crate::diagnostic::{Span, code};

impl Checker<'_> {
    /// `expr`, which must be there (S8).
    pub(super) fn present(&mut self, expr: Expr) -> Typed {
        match &expr.ty {
            Type::Optional { some } => {
                let what = self.written(&expr).unwrap_or_else(|| "this value".to_owned());
                let message = format!("{what} may be absent here: its type is {}", expr.ty);
                let help = format!(
                    "give it a value for that case with `| default(…)`{}, or test it with \
                     `is defined`",
                    example(some)
                );
                let issue = ExprIssue::new(code::MAY_BE_ABSENT.id, expr.span, message);
                if let Some(joined) = self.joined(&expr, some) {
                    let help = format!("take whichever is there: `{joined}`");
                    return self.report(issue.help(help).edit(expr.span, Some(joined)));
                }
                let issue = issue.help(help);
                let behind = Span { start: expr.span.end, end: expr.span.end };
                let default = fallback(some).map(|value| format!(" | default({value})"));
                self.report(issue.edit(behind, default))
            }
            _ => Some(expr),
        }
    }

    /// `first_of` over an output that may be absent and another that is there wherever it is not.
    fn joined(&self, expr: &Expr, some: &Type) -> Option<String> {
        let access = access(expr).filter(|access| access.path.is_empty())?;
        let other = self.names.counterpart(&access.name, some)?;
        Some(format!("first_of({}, {other})", access.name))
    }

    /// `expr` as a `to`: as it is, as another way to write the literal, widened, or read.
    pub(super) fn coerce(&mut self, expr: Expr, to: &Type) -> Typed {
        if expr.ty == *to {
            return Some(expr);
        }
        if let Some(adapted) = adapt(&expr, to) {
            return Some(adapted);
        }
        if matches!(expr.ty, Type::Optional { .. }) && !matches!(to, Type::Optional { .. }) {
            if *to == Type::Any && may_be_null(&expr) {
                return Some(widened(expr, to));
            }
            return self.present(expr);
        }
        if widens_to(&expr.ty, to) {
            return Some(widened(expr, to));
        }
        if expr.ty == Type::Any {
            let span = expr.span;
            return Some(Expr { kind: ExprKind::Read(Box::new(expr)), ty: to.clone(), span });
        }
        match self.through_any(expr, to) {
            Ok(typed) => typed,
            Err(expr) => self.report(mismatch(&expr, to)),
        }
    }

    /// Several values as their one type (S11).
    pub(super) fn unify(
        &mut self,
        exprs: Vec<Expr>,
        what: &str,
        span: Span,
    ) -> Option<(Vec<Expr>, Type)> {
        let mut ty: Option<Type> = None;
        for expr in exprs.iter().filter(|expr| !expr.is_empty_list()) {
            ty = Some(match ty {
                None => expr.ty.clone(),
                Some(ty) => match unify(&ty, &expr.ty) {
                    Ok(ty) => ty,
                    // A literal text beside an enum may be one of its values.
                    Err(_) if adapt(expr, &ty).is_some() => ty,
                    Err(mismatch) => {
                        let message = format!("{what} have no common type: {mismatch}");
                        return self.report(
                            ExprIssue::new(code::NO_COMMON_TYPE.id, span, message)
                                .help("make them of one type, for instance with `| string`"),
                        );
                    }
                },
            });
        }
        let ty = ty.or_else(|| exprs.first().map(|expr| expr.ty.clone()))?;
        let exprs: Option<Vec<Expr>> =
            exprs.into_iter().map(|expr| self.coerce(expr, &ty)).collect();
        Some((exprs?, ty))
    }

    /// The text of a value in mixed text (S15, S17).
    pub(super) fn text_of(&mut self, expr: Expr) -> Typed {
        let span = expr.span;
        let help = match &expr.ty {
            Type::String => return Some(expr),
            Type::Enum(_) => return Some(widened(expr, &Type::String)),
            Type::List { items } if matches!(**items, Type::String | Type::Enum(_)) => {
                "join its elements, `| join(', ')`, or make JSON of it, `| tojson`"
            }
            Type::List { .. } | Type::Map { .. } | Type::Record(_) => {
                "make JSON of it, `| tojson`; or read one of its parts"
            }
            Type::Bytes => "write `| hexencode`, `| base64encode`, or `| decode` for text in UTF-8",
            Type::Null => "write text: null has none",
            _ => return self.apply(table::filters("string"), vec![expr], "string", span),
        };
        let message = format!("{} has no text of its own", with_article(&expr.ty));
        self.report(ExprIssue::new(code::NOT_TEXT.id, span, message).help(help))
    }
}

/// An optional of which the author said that it may be null, by `| default(none)` or
/// `else none`: widened to its own type, which changes nothing but says so.
pub(super) fn null_is_meant(expr: Expr) -> Expr {
    match expr.ty.clone() {
        ty @ Type::Optional { .. } => {
            let span = expr.span;
            Expr { kind: ExprKind::Widen(Box::new(expr)), ty, span }
        }
        _ => expr,
    }
}

/// Whether [`null_is_meant`] was said of it: then it may stand where any value may.
pub(super) fn may_be_null(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Widen(inner) => matches!(expr.ty, Type::Optional { .. }) && inner.ty == expr.ty,
        _ => false,
    }
}

/// `expr` as the wider type `to`; a literal becomes one of that type, part by part.
pub(super) fn widened(expr: Expr, to: &Type) -> Expr {
    let Expr { kind, ty, span } = expr;
    let kind = match (kind, to.unfolded().as_ref()) {
        (kind, _) if ty == *to => kind,
        (ExprKind::Literal(value), _) => ExprKind::Literal(widen(value, &ty, to)),
        (ExprKind::List(items), Type::List { items: to }) => {
            ExprKind::List(items.into_iter().map(|item| widened(item, to)).collect())
        }
        (ExprKind::Record(fields), Type::Record(to)) => ExprKind::Record(
            fields
                .into_iter()
                .filter_map(|(name, value)| {
                    let field = to.fields.get(&name)?;
                    Some((name, widened(value, &field.ty)))
                })
                .collect(),
        ),
        (kind, _) => ExprKind::Widen(Box::new(Expr { kind, ty, span })),
    };
    Expr { kind, ty: to.clone(), span }
}

fn mismatch(expr: &Expr, to: &Type) -> ExprIssue {
    if let Some(text) = expr.as_text()
        && !matches!(to.some(), Type::Record(_) | Type::Map { .. } | Type::List { .. })
    {
        return not_a_literal(text, to.some(), expr.span);
    }
    let message = format!("expected {}, found {}", to.some(), expr.ty);
    let issue = ExprIssue::new(code::WRONG_TYPE.id, expr.span, message);
    match conversion(&expr.ty, to.some()) {
        Some(help) => issue.help(help),
        None if is_read_as_any(to.some()) => issue.help("give it a value of one of its forms"),
        None => issue,
    }
}

fn with_article(ty: &Type) -> String {
    match ty {
        Type::Record(_) => "a record".to_owned(),
        Type::List { .. } | Type::Map { .. } => format!("a {ty}"),
        other => other.to_string(),
    }
}

fn example(some: &Type) -> String {
    fallback(some).map_or_else(String::new, |value| format!(", such as `| default({value})`"))
}

/// A value to take where there is none, as it is written.
fn fallback(some: &Type) -> Option<&'static str> {
    match some {
        Type::String => Some("''"),
        Type::Int => Some("0"),
        Type::Number => Some("0.0"),
        Type::Bool => Some("false"),
        Type::List { .. } => Some("[]"),
        _ => None,
    }
}

/// The filter that makes one type of another, as an instruction.
fn conversion(from: &Type, to: &Type) -> Option<&'static str> {
    Some(match (from, to) {
        (Type::String | Type::Number | Type::Bool, Type::Int) => "convert it with `| int`",
        (Type::String, Type::Number) => "convert it with `| float`",
        (Type::String, Type::Bool) => "convert it with `| bool`, or write a comparison",
        (Type::Int | Type::Number, Type::Bool) => "write a comparison, such as `… != 0`",
        (Type::List { .. }, Type::Bool) => "ask for its length: `(… | length) > 0`",
        (Type::String, Type::Timestamp) => "convert it with `timestamp(…)`",
        (Type::String, Type::Duration) => "convert it with `duration(…)`",
        (Type::String, Type::Bytes) => "convert it with `| encode`, or `| base64decode`",
        (Type::Bytes, Type::String) => "convert it with `| decode`, or `| base64encode`",
        (Type::List { .. }, Type::String) => "make text of it with `| join(', ')` or `| tojson`",
        (Type::Map { .. } | Type::Record(_), Type::String) => "make text of it with `| tojson`",
        (
            Type::Int | Type::Number | Type::Bool | Type::Timestamp | Type::Duration,
            Type::String,
        ) => "convert it with `| string`",
        (_, Type::List { .. }) => "put it into a list: `[…]`",
        _ => return None,
    })
}

//! The checker: syntax in, typed expressions or issues out.

mod access;
mod calls;
mod coerce;
mod constants;
mod json;
mod lists;
mod literals;
mod operators;
mod overload;
mod presence;
mod unions;

use std::collections::BTreeSet;

use flowcrate::types::Type;
use serde_json::Value;

pub use json::{FieldIssue, Understood, check_json, check_result};
pub(crate) use overload::ordered;
pub(crate) use unions::as_list;
pub(super) use unions::is_read_as_any;

use self::coerce::{may_be_null, null_is_meant};
use super::ast::{Ast, AstKind, Part, Template, Unary};
use super::fold::fold;
use super::names::{Access, Names, access, facts};
use super::typed::{Expr, ExprKind, Name};
use super::{ExprIssue, table};
use crate::diagnostic::{Span, code};

/// Types a field's text (S15) and folds what is constant.
///
/// With `expected` the result is of that type: widened to it, read as it where it is `any`, and
/// plain text is taken as the literal that it is (`30s` where a duration is expected). An optional
/// expression passes where `expected` is optional; without `expected`, or where that is `any`, an
/// optional is an error (S8).
///
/// ```
/// use flowcrate::types::Type;
/// use flowcrate_codegen::expr::{Binding, Name, Names, Reference, Root, Unresolved, check, parse};
///
/// struct Total;
/// impl Names for Total {
///     fn resolve(&self, reference: &Reference) -> Result<Binding, Unresolved> {
///         match reference {
///             Reference::Trigger => Ok(Binding {
///                 name: Name::Trigger,
///                 ty: Type::record([("total".to_owned(), Type::Int)]),
///             }),
///             _ => Err(Unresolved::Unknown),
///         }
///     }
///     fn candidates(&self, _: Root) -> Vec<String> {
///         Vec::new()
///     }
/// }
///
/// let template = parse("{{ trigger.total / 100 }}").unwrap();
/// assert_eq!(check(&template, &Total, None).unwrap().ty, Type::Number);
/// let template = parse("{{ trigger.totl }}").unwrap();
/// assert_eq!(
///     check(&template, &Total, None).unwrap_err()[0].message,
///     "`trigger` has no field `totl`; did you mean `total`?"
/// );
/// ```
pub fn check(
    template: &Template,
    names: &dyn Names,
    expected: Option<&Type>,
) -> Result<Expr, Vec<ExprIssue>> {
    let mut checker = Checker::new(names);
    let typed = checker.template(template, expected);
    checker.finish(typed)
}

/// [`check`] without folding, for tests that compare.
#[cfg(test)]
pub(super) fn unfolded(template: &Template, names: &dyn Names) -> Result<Expr, Vec<ExprIssue>> {
    let mut checker = Checker::new(names);
    checker.source.clone_from(&template.source);
    let typed = match template.exact() {
        Some(ast) => checker.expr(ast),
        None => checker.template(template, None),
    };
    match typed {
        Some(expr) if checker.issues.is_empty() => Ok(expr),
        _ => Err(checker.issues),
    }
}

/// A typed expression; `None` where it has none, and an issue says why.
type Typed = Option<Expr>;

struct Checker<'n> {
    names: &'n dyn Names,
    /// The text that the expressions at hand are parts of.
    source: String,
    /// What conditions around the current place prove to be there (S8).
    known: BTreeSet<Access>,
    issues: Vec<ExprIssue>,
    /// What is right, but perhaps not what was meant.
    warnings: Vec<ExprIssue>,
}

impl<'n> Checker<'n> {
    fn new(names: &'n dyn Names) -> Self {
        Self {
            names,
            source: String::new(),
            known: BTreeSet::new(),
            issues: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn finish(mut self, typed: Typed) -> Result<Expr, Vec<ExprIssue>> {
        match typed {
            Some(expr) if self.issues.is_empty() => Ok(fold(expr)),
            _ => {
                if self.issues.is_empty() {
                    let message = "an expression without type and without issue";
                    self.issues.push(ExprIssue::new(code::INTERNAL.id, Span::default(), message));
                }
                self.issues.sort_by_key(|issue| issue.span);
                self.issues.dedup();
                Err(self.issues)
            }
        }
    }

    /// Reports an issue; there is no typed expression then.
    fn report<T>(&mut self, issue: ExprIssue) -> Option<T> {
        self.issues.push(issue);
        None
    }

    /// What a chain of accesses is called in a message: as it was written, but for an element,
    /// which nobody wrote.
    fn written(&self, expr: &Expr) -> Option<String> {
        let access = access(expr)?;
        let written = self.source.get(expr.span.start..expr.span.end);
        Some(match written.filter(|text| !text.is_empty() && access.name != Name::Element) {
            Some(written) => format!("`{written}`"),
            None => format!("`{access}`"),
        })
    }

    fn template(&mut self, template: &Template, expected: Option<&Type>) -> Typed {
        self.source.clone_from(&template.source);
        if let Some(ast) = template.exact() {
            return self.check_as(ast, expected);
        }
        if let Some(text) = template.plain() {
            return self.plain(text, template.span, expected);
        }
        let parts: Vec<Typed> = template
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text, span) => Some(Expr::text(text, *span)),
                Part::Expression(ast) => self.value(ast).and_then(|value| self.text_of(value)),
            })
            .collect();
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        let text = Expr { kind: ExprKind::Concat(parts), ty: Type::String, span: template.span };
        match expected {
            Some(expected) => self.coerce_mixed(template, text, expected),
            None => Some(text),
        }
    }

    /// An expression where a value of type `expected` is wanted, or any value that is there.
    fn check_as(&mut self, ast: &Ast, expected: Option<&Type>) -> Typed {
        let inner = expected.map(Type::some);
        match (&ast.kind, inner) {
            (AstKind::Dict(entries), _) => self.dict(entries, ast.span, inner),
            (AstKind::List(items), Some(Type::List { items: ty })) => {
                self.list_of(items, ty, ast.span)
            }
            (AstKind::List(items), Some(Type::Tuple { items: types })) => {
                self.tuple(items, types, ast.span)
            }
            (AstKind::Conditional { condition, then, otherwise }, _) => {
                self.conditional(ast.span, condition, then, otherwise.as_deref(), expected)
            }
            _ => self.expr(ast),
        }
        .and_then(|expr| self.fit(expr, expected))
    }

    /// `expr` where `expected` is wanted; without that, where a value must be there.
    fn fit(&mut self, expr: Expr, expected: Option<&Type>) -> Typed {
        match expected {
            Some(expected) => self.coerce(expr, expected),
            None if may_be_null(&expr) => Some(expr),
            None => self.present(expr),
        }
    }

    /// The value of an operand: it must be there.
    fn value(&mut self, ast: &Ast) -> Typed {
        let expr = self.check_as(ast, None)?;
        self.present(expr)
    }

    fn expr(&mut self, ast: &Ast) -> Typed {
        match &ast.kind {
            AstKind::Null => Some(Expr::literal(Value::Null, Type::Null, ast.span)),
            AstKind::Bool(bool) => Some(Expr::literal(*bool, Type::Bool, ast.span)),
            AstKind::Int(int) => self.int(*int, false, ast.span),
            AstKind::Number(number) => Some(Expr::literal(*number, Type::Number, ast.span)),
            AstKind::Text(text) => Some(Expr::text(text, ast.span)),
            AstKind::Name(_) | AstKind::Attribute { .. } | AstKind::Item { .. } => {
                self.chain(ast, false)
            }
            AstKind::Slice { base, start, stop } => {
                self.slice(base, start.as_deref(), stop.as_deref(), ast.span)
            }
            AstKind::Unary(Unary::Negate, inner) => self.negate(inner, ast.span),
            AstKind::Unary(Unary::Not, inner) => {
                let inner = self.condition(inner)?;
                self.apply(table::prefix("not"), vec![inner], "not", ast.span)
            }
            AstKind::Binary(op, left, right) => self.binary(*op, left, right, ast.span),
            AstKind::Chain(first, links) => self.comparisons(first, links),
            AstKind::Concat(parts) => self.concat(parts, ast.span),
            AstKind::Conditional { condition, then, otherwise } => {
                self.conditional(ast.span, condition, then, otherwise.as_deref(), None)
            }
            AstKind::Filter { value, call } => self.filter(value, call, ast.span),
            AstKind::Test { value, call } => self.test(value, call, ast.span),
            AstKind::Call(call) => self.function(call, ast.span),
            AstKind::Method { value, call } => self.method(value, call, ast.span),
            AstKind::List(items) => self.list(items, ast.span),
            AstKind::Dict(entries) => self.dict(entries, ast.span, None),
        }
    }

    /// A bool: there is no truthiness (S17).
    fn condition(&mut self, ast: &Ast) -> Typed {
        let expr = self.value(ast)?;
        let help = match &expr.ty {
            Type::Bool => return Some(expr),
            Type::Any => return self.coerce(expr, &Type::Bool),
            Type::Int | Type::Number => "compare it: `… != 0`",
            Type::String | Type::Enum(_) => "compare it: `… != ''`",
            Type::List { .. } | Type::Map { .. } => "ask for its length: `(… | length) > 0`",
            _ => "write a comparison, or `is defined`",
        };
        let message = format!("a condition is a bool, found {}", expr.ty);
        self.report(ExprIssue::new(code::NO_CONDITION.id, ast.span, message).help(help))
    }

    /// Checks within what `facts` prove, and forgets them again.
    fn knowing<T>(&mut self, facts: BTreeSet<Access>, check: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.known.clone();
        self.known.extend(facts);
        let result = check(self);
        self.known = before;
        result
    }

    fn conditional(
        &mut self,
        span: Span,
        condition: &Ast,
        then: &Ast,
        otherwise: Option<&Ast>,
        expected: Option<&Type>,
    ) -> Typed {
        let condition = self.condition(condition);
        let facts = condition.as_ref().map(facts).unwrap_or_default();
        let has_else = otherwise.is_some();
        let then = self.knowing(facts.when_true, |inner| inner.check_as(then, expected));
        let otherwise = match otherwise {
            Some(arm) => self.knowing(facts.when_false, |inner| inner.check_as(arm, expected)),
            None => Some(Expr::literal(Value::Null, Type::Null, span)),
        };
        let arms = vec![then?, otherwise?];
        let null = |arm: &Expr| matches!(arm.kind, ExprKind::Literal(Value::Null));
        let meant = has_else && arms.iter().any(|arm| null(arm) || may_be_null(arm));
        let (mut arms, ty) = self.unify(arms, "the two arms of the ternary", span)?;
        let (Some(otherwise), Some(then)) = (arms.pop(), arms.pop()) else { return None };
        let kind = ExprKind::Conditional {
            condition: Box::new(condition?),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        };
        let choice = Expr { kind, ty, span };
        Some(if meant && expected.is_none() { null_is_meant(choice) } else { choice })
    }

    fn concat(&mut self, parts: &[Ast], span: Span) -> Typed {
        let parts: Vec<Typed> = parts
            .iter()
            .map(|part| self.value(part).and_then(|value| self.text_of(value)))
            .collect();
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Expr { kind: ExprKind::Concat(parts), ty: Type::String, span })
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
pub(super) mod tests;

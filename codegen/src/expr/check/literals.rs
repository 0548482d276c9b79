//! Literals: scalars, plain text, lists, records and maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::types::{Field, RecordType, Type, project};
use serde_json::Value;

use super::super::ast::{Ast, AstKind, Template};
use super::super::issue::ExprIssue;
use super::super::typed::{Expr, ExprKind};
use super::{Checker, Typed, is_read_as_any};
use crate::diagnostic::{Code, Span, code, nearest};

impl Expr {
    /// A constant.
    pub(crate) fn literal(value: impl Into<Value>, ty: Type, span: Span) -> Self {
        Self { kind: ExprKind::Literal(value.into()), ty, span }
    }

    /// Constant text.
    pub(in crate::expr) fn text(text: &str, span: Span) -> Self {
        Self::literal(text, Type::String, span)
    }

    /// The text that it is, where it is a constant.
    pub(in crate::expr) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Literal(Value::String(text)) if self.ty == Type::String => Some(text),
            _ => None,
        }
    }

    /// Whether it is `[]`, which is a list of whatever is wanted.
    pub(in crate::expr) fn is_empty_list(&self) -> bool {
        match &self.kind {
            ExprKind::List(items) => items.is_empty(),
            ExprKind::Literal(Value::Array(items)) => items.is_empty(),
            _ => false,
        }
    }
}

/// `an instant`, `a duration`: how a literal text of the type is written.
fn example(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Timestamp => Some("2026-11-21T08:30:00Z"),
        Type::Duration => Some("1m 30s"),
        Type::Bytes => Some("Zm9v, in base64"),
        _ => None,
    }
}

impl Checker<'_> {
    /// An int literal; `negative` where a minus stands before it.
    pub(super) fn int(&mut self, digits: u128, negative: bool, span: Span) -> Typed {
        let value = i128::try_from(digits).ok().map(|value| if negative { -value } else { value });
        match value.and_then(|value| i64::try_from(value).ok()) {
            Some(int) => Some(Expr::literal(int, Type::Int, span)),
            None => self.report(
                ExprIssue::new(code::NUMBER_RANGE.id, span, "the number is too large for an int")
                    .help("write it with a point, `1.0`, for a number"),
            ),
        }
    }

    /// Text without expressions, as the literal that the place wants.
    pub(super) fn plain(&mut self, text: &str, span: Span, expected: Option<&Type>) -> Typed {
        let literal = Expr::text(text, span);
        match expected {
            None => Some(literal),
            Some(expected) => match expected.some() {
                Type::Any | Type::String => self.coerce(literal, expected),
                ty if adapt(&literal, ty).is_some() => self.coerce(literal, expected),
                ty => self.report(not_a_literal(text, ty, span)),
            },
        }
    }

    /// `x {{ a }} y` where a type other than text is wanted.
    pub(super) fn coerce_mixed(
        &mut self,
        template: &Template,
        text: Expr,
        expected: &Type,
    ) -> Typed {
        if matches!(expected.some(), Type::String | Type::Any) {
            return self.coerce(text, expected);
        }
        let alone = template.expressions().count() == 1;
        let issue = ExprIssue::new(
            code::WRONG_TYPE.id,
            template.span,
            format!("expected {}, found text with expressions in it", expected.some()),
        );
        self.report(issue.help(if alone {
            "leave out all text, also spaces, around `{{ … }}`: then the expression keeps its type"
        } else {
            "write one expression, `{{ … }}`, and nothing else"
        }))
    }

    pub(super) fn list(&mut self, items: &[Ast], span: Span) -> Typed {
        let items: Vec<Typed> = items.iter().map(|item| self.check_as(item, None)).collect();
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        if items.is_empty() {
            return Some(Expr::literal(Vec::<Value>::new(), Type::list(Type::Null), span));
        }
        let (items, ty) = self.unify(items, "the elements of the list", span)?;
        Some(Expr { kind: ExprKind::List(items), ty: Type::list(ty), span })
    }

    /// A list literal where the type of its elements is known.
    pub(super) fn list_of(&mut self, items: &[Ast], ty: &Type, span: Span) -> Typed {
        let items: Vec<Typed> = items.iter().map(|item| self.check_as(item, Some(ty))).collect();
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Expr { kind: ExprKind::List(items), ty: Type::list(ty.clone()), span })
    }

    /// A list literal where a tuple is wanted.
    pub(super) fn tuple(&mut self, items: &[Ast], types: &[Type], span: Span) -> Typed {
        let wanted = types.iter().map(Some).chain(std::iter::repeat(None));
        let items: Vec<Typed> =
            items.iter().zip(wanted).map(|(item, ty)| self.check_as(item, ty)).collect();
        let items = items.into_iter().collect::<Option<Vec<_>>>()?;
        self.tuple_of(items, types, span)
    }

    /// A dict literal: a record, or a map where one is wanted.
    pub(super) fn dict(
        &mut self,
        entries: &[(Ast, Ast)],
        span: Span,
        expected: Option<&Type>,
    ) -> Typed {
        let unfolded = expected.map(Type::unfolded);
        let wanted = unfolded.as_deref();
        let mut fields: Vec<(String, Expr)> = Vec::with_capacity(entries.len());
        let mut complete = true;
        for (key, value) in entries {
            let name = self.dict_key(key, &fields);
            let wanted = match (&name, wanted) {
                (Some(name), Some(Type::Record(record))) => {
                    let Some(ty) = self.wanted_field(record, name, key.span) else {
                        complete = false;
                        continue;
                    };
                    Some(ty)
                }
                (_, Some(Type::Map { values })) => Some((**values).clone()),
                _ => None,
            };
            match (name, self.check_as(value, wanted.as_ref())) {
                (Some(name), Some(value)) => fields.push((name, value)),
                _ => complete = false,
            }
        }
        if let Some(Type::Record(record)) = wanted {
            let given: Vec<&str> = entries.iter().filter_map(|(key, _)| key.text()).collect();
            complete &= self.all_required(record, &given, span);
        }
        let ty = match (wanted, expected) {
            (Some(Type::Record(_) | Type::Map { .. }), Some(expected)) => expected.clone(),
            _ => record_of(&fields),
        };
        complete.then_some(Expr { kind: ExprKind::Record(fields), ty, span })
    }

    fn dict_key(&mut self, key: &Ast, fields: &[(String, Expr)]) -> Option<String> {
        let AstKind::Text(name) = &key.kind else {
            let message = "a key that is not literal text is not part of the language";
            return self.report(
                ExprIssue::new(code::UNSUPPORTED.id, key.span, message)
                    .help("write the key in quotes: `{'name': …}`"),
            );
        };
        if fields.iter().any(|(field, _)| field == name) {
            let message = format!("the key `{name}` stands here twice");
            return self.report(ExprIssue::new(code::UNSUPPORTED.id, key.span, message));
        }
        Some(name.clone())
    }

    /// The type of a field that a literal record gives, where the wanted record has it.
    pub(super) fn wanted_field(
        &mut self,
        record: &RecordType,
        name: &str,
        span: Span,
    ) -> Option<Type> {
        if let Some(field) = record.fields.get(name) {
            return Some(field.ty.clone());
        }
        let near = nearest(name, record.fields.keys().map(String::as_str))
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let known: Vec<&str> = record.fields.keys().map(String::as_str).take(12).collect();
        let issue = ExprIssue::new(
            code::EXCESS_FIELD.id,
            span,
            format!("there is no field `{name}` here{near}"),
        );
        self.report(if known.is_empty() {
            issue.help("remove it: no fields are expected")
        } else {
            issue.help(format!("the fields are `{}`", known.join("`, `")))
        })
    }

    /// Whether a literal record has all fields that the wanted one requires.
    pub(super) fn all_required(&mut self, record: &RecordType, given: &[&str], span: Span) -> bool {
        let mut complete = true;
        for (name, Field { ty, .. }) in &record.fields {
            if !ty.may_be_absent() && !given.contains(&name.as_str()) {
                complete = false;
                let message = format!("the field `{name}` of type {ty} is missing");
                self.issues.push(
                    ExprIssue::new(code::MISSING_FIELD.id, span, message)
                        .help(format!("add `{name}`")),
                );
            }
        }
        complete
    }
}

/// The literal as one of `to`, where that is another way to write it: an int for a number, text
/// for an enum, timestamp, duration or bytes.
pub(super) fn adapt(literal: &Expr, to: &Type) -> Option<Expr> {
    let ExprKind::Literal(value) = &literal.kind else { return None };
    let fits = match (&literal.ty, to.some()) {
        (Type::Int, Type::Number)
        | (Type::String, Type::Enum(_) | Type::Timestamp | Type::Duration | Type::Bytes) => true,
        (Type::List { .. }, Type::List { .. }) => literal.is_empty_list(),
        // Null is no value of them.
        (ty, to) => *ty != Type::Null && is_read_as_any(to),
    };
    let value = if fits { project(to, value).ok()? } else { return None };
    Some(Expr { kind: ExprKind::Literal(value), ty: to.clone(), span: literal.span })
}

/// Why a text is no literal of `ty`.
pub(super) fn not_a_literal(text: &str, ty: &Type, span: Span) -> ExprIssue {
    let shown: String = text.chars().take(40).collect();
    let wrong = |code: Code, message: String| ExprIssue::new(code.id, span, message);
    match ty {
        Type::Enum(texts) => {
            let values = texts.values.iter().map(String::as_str);
            let near = nearest(text, values);
            let meant = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            wrong(code::NOT_IN_ENUM, format!("`{shown}` is none of {ty}{meant}"))
                .help("write one of these texts, or an expression: `{{ … }}`")
                .edit(span, near)
        }
        _ => match example(ty) {
            Some(example) => wrong(code::BAD_LITERAL, format!("`{shown}` is not a {ty}"))
                .help(format!("write it as {example}; or an expression: `{{{{ … }}}}`")),
            None => wrong(code::WRONG_TYPE, format!("expected {ty}, found the text `{shown}`"))
                .help("write an expression: `{{ … }}`"),
        },
    }
}

/// The record that a literal is of itself.
pub(super) fn record_of(fields: &[(String, Expr)]) -> Type {
    let fields: BTreeMap<String, Field> = fields
        .iter()
        .map(|(name, value)| (name.clone(), Field { ty: value.ty.clone(), doc: None }))
        .collect();
    Type::Record(Arc::new(RecordType { name: None, fields, closed: false }))
}

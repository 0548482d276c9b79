//! JSON values that hold expressions at any depth (S15).

use flowcrate::types::{RecordType, Type};
use serde_json::{Map, Value};

use super::super::ast::Template;
use super::super::issue::ExprIssue;
use super::super::names::Names;
use super::super::template::parse;
use super::super::typed::{Expr, ExprKind};
use super::super::walk::push_segment;
use super::literals::record_of;
use super::{Checker, Typed};
use crate::diagnostic::{Span, code};

/// How deep a JSON value may nest.
const DEPTH_LIMIT: usize = 64;

/// An issue in a JSON value that holds expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIssue {
    /// JSON pointer from the value to the text at fault; empty for the value itself.
    pub pointer: String,
    /// The issue.
    pub issue: ExprIssue,
}

/// A typed value, and what is right about it but perhaps not what was meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    /// The value.
    pub expr: Expr,
    /// Findings that stop nothing.
    pub warnings: Vec<FieldIssue>,
}

/// Types a JSON value at any depth of which texts may hold expressions (S15): objects become
/// records (maps where one is expected), arrays lists, texts what [`check`](super::check) makes of
/// them. With `expected`, unknown and missing fields are issues.
pub fn check_json(
    value: &Value,
    names: &dyn Names,
    expected: Option<&Type>,
) -> Result<Understood, Vec<FieldIssue>> {
    let mut tree = Tree {
        checker: Checker::new(names),
        pointer: String::new(),
        found: Vec::new(),
        warnings: Vec::new(),
    };
    let typed = tree.value(value, expected, 0);
    let Tree { checker, found, warnings, .. } = tree;
    match checker.finish(typed) {
        Ok(expr) if found.is_empty() => Ok(Understood { expr, warnings }),
        Err(issues) if found.is_empty() => Err(issues
            .into_iter()
            .map(|issue| FieldIssue { pointer: String::new(), issue })
            .collect()),
        _ => Err(found),
    }
}

/// The same for a scope's result (S25). A lone expression may be optional there: where it is
/// absent, the result's place stays and is absent (S26), as with the default result.
pub fn check_result(value: &Value, names: &dyn Names) -> Result<Understood, Vec<FieldIssue>> {
    let template = value.as_str().and_then(|text| parse(text).ok());
    let Some(lone) = template.as_ref().and_then(Template::exact) else {
        return check_json(value, names, None);
    };
    let mut checker = Checker::new(names);
    value.as_str().unwrap_or_default().clone_into(&mut checker.source);
    let typed = checker.expr(lone);
    let here = |issue| FieldIssue { pointer: String::new(), issue };
    let warnings = std::mem::take(&mut checker.warnings).into_iter().map(here).collect();
    match checker.finish(typed) {
        Ok(expr) => Ok(Understood { expr, warnings }),
        Err(issues) => Err(issues.into_iter().map(here).collect()),
    }
}

struct Tree<'n> {
    checker: Checker<'n>,
    pointer: String,
    found: Vec<FieldIssue>,
    warnings: Vec<FieldIssue>,
}

impl Tree<'_> {
    /// Gives the checker's issues so far the current place.
    fn place(&mut self) {
        let mut issues = std::mem::take(&mut self.checker.issues);
        issues.sort_by_key(|issue| issue.span);
        issues.dedup();
        let pointer = &self.pointer;
        let placed = |issue| FieldIssue { pointer: pointer.clone(), issue };
        self.found.extend(issues.into_iter().map(placed));
        let warnings = std::mem::take(&mut self.checker.warnings);
        self.warnings.extend(warnings.into_iter().map(placed));
    }

    fn within<T>(&mut self, segment: &str, check: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        push_segment(&mut self.pointer, segment);
        let result = check(self);
        self.pointer.truncate(length);
        result
    }

    fn value(&mut self, value: &Value, expected: Option<&Type>, depth: usize) -> Typed {
        let typed = if depth > DEPTH_LIMIT {
            let issue = ExprIssue::new(
                code::EXPRESSION_TOO_LARGE.id,
                Span::default(),
                "the value is nested too deeply",
            );
            self.checker.report(issue)
        } else {
            match value {
                Value::String(text) => self.text(text, expected),
                Value::Array(items) => self.list(items, expected, depth),
                Value::Object(entries) => self.object(entries, expected, depth),
                scalar => {
                    let literal = scalar_literal(scalar);
                    match (expected, literal) {
                        (Some(ty), Some(literal)) => self.checker.coerce(literal, ty),
                        (None, Some(literal)) => Some(literal),
                        (_, None) => self.checker.report(ExprIssue::new(
                            code::NUMBER_RANGE.id,
                            Span::default(),
                            "the number is too large for an int",
                        )),
                    }
                }
            }
        };
        self.place();
        typed
    }

    fn text(&mut self, text: &str, expected: Option<&Type>) -> Typed {
        match parse(text) {
            Ok(template) => self.checker.template(&template, expected),
            Err(issues) => {
                self.checker.issues.extend(issues);
                None
            }
        }
    }

    fn list(&mut self, items: &[Value], expected: Option<&Type>, depth: usize) -> Typed {
        if let Some(Type::Tuple { items: types }) = expected.map(Type::some) {
            return self.tuple(items, types, expected, depth);
        }
        let wanted = match expected.map(Type::some) {
            Some(Type::List { items }) => Some((**items).clone()),
            Some(Type::Any) => Some(Type::Any),
            _ => None,
        };
        let typed: Vec<Typed> = items
            .iter()
            .enumerate()
            .map(|(at, item)| {
                self.within(&at.to_string(), |tree| tree.value(item, wanted.as_ref(), depth + 1))
            })
            .collect();
        let typed = typed.into_iter().collect::<Option<Vec<_>>>()?;
        let span = Span::default();
        let (typed, ty) = match wanted {
            Some(ty) => (typed, ty),
            None if typed.is_empty() => (typed, Type::Null),
            None => self.checker.unify(typed, "the elements of the list", span)?,
        };
        let list = Expr { kind: ExprKind::List(typed), ty: Type::list(ty), span };
        match expected {
            Some(expected) => self.checker.coerce(list, expected),
            None => Some(list),
        }
    }

    fn tuple(
        &mut self,
        items: &[Value],
        types: &[Type],
        expected: Option<&Type>,
        depth: usize,
    ) -> Typed {
        let mut parts = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let wanted = types.get(at);
            parts.push(self.within(&at.to_string(), |tree| tree.value(item, wanted, depth + 1)));
        }
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        let tuple = self.checker.tuple_of(parts, types, Span::default())?;
        expected.map_or(Some(tuple.clone()), |expected| self.checker.coerce(tuple, expected))
    }

    fn object(
        &mut self,
        entries: &Map<String, Value>,
        expected: Option<&Type>,
        depth: usize,
    ) -> Typed {
        let span = Span::default();
        let whole = expected.map(Type::some);
        let unfolded = whole.map(Type::unfolded);
        let inner = unfolded.as_deref();
        let mut fields = Vec::with_capacity(entries.len());
        let mut complete = true;
        for (name, value) in entries {
            let wanted = match inner {
                Some(Type::Record(record)) => {
                    let Some(ty) = self.wanted(record, name) else {
                        complete = false;
                        continue;
                    };
                    Some(ty)
                }
                Some(Type::Map { values }) => Some((**values).clone()),
                Some(Type::Any) => Some(Type::Any),
                _ => None,
            };
            match self.within(name, |tree| tree.value(value, wanted.as_ref(), depth + 1)) {
                Some(value) => fields.push((name.clone(), value)),
                None => complete = false,
            }
        }
        if let Some(Type::Record(record)) = inner {
            let given: Vec<&str> = entries.keys().map(String::as_str).collect();
            complete &= self.required(record, &given);
        }
        let ty = match (inner, whole) {
            (Some(Type::Record(_) | Type::Map { .. }), Some(whole)) => whole.clone(),
            _ => record_of(&fields),
        };
        let record = complete.then_some(Expr { kind: ExprKind::Record(fields), ty, span })?;
        match expected {
            Some(expected) => self.checker.coerce(record, expected),
            None => Some(record),
        }
    }

    fn wanted(&mut self, record: &RecordType, name: &str) -> Option<Type> {
        let ty = self.checker.wanted_field(record, name, Span::default());
        self.within(name, Self::place);
        ty
    }

    fn required(&mut self, record: &RecordType, given: &[&str]) -> bool {
        let complete = self.checker.all_required(record, given, Span::default());
        self.place();
        complete
    }
}

fn scalar_literal(value: &Value) -> Option<Expr> {
    let ty = match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Number(number) if number.is_f64() => Type::Number,
        Value::Number(number) => {
            number.as_i64()?;
            Type::Int
        }
        Value::String(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(Expr::literal(value.clone(), ty, Span::default()))
}

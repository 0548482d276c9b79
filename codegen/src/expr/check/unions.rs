//! Values of unions and tuples: an expression reads them as it reads `any`, when it happens, but it
//! knows what there is to read, and of which type (S12).

use flowcrate::types::{Shape, Type, project, unify};
use serde_json::{Map, Value};

use super::super::issue::ExprIssue;
use super::super::typed::{Expr, ExprKind};
use super::coerce::widened;
use super::{Checker, Typed};
use crate::diagnostic::{Span, code, nearest};

/// Whether values of this type are read as `any` is.
pub(in crate::expr) fn is_read_as_any(ty: &Type) -> bool {
    matches!(*ty.unfolded(), Type::Union(_) | Type::Tuple { .. })
}

/// The list that a value of a union or tuple may be read as.
pub(crate) fn as_list(ty: &Type) -> Option<Type> {
    match ty.unfolded().as_ref() {
        Type::Tuple { items } => Some(Type::list(common(items.iter()))),
        Type::Union(union) => match union.of_shape(Shape::List)? {
            list @ Type::List { .. } => Some(list.clone()),
            other => as_list(other),
        },
        _ => None,
    }
}

/// The one type of several; any where they have none.
fn common<'t>(types: impl Iterator<Item = &'t Type>) -> Type {
    let all = types.cloned().map(Ok).reduce(|all, ty| unify(&all?, &ty?));
    all.and_then(Result::ok).unwrap_or(Type::Any)
}

/// What is read of a value of a union.
struct Found {
    ty: Type,
    /// Whether it is there in every value that has its form.
    certain: bool,
}

/// A field that values of this type have, or some of them.
fn field_of(ty: &Type, key: &str) -> Option<Found> {
    match ty.unfolded().as_ref() {
        Type::Record(record) => {
            let ty = record.fields.get(key)?.ty.clone();
            Some(Found { certain: !ty.may_be_absent(), ty })
        }
        Type::Map { values } => Some(Found { ty: Type::clone(values), certain: true }),
        Type::Union(union) => match &union.tag {
            None => field_of(union.of_shape(Shape::Object)?, key),
            Some(tag) if tag == key => {
                let texts = Type::enumeration(union.choices.keys().cloned());
                Some(Found { ty: texts, certain: true })
            }
            Some(_) => {
                let found: Vec<Found> =
                    union.choices.values().filter_map(|choice| field_of(choice, key)).collect();
                let all = found.len() == union.choices.len();
                let certain = all && found.iter().all(|found| found.certain);
                (!found.is_empty()).then(|| {
                    let ty = common(found.iter().map(|found| &found.ty));
                    Found { ty: ty.some().clone(), certain }
                })
            }
        },
        _ => None,
    }
}

/// The fields that values of a union may have.
fn fields(ty: &Type) -> Vec<String> {
    match ty.unfolded().as_ref() {
        Type::Record(record) => record.fields.keys().cloned().collect(),
        Type::Union(union) => {
            let tag = union.tag.iter().cloned();
            let mut all: Vec<String> = tag.chain(union.choices.values().flat_map(fields)).collect();
            all.sort_unstable();
            all.dedup();
            all
        }
        _ => Vec::new(),
    }
}

/// The element of a tuple, or of a list that a union may be.
fn element_of(ty: &Type, index: Option<i64>) -> Option<Found> {
    match ty.unfolded().as_ref() {
        Type::List { items } => Some(Found { ty: Type::clone(items), certain: true }),
        Type::Tuple { items } => {
            let Some(index) = index else {
                return Some(Found { ty: common(items.iter()), certain: true });
            };
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let place = if index < 0 { index.saturating_add(length) } else { index };
            let ty = items.get(usize::try_from(place).ok()?)?.clone();
            Some(Found { certain: !ty.may_be_absent(), ty })
        }
        Type::Union(union) => element_of(union.of_shape(Shape::List)?, index),
        _ => None,
    }
}

impl Checker<'_> {
    /// `base.key` of a union.
    pub(super) fn key_of_union(
        &mut self,
        base: Expr,
        (key, key_span): (&str, Span),
        span: Span,
        cover: bool,
    ) -> Typed {
        let Some(found) = field_of(base.ty.some(), key) else {
            let known = fields(base.ty.some());
            let near = nearest(key, known.iter().map(String::as_str));
            let meant = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let message = format!("no choice of {} has a field `{key}`{meant}", base.ty.some());
            let help = match known.as_slice() {
                [] => "ask for its form first: `… is mapping`".to_owned(),
                known => format!("the fields are `{}`", known.join("`, `")),
            };
            let issue = ExprIssue::new(code::UNKNOWN_FIELD.id, key_span, message).help(help);
            return self.report(issue.edit(key_span, near));
        };
        let or_absent = cover || !found.certain;
        let key = Box::new(Expr::literal(key, Type::String, key_span));
        let base = Box::new(widened(base, &Type::Any));
        Some(self.found(ExprKind::Key { base, key, or_absent }, found, or_absent, span))
    }

    /// `base[index]` of a tuple or union.
    pub(super) fn item_of_union(
        &mut self,
        base: Expr,
        index: Expr,
        span: Span,
        cover: bool,
    ) -> Typed {
        if matches!(index.ty, Type::String | Type::Enum(_)) {
            // A key that is no literal: of any map that it may be.
            let base = Box::new(widened(base, &Type::Any));
            let key = Box::new(self.coerce(index, &Type::String)?);
            let kind = ExprKind::Key { base, key, or_absent: cover };
            return Some(Expr { kind, ty: Type::Any, span });
        }
        let literal = match &index.kind {
            ExprKind::Literal(at) => at.as_i64(),
            _ => None,
        };
        let Some(found) = element_of(base.ty.some(), literal) else {
            let message = match literal {
                Some(at) => format!("{} has no element {at}", base.ty.some()),
                None => format!("{} cannot be indexed with {}", base.ty.some(), index.ty),
            };
            let issue = ExprIssue::new(code::NO_FIELDS.id, span, message);
            return self.report(issue.help("the elements of a tuple are counted from 0"));
        };
        let or_absent = cover || !found.certain;
        let index = Box::new(self.coerce(index, &Type::Int)?);
        let base = Box::new(widened(base, &Type::Any));
        Some(self.found(ExprKind::Index { base, index, or_absent }, found, or_absent, span))
    }

    /// What was read of an `any`, as the type that it has.
    fn found(&self, kind: ExprKind, found: Found, or_absent: bool, span: Span) -> Expr {
        let read = Expr { kind, ty: Type::Any, span };
        if found.ty == Type::Any {
            return read;
        }
        let ty = if or_absent { found.ty.optional() } else { found.ty };
        self.narrowed(Expr { kind: ExprKind::Read(Box::new(read)), ty, span })
    }

    /// A union or tuple as another type, or another type as one, where their values have a form in
    /// common: checked when it happens.
    pub(super) fn through_any(&mut self, expr: Expr, to: &Type) -> Result<Typed, Expr> {
        let odd = is_read_as_any(expr.ty.some()) || is_read_as_any(to.some());
        let forms = forms(to.some());
        if !odd || !self::forms(expr.ty.some()).iter().any(|form| forms.contains(form)) {
            return Err(expr);
        }
        let span = expr.span;
        if let Some(constant) = constant(&expr) {
            return Ok(match project(to, &constant) {
                Ok(value) => Some(Expr::literal(value, to.clone(), span)),
                Err(error) => {
                    let message = format!("expected {}: {error}", to.some());
                    let issue = ExprIssue::new(code::WRONG_TYPE.id, span, message);
                    self.report(issue.help("give it a value of one of its forms"))
                }
            });
        }
        let any = Box::new(widened(expr, &Type::Any));
        Ok(Some(Expr { kind: ExprKind::Read(any), ty: to.clone(), span }))
    }

    /// A list literal as a tuple.
    pub(super) fn tuple_of(&mut self, items: Vec<Expr>, types: &[Type], span: Span) -> Typed {
        if items.len() != types.len() {
            let message = format!("expected {} elements, found {}", types.len(), items.len());
            let issue = ExprIssue::new(code::WRONG_TYPE.id, span, message);
            return self.report(issue.help("a tuple has exactly its elements"));
        }
        let ty = Type::tuple(types.iter().cloned());
        Some(Expr { kind: ExprKind::List(items), ty, span })
    }
}

/// The forms that values of this type have.
fn forms(ty: &Type) -> Vec<Shape> {
    match ty.unfolded().as_ref() {
        Type::Union(union) if union.tag.is_none() => {
            union.choices.values().filter_map(Type::shape).collect()
        }
        other => other.shape().into_iter().collect(),
    }
}

/// The value of an expression that is written out.
fn constant(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value.clone()),
        ExprKind::List(items) => {
            items.iter().map(constant).collect::<Option<Vec<_>>>().map(Value::from)
        }
        ExprKind::Record(fields) => {
            let entries = fields.iter().map(|(name, value)| Some((name.clone(), constant(value)?)));
            entries.collect::<Option<Map<_, _>>>().map(Value::from)
        }
        ExprKind::Widen(inner) => constant(inner),
        _ => None,
    }
}

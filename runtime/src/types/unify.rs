//! Unification (S11): the one type that several values have where they meet.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{EnumType, Field, RecordType, Type, UnionType, widens_to};

/// Two types that have no common type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where in the two types, `items.price`; empty at the top.
    pub path: String,
    /// One side, at that place.
    pub left: Type,
    /// The other side.
    pub right: Type,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, left, right } = self;
        write!(out, "{left} and {right} have no common type")?;
        if path.is_empty() { Ok(()) } else { write!(out, " (at `{path}`)") }
    }
}

impl std::error::Error for Mismatch {}

/// The type that both `left` and `right` widen to (S11).
///
/// Equal types stay; null with T gives `optional<T>`; int with number gives number; enums unite;
/// records unite field by field, one-sided fields becoming optional; unions unite choice by choice,
/// and take in what widens to one of theirs; `any` wins over all.
/// Enum with string gives string, since every enum widens to it.
///
/// ```
/// use flowcrate::types::{Type, unify};
/// assert_eq!(unify(&Type::Int, &Type::Number), Ok(Type::Number));
/// assert_eq!(unify(&Type::Null, &Type::Int), Ok(Type::Int.optional()));
/// assert!(unify(&Type::Bool, &Type::String).is_err());
/// ```
pub fn unify(left: &Type, right: &Type) -> Result<Type, Mismatch> {
    if left == right {
        return Ok(named(left, right));
    }
    match (left, right) {
        (Type::Any, _) | (_, Type::Any) => Ok(Type::Any),
        (Type::Null, other) | (other, Type::Null) => Ok(other.clone().optional()),
        (Type::Optional { some }, Type::Optional { some: other }) => {
            Ok(unify(some, other)?.optional())
        }
        (Type::Optional { some }, other) | (other, Type::Optional { some }) => {
            Ok(unify(some, other)?.optional())
        }
        (Type::Int, Type::Number) | (Type::Number, Type::Int) => Ok(Type::Number),
        (Type::Enum(_), Type::String) | (Type::String, Type::Enum(_)) => Ok(Type::String),
        (Type::Enum(one), Type::Enum(other)) => Ok(Type::Enum(Arc::new(unite(one, other)))),
        (Type::List { items }, Type::List { items: other }) => {
            Ok(Type::list(unify(items, other).map_err(|error| error.under("[]"))?))
        }
        (Type::Map { values }, Type::Map { values: other }) => {
            Ok(Type::map(unify(values, other).map_err(|error| error.under("*"))?))
        }
        (Type::Record(one), Type::Record(other)) => {
            Ok(Type::Record(Arc::new(unify_records(one, other)?)))
        }
        (Type::Union(one), Type::Union(other)) if one.tag == other.tag => {
            Ok(Type::Union(Arc::new(unify_unions(one, other)?)))
        }
        _ if widens_to(left, right) => Ok(right.clone()),
        _ if widens_to(right, left) => Ok(left.clone()),
        _ => Err(Mismatch { path: String::new(), left: left.clone(), right: right.clone() }),
    }
}

/// Unifies several types; `None` of no types.
pub fn unify_all<'a>(types: impl IntoIterator<Item = &'a Type>) -> Option<Result<Type, Mismatch>> {
    let mut types = types.into_iter();
    let first = types.next()?.clone();
    Some(types.try_fold(first, |all, next| unify(&all, next)))
}

impl Mismatch {
    fn under(mut self, segment: &str) -> Self {
        self.path = match (self.path.as_str(), segment) {
            ("", _) => segment.to_owned(),
            (path, _) if path.starts_with("[]") => format!("{segment}{path}"),
            (path, _) => format!("{segment}.{path}"),
        };
        self
    }
}

/// The equal types' left side, but with a name where only the right side has one.
fn named(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Record(one), Type::Record(other)) if one.name.is_none() && other.name.is_some() => {
            right.clone()
        }
        (Type::Enum(one), Type::Enum(other)) if one.name.is_none() && other.name.is_some() => {
            right.clone()
        }
        (Type::Union(one), Type::Union(other)) if one.name.is_none() && other.name.is_some() => {
            right.clone()
        }
        _ => left.clone(),
    }
}

fn unite(one: &EnumType, other: &EnumType) -> EnumType {
    let mut values: Vec<String> = one.values.iter().chain(&other.values).cloned().collect();
    values.sort_unstable();
    values.dedup();
    EnumType { name: one.name.clone().or_else(|| other.name.clone()), values }
}

fn unify_records(one: &RecordType, other: &RecordType) -> Result<RecordType, Mismatch> {
    let mut fields = BTreeMap::new();
    for (name, field) in &one.fields {
        let merged = match other.fields.get(name) {
            Some(twin) => Field {
                ty: unify(&field.ty, &twin.ty).map_err(|error| error.under(name))?,
                doc: field.doc.clone().or_else(|| twin.doc.clone()),
            },
            None => Field { ty: field.ty.clone().optional(), doc: field.doc.clone() },
        };
        fields.insert(name.clone(), merged);
    }
    for (name, field) in &other.fields {
        if !one.fields.contains_key(name) {
            let field = Field { ty: field.ty.clone().optional(), doc: field.doc.clone() };
            fields.insert(name.clone(), field);
        }
    }
    let name = one.name.clone().or_else(|| other.name.clone());
    // Every value of both is one of the result, which has all fields of both.
    Ok(RecordType { name, fields, closed: one.closed && other.closed })
}

fn unify_unions(one: &UnionType, other: &UnionType) -> Result<UnionType, Mismatch> {
    let mut choices = one.choices.clone();
    for (key, choice) in &other.choices {
        let choice = match choices.get(key) {
            Some(own) => unify(own, choice)?,
            None => choice.clone(),
        };
        choices.insert(key.clone(), choice);
    }
    let name = one.name.clone().or_else(|| other.name.clone());
    Ok(UnionType { name, tag: one.tag.clone(), choices })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Type {
        Type::enumeration(values.iter().map(|value| (*value).to_owned()))
    }

    fn record(fields: &[(&str, Type)]) -> Type {
        Type::record(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())))
    }

    #[test]
    fn s11_pairs_unify_as_the_rule_says() {
        let cases = [
            (Type::Int, Type::Int, Type::Int),
            (Type::Int, Type::Number, Type::Number),
            (Type::Null, Type::String, Type::String.optional()),
            (Type::Null, Type::Null, Type::Null),
            (Type::Int.optional(), Type::Number, Type::Number.optional()),
            (Type::Any, Type::Int, Type::Any),
            (of(&["a", "c"]), of(&["b", "c"]), of(&["a", "b", "c"])),
            (of(&["a"]), Type::String, Type::String),
            (Type::list(Type::Int), Type::list(Type::Null), Type::list(Type::Int.optional())),
            (Type::map(Type::Int), Type::map(Type::Number), Type::map(Type::Number)),
            (
                record(&[("a", Type::Int), ("b", Type::Bool)]),
                record(&[("a", Type::Number), ("c", Type::String)]),
                record(&[
                    ("a", Type::Number),
                    ("b", Type::Bool.optional()),
                    ("c", Type::String.optional()),
                ]),
            ),
        ];
        for (left, right, expected) in cases {
            assert_eq!(unify(&left, &right).as_ref(), Ok(&expected), "{left} with {right}");
            assert_eq!(unify(&right, &left).as_ref(), Ok(&expected), "{right} with {left}");
        }
    }

    #[test]
    fn a_mismatch_says_where() {
        let left = record(&[("lines", Type::list(record(&[("price", Type::Int)])))]);
        let right = record(&[("lines", Type::list(record(&[("price", Type::Bool)])))]);
        let error = unify(&left, &right).expect_err("int and bool");
        assert_eq!(error.to_string(), "int and bool have no common type (at `lines[].price`)");
    }

    #[test]
    fn unification_keeps_the_name_that_one_side_has() {
        let named = Type::Record(Arc::new(RecordType {
            name: Some("Order".to_owned()),
            fields: BTreeMap::new(),
            closed: false,
        }));
        let Ok(Type::Record(both)) = unify(&Type::record([]), &named) else { panic!("a record") };
        assert_eq!(both.name.as_deref(), Some("Order"));
    }
}

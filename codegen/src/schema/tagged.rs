//! Unions: values of unlike types, told apart by a tag or by their form.

use std::collections::BTreeMap;
use std::sync::Arc;

use flowcrate::types::{Mismatch, RecordType, Shape, Type, UnionType, unify};

/// The type of values that are each of one of these types: a union with a tag where all of them are
/// records that a constant tells apart, their common type where they have one (S11), else a union of
/// the forms that they have.
pub(super) fn union_of(types: &[Type]) -> Result<Type, Mismatch> {
    let absent = types.iter().any(Type::may_be_absent);
    let there: Vec<&Type> =
        types.iter().map(Type::some).filter(|ty| !matches!(ty, Type::Null)).collect();
    let ty = match (tagged(&there), common(&there)) {
        (Some(union), _) => union,
        (None, Ok(ty)) => ty,
        (None, Err(_)) => by_form(&there)?,
    };
    Ok(if absent { ty.optional() } else { ty })
}

fn common(types: &[&Type]) -> Result<Type, Mismatch> {
    let mut types = types.iter();
    let first = types.next().map_or(Type::Null, |ty| Type::clone(ty));
    types.try_fold(first, |all, ty| unify(&all, ty))
}

/// Records that a field of constant text tells apart.
fn tagged(types: &[&Type]) -> Option<Type> {
    let records: Option<Vec<&RecordType>> = types
        .iter()
        .map(|ty| match ty {
            Type::Record(record) => Some(record.as_ref()),
            _ => None,
        })
        .collect();
    let records = records.filter(|records| records.len() > 1)?;
    let tag = records.first()?.fields.keys().find(|tag| {
        let mut texts: Vec<_> = records.iter().map(|record| constant(record, tag)).collect();
        texts.sort_unstable();
        texts.dedup();
        texts.len() == records.len() && !texts.contains(&None)
    })?;
    let mut choices = BTreeMap::new();
    for record in &records {
        let mut choice = RecordType::clone(record);
        choice.fields.remove(tag);
        choices.insert(constant(record, tag)?.to_owned(), Type::Record(Arc::new(choice)));
    }
    Some(Type::Union(Arc::new(UnionType { name: None, tag: Some(tag.clone()), choices })))
}

/// The text that a field always is.
fn constant<'r>(record: &'r RecordType, field: &str) -> Option<&'r str> {
    match &record.fields.get(field)?.ty {
        Type::Enum(texts) => match texts.values.as_slice() {
            [text] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// A union of types that have a form each; types of one form have one type.
fn by_form(types: &[&Type]) -> Result<Type, Mismatch> {
    let mut forms: BTreeMap<Shape, Vec<&Type>> = BTreeMap::new();
    for ty in types {
        let parts = match ty {
            Type::Union(union) if union.tag.is_none() => union.choices.values().collect(),
            ty => vec![*ty],
        };
        for part in parts {
            let Some(form) = part.shape() else { return common(types) };
            forms.entry(form).or_default().push(part);
        }
    }
    let mut choices = BTreeMap::new();
    for (form, types) in forms {
        let ty = tagged(&types).map_or_else(|| common(&types), Ok)?;
        choices.insert(form.key().to_owned(), ty);
    }
    Ok(Type::Union(Arc::new(UnionType { name: None, tag: None, choices })))
}

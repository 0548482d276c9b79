//! Schemas that say `any` of what a sample knows.

use flowcrate::types::Type;

/// The first place at which `declared` is any and `known` is not: its path, and the type that is
/// known there. An empty list, or null, says nothing.
pub(in crate::check) fn known_any(declared: &Type, known: &Type) -> Option<(String, Type)> {
    let within = |segment: &str, found: Option<(String, Type)>| {
        found.map(|(path, ty)| {
            let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
            (format!("{segment}{dot}{path}"), ty)
        })
    };
    match (declared.some(), known.some()) {
        (_, Type::Any | Type::Null) => None,
        (Type::Any, known) => Some((String::new(), known.clone())),
        (Type::Map { values }, Type::Record(record)) if **values == Type::Any => {
            (!record.fields.is_empty()).then(|| (String::new(), known.clone()))
        }
        (Type::List { items }, Type::List { items: known }) => {
            within("[]", known_any(items, known))
        }
        (Type::Record(declared), Type::Record(known)) => {
            declared.fields.iter().find_map(|(name, field)| {
                within(name, known_any(&field.ty, &known.fields.get(name)?.ty))
            })
        }
        _ => None,
    }
}

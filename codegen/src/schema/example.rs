//! Examples of a type's values, for README, `input.json`, the rehearsal and fixes.

use flowcrate::types::Type;
use serde_json::{Map, Value, json};

/// A value that `ty` accepts. Optional parts are left out of records, so it is the least input.
pub(crate) fn example(ty: &Type) -> Value {
    least(ty, false)
}

/// The example; within a recursive type lists and maps are empty, or it would have no end.
fn least(ty: &Type, recursive: bool) -> Value {
    match ty {
        // `Own` stands within a recursive type only, which is unfolded.
        Type::Null | Type::Optional { .. } | Type::Own { .. } => Value::Null,
        Type::Bool => json!(true),
        Type::Int => json!(1),
        Type::Number => json!(1.5),
        Type::String => json!("text"),
        Type::Timestamp => json!("2026-01-01T00:00:00.000Z"),
        Type::Duration => json!("30s"),
        Type::Bytes => json!("Ynl0ZXM="),
        Type::List { .. } if recursive => json!([]),
        Type::List { items } => json!([least(items, recursive)]),
        Type::Map { .. } if recursive => json!({}),
        Type::Map { values } => json!({ "key": least(values, recursive) }),
        Type::Enum(ty) => ty.values.first().map_or(Value::Null, |value| json!(value)),
        Type::Any => json!({}),
        Type::Tuple { items } => items.iter().map(|item| least(item, recursive)).collect(),
        Type::Union(union) => {
            let choice = union.choices.iter().min_by_key(|(_, choice)| size(choice, DEPTH));
            let Some((text, choice)) = choice else { return Value::Null };
            let mut value = least(choice, recursive);
            if let (Some(tag), Value::Object(fields)) = (&union.tag, &mut value) {
                fields.insert(tag.clone(), json!(text));
            }
            value
        }
        Type::Recursive(_) => least(&ty.unfolded(), true),
        Type::Record(record) => Value::Object(
            record
                .fields
                .iter()
                .filter(|(_, field)| !matches!(field.ty, Type::Optional { .. } | Type::Null))
                .map(|(name, field)| (name.clone(), least(&field.ty, recursive)))
                .collect::<Map<_, _>>(),
        ),
    }
}

/// Recursive types within each other that are looked into for the least example.
const DEPTH: usize = 6;

/// How large the example is; very, where it has no end.
fn size(ty: &Type, depth: usize) -> usize {
    let sum = |sizes: &mut dyn Iterator<Item = usize>| sizes.fold(1, usize::saturating_add);
    match ty {
        Type::Recursive(_) if depth == 0 => usize::MAX,
        Type::Recursive(_) => size(&ty.unfolded(), depth - 1),
        Type::Record(record) => {
            let fields = record.fields.values().filter(|field| !field.ty.may_be_absent());
            sum(&mut fields.map(|field| size(&field.ty, depth)))
        }
        Type::Union(union) => {
            union.choices.values().map(|choice| size(choice, depth)).min().unwrap_or_default()
        }
        Type::Optional { .. } | Type::List { .. } | Type::Map { .. } => 1,
        other => sum(&mut other.parts().into_iter().map(|part| size(part, depth))),
    }
}

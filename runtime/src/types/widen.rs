//! Widening: where a value of one type may stand for a value of another.

use serde_json::{Map, Value};

use super::{Shape, Type, UnionType};

/// Whether a value of type `from` may stand where `to` is expected.
///
/// int as number; T and null as `optional<T>`; an enum as string or as an enum with all its values;
/// a record as a record each of whose fields it has (widened) or may lack; lists, tuples and maps
/// of such; a value as a union with a choice that it widens to, a union as one with more choices;
/// a recursive type as what it is, and that as it, but not as another recursive type;
/// anything as `any`. An `any` widens to nothing else: reading it is checked, see
/// [`project`](super::project).
pub fn widens_to(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Any)
        | (Type::Null, Type::Optional { .. })
        | (Type::Int, Type::Number)
        | (Type::Enum(_), Type::String) => true,
        (Type::Optional { some: from }, Type::Optional { some: to })
        | (Type::List { items: from }, Type::List { items: to })
        | (Type::Map { values: from }, Type::Map { values: to }) => widens_to(from, to),
        (from, Type::Optional { some }) => widens_to(from, some),
        (Type::Enum(from), Type::Enum(to)) => {
            from.values.iter().all(|value| to.values.binary_search(value).is_ok())
        }
        (Type::Record(from), Type::Record(to)) => to.fields.iter().all(|(name, field)| {
            from.fields
                .get(name)
                .map_or_else(|| field.ty.may_be_absent(), |own| widens_to(&own.ty, &field.ty))
        }),
        (Type::Tuple { items: from }, Type::Tuple { items: to }) => {
            from.len() == to.len()
                && from.iter().zip(to.iter()).all(|(from, to)| widens_to(from, to))
        }
        (Type::Union(from), Type::Union(to)) if from.tag == to.tag => from
            .choices
            .iter()
            .all(|(key, own)| to.choices.get(key).is_some_and(|choice| widens_to(own, choice))),
        (Type::Recursive(from), Type::Recursive(to)) => from == to,
        (Type::Recursive(_), _) if from != to => widens_to(&from.unfolded(), to),
        (_, Type::Recursive(_)) => widens_to(from, &to.unfolded()),
        (_, Type::Union(to)) if to.tag.is_none() => {
            let choice = from.shape().and_then(|shape| to.of_shape(shape));
            choice.is_some_and(|choice| widens_to(from, choice))
        }
        (from, to) => from == to,
    }
}

/// `value`, of type `from`, in the form that it has as a `to`. The caller knows that
/// [`widens_to`] holds; parts of which it does not hold stay as they are.
///
/// Only these change a value's form: an int that becomes a number, and fields
/// that the wider record does not have.
pub fn widen(value: Value, from: &Type, to: &Type) -> Value {
    match (from, to) {
        (_, _) if value.is_null() || from == to => value,
        (Type::Int, Type::Number) => value.as_i64().map_or(value, |int| number(int).into()),
        (Type::Optional { some: from }, _) => widen(value, from, to),
        (_, Type::Optional { some: to }) => widen(value, from, to),
        (Type::List { items: from }, Type::List { items: to }) => match value {
            Value::Array(items) => {
                items.into_iter().map(|item| widen(item, from, to)).collect::<Vec<_>>().into()
            }
            other => other,
        },
        (Type::Map { values: from }, Type::Map { values: to }) => match value {
            Value::Object(entries) => entries
                .into_iter()
                .map(|(key, value)| (key, widen(value, from, to)))
                .collect::<Map<_, _>>()
                .into(),
            other => other,
        },
        (Type::Tuple { items: from }, Type::Tuple { items: to }) => match value {
            Value::Array(values) => {
                let parts = values.into_iter().zip(from.iter().zip(to.iter()));
                parts.map(|(value, (from, to))| widen(value, from, to)).collect::<Vec<_>>().into()
            }
            other => other,
        },
        (Type::Union(from), Type::Union(to)) => widen_choice(value, from, to),
        (Type::Recursive(_), _) => widen(value, &from.unfolded(), to),
        (_, Type::Recursive(_)) => widen(value, from, &to.unfolded()),
        (_, Type::Union(to)) => match from.shape().and_then(|shape| to.of_shape(shape)) {
            Some(choice) => widen(value, from, choice),
            None => value,
        },
        (Type::Record(from), Type::Record(to)) => match value {
            Value::Object(mut entries) => to
                .fields
                .iter()
                .filter_map(|(name, field)| {
                    let own = from.fields.get(name)?;
                    let value = entries.remove(name)?;
                    Some((name.clone(), widen(value, &own.ty, &field.ty)))
                })
                .collect::<Map<_, _>>()
                .into(),
            other => other,
        },
        _ => value,
    }
}

/// A value of one union as one of another with the same choices, and more.
fn widen_choice(value: Value, from: &UnionType, to: &UnionType) -> Value {
    let key = match &from.tag {
        Some(tag) => value.get(tag).and_then(Value::as_str).map(str::to_owned),
        None => Shape::of(&value).map(|shape| shape.key().to_owned()),
    };
    let choices = key.and_then(|key| Some((from.choices.get(&key)?, to.choices.get(&key)?)));
    let Some((own, choice)) = choices else { return value };
    let tagged = from.tag.as_ref().and_then(|tag| Some((tag.clone(), value.get(tag)?.clone())));
    let mut value = widen(value, own, choice);
    // A tag is no field of its record.
    if let (Some((tag, text)), Value::Object(entries)) = (tagged, &mut value) {
        entries.insert(tag, text);
    }
    value
}

/// The number that an int is; above 2^53 the nearest one.
#[expect(clippy::cast_precision_loss, reason = "S12: number is f64, int widens to the nearest")]
fn number(int: i64) -> f64 {
    int as f64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(fields: &[(&str, Type)]) -> Type {
        Type::record(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())))
    }

    #[test]
    fn widening_goes_one_way() {
        let small = Type::enumeration(["a".to_owned()]);
        let big = Type::enumeration(["a".to_owned(), "b".to_owned()]);
        let pairs = [
            (Type::Int, Type::Number),
            (Type::Int, Type::Int.optional()),
            (Type::Int, Type::Number.optional()),
            (Type::Null, Type::Bool.optional()),
            (small.clone(), big.clone()),
            (small, Type::String),
            (record(&[("a", Type::Int)]), record(&[("a", Type::Number), ("b", big.optional())])),
            (record(&[("a", Type::Int), ("b", Type::Int)]), record(&[("a", Type::Int)])),
            (Type::list(Type::Int), Type::list(Type::Number)),
            (Type::Int, Type::Any),
        ];
        for (from, to) in pairs {
            assert!(widens_to(&from, &to), "{from} to {to}");
            assert!(!widens_to(&to, &from), "{to} to {from}");
        }
    }

    #[test]
    fn a_widened_value_has_the_form_of_its_type() {
        let from = record(&[("a", Type::Int), ("gone", Type::Bool)]);
        let to = record(&[("a", Type::Number.optional()), ("b", Type::String.optional())]);
        let value = widen(json!([{"a": 3, "gone": true}]), &Type::list(from), &Type::list(to));
        assert_eq!(value, json!([{"a": 3.0}]));
    }
}

//! Where a type that holds values of itself needs a `Box`: a list or map of them is on the heap as
//! it is, a field is not.

use flowcrate::types::Type;

use super::Types;

impl Types {
    /// Whether the field of a struct is a `Box`, or an `Option` of one.
    pub(crate) fn is_boxed(&self, record: &Type, field: &str) -> bool {
        // Another crate's struct is as its author wrote it.
        if self.is_outside(record) {
            return false;
        }
        match record.unfolded().as_ref() {
            Type::Record(fields) => fields.fields.get(field).is_some_and(|field| {
                let ty = field.ty.some();
                matches!(ty, Type::Recursive(_)) && holds(ty, record, &mut Vec::new())
            }),
            _ => false,
        }
    }
}

/// Whether a part of a tuple or union is boxed, where it stands by itself.
pub(crate) fn is_held_boxed(part: &Type) -> bool {
    matches!(part, Type::Recursive(_))
}

/// Whether a value of type `outer` may hold one of type `inner` within its own bytes.
fn holds(outer: &Type, inner: &Type, seen: &mut Vec<Type>) -> bool {
    match outer {
        _ if outer == inner => true,
        Type::List { .. } | Type::Map { .. } => false,
        Type::Recursive(_) if seen.contains(outer) => false,
        Type::Recursive(_) => {
            seen.push(outer.clone());
            let body = outer.unfolded();
            body.parts().into_iter().any(|part| holds(part, inner, seen))
        }
        other => other.parts().into_iter().any(|part| holds(part, inner, seen)),
    }
}

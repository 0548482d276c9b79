//! Types that hold values of themselves: trees, nested comments, expressions.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Type;

/// A type that holds values of itself, by way of others or not.
///
/// Each definition is a record or a union, in which [`Type::Own`] stands for a definition. Two
/// recursive types are equal where their definitions are, whatever they were called: the first is
/// the type itself, and the others follow in the order in which they are met from there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecursiveType {
    /// The definitions, that of the type itself first.
    pub defs: Vec<Type>,
}

impl Type {
    /// The type that `defs` define at `head`; definitions that it does not need are left out.
    pub fn recursive(defs: &[Self], head: usize) -> Self {
        let mut order = vec![head];
        let mut next = 0;
        while let Some(&place) = order.get(next) {
            if let Some(def) = defs.get(place) {
                meet(def, &mut order);
            }
            next += 1;
        }
        let renumbered = |def: usize| {
            let place = order.iter().position(|&met| met == def);
            Self::Own { def: place.unwrap_or_default() }
        };
        let defs = order.iter().filter_map(|&place| defs.get(place));
        let defs = defs.map(|def| with_own(def, &renumbered)).collect();
        Self::Recursive(Arc::new(RecursiveType { defs }))
    }

    /// What a recursive type is: the record or union, in which it stands for itself. Any other
    /// type as it is.
    pub fn unfolded(&self) -> Cow<'_, Self> {
        match self {
            Self::Recursive(recursive) => Cow::Owned(recursive.unfolded()),
            other => Cow::Borrowed(other),
        }
    }
}

impl RecursiveType {
    fn unfolded(&self) -> Type {
        let own = |def: usize| Type::recursive(&self.defs, def);
        self.defs.first().map_or(Type::Any, |head| with_own(head, &own))
    }
}

/// Notes the definitions that `ty` names, those first met first.
fn meet(ty: &Type, order: &mut Vec<usize>) {
    if let Type::Own { def } = ty {
        if !order.contains(def) {
            order.push(*def);
        }
    } else if !matches!(ty, Type::Recursive(_)) {
        ty.parts().into_iter().for_each(|part| meet(part, order));
    }
}

/// `ty` with other types in the place of the definitions that it names.
fn with_own(ty: &Type, own: &dyn Fn(usize) -> Type) -> Type {
    match ty {
        Type::Own { def } => own(*def),
        // Closed: what it names is its own.
        Type::Recursive(_) => ty.clone(),
        other => other.with_parts(&mut |part| with_own(part, own)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[(&str, Type)]) -> Type {
        Type::record(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())))
    }

    fn own(def: usize) -> Type {
        Type::Own { def }
    }

    #[test]
    fn unfolding_gives_the_type_back_within_itself() {
        let node = record(&[("next", own(0).optional()), ("value", Type::Int)]);
        let list = Type::recursive(&[node], 0);
        let expected = record(&[("next", list.clone().optional()), ("value", Type::Int)]);
        assert_eq!(*list.unfolded(), expected);
    }

    #[test]
    fn the_order_of_definitions_means_nothing() {
        let folder = |file| record(&[("files", Type::list(own(file)))]);
        let file = |folder| record(&[("within", own(folder).optional())]);
        let unused = record(&[("x", own(2))]);
        let one = Type::recursive(&[folder(1), file(0), unused], 0);
        let other = Type::recursive(&[file(1), folder(0)], 1);
        assert_eq!(one, other);
        let Type::Record(folder) = &*one.unfolded() else { panic!("a record") };
        let Type::List { items } = &folder.fields["files"].ty else { panic!("a list") };
        assert_eq!(
            **items,
            Type::recursive(&[file(1), record(&[("files", Type::list(own(0)))])], 0)
        );
    }
}

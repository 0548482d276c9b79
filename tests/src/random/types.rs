//! Types as the generator knows them, and the names that a place sees.

use std::collections::BTreeMap;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ty {
    Null,
    Int,
    Number,
    Bool,
    Text,
    /// A timestamp.
    Instant,
    /// Whatever it is: `any`.
    Any,
    Enum(Vec<String>),
    List(Box<Ty>),
    Record(BTreeMap<String, Ty>),
    Optional(Box<Ty>),
    /// A union that a field `t` tells apart, by what can be read of it.
    Tagged(BTreeMap<String, Ty>),
    /// A union of an int, a text and a list, which its form tells apart.
    Formed,
    /// What holds parts that are like itself.
    Tree,
    /// A map of ints.
    Map,
    /// An int and a text.
    Pair,
    /// A duration.
    Span,
}

impl Ty {
    /// A list of numbers.
    pub(super) fn ints() -> Self {
        Self::List(Box::new(Self::Int))
    }

    /// A list of records.
    pub(super) fn rows() -> Self {
        Self::List(Box::new(Self::record([("k", Self::Int), ("t", Self::Text)])))
    }

    pub(super) fn record<'a>(fields: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Record(fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect())
    }

    /// S10.
    pub(super) fn optional(self) -> Self {
        match self {
            Self::Optional(_) | Self::Null => self,
            some => Self::Optional(Box::new(some)),
        }
    }

    /// What `scripted.call@1` gives.
    pub(super) fn said() -> Self {
        Self::record([
            ("value", Self::Int),
            ("text", Self::Text.optional()),
            ("list", Self::ints()),
            ("mood", Self::Enum(vec!["good".to_owned(), "bad".to_owned()])),
        ])
    }
}

/// A name that can be read at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    /// `steps.a`, `item`, `errors.b.code`.
    pub(super) path: String,
    pub(super) ty: Ty,
    /// Whether it is there for certain.
    pub(super) sure: bool,
}

impl Name {
    pub(super) fn sure(path: impl Into<String>, ty: Ty) -> Self {
        Self { path: path.into(), ty, sure: true }
    }

    /// The name and everything within it, each with whether it is sure to be there.
    pub(super) fn parts(&self) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut open = vec![self.clone()];
        while let Some(name) = open.pop() {
            let (ty, sure) = match &name.ty {
                Ty::Optional(some) => ((**some).clone(), false),
                ty => (ty.clone(), name.sure),
            };
            if ty == Ty::Tree {
                open.extend(super::shapes::parts_of_tree(&name.path, sure));
            }
            if let Ty::Record(fields) | Ty::Tagged(fields) = &ty {
                for (field, ty) in fields {
                    open.push(Self {
                        path: format!("{}.{field}", name.path),
                        ty: ty.clone(),
                        sure,
                    });
                }
            }
            parts.push(Self { path: name.path, ty, sure });
        }
        parts
    }
}

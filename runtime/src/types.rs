//! The types of the workflow language (S12).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod constraints;
mod decode;
mod display;
mod project;
mod recursive;
pub mod typed;
mod unify;
mod union;
mod widen;

pub use constraints::meets;
pub use decode::decode;
#[cfg(feature = "engine")]
pub use flowcrate_macros::Typed;
pub(crate) use project::describe;
pub use project::{ProjectError, project};
pub use recursive::RecursiveType;
pub use typed::Typed;
pub use unify::{Mismatch, unify, unify_all};
pub use union::{Shape, UnionType, split_tag};
pub use widen::{widen, widens_to};

/// A type of the language. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Type {
    /// Only null; absent and null are one value (S10).
    Null,
    /// `true` or `false`.
    Bool,
    /// A 64-bit signed integer.
    Int,
    /// A finite 64-bit float.
    Number,
    /// Text.
    String,
    /// An instant, RFC 3339 text in JSON.
    Timestamp,
    /// A span of time, `1m 30s` in JSON.
    Duration,
    /// Binary data, base64 in JSON.
    Bytes,
    /// A list.
    List {
        /// Type of each element.
        items: Arc<Type>,
    },
    /// Text keys to values of one type; prints with sorted keys (S13).
    Map {
        /// Type of each value.
        values: Arc<Type>,
    },
    /// Named fields.
    Record(Arc<RecordType>),
    /// One of some texts.
    Enum(Arc<EnumType>),
    /// The value, or null. Never nested (S10): build it with [`Type::optional`].
    Optional {
        /// Type of the value where there is one; never `Null`, `Any` or `Optional`.
        some: Arc<Type>,
    },
    /// Anything; every read of it is checked when it happens.
    Any,
    /// A list of as many elements, which have a type each.
    Tuple {
        /// Their types, in order.
        items: Arc<Vec<Type>>,
    },
    /// One of several unlike types.
    Union(Arc<UnionType>),
    /// A type that holds values of itself.
    Recursive(Arc<RecursiveType>),
    /// Within a recursive type only: the one of its definitions that stands at this place.
    Own {
        /// The place.
        def: usize,
    },
}

/// A record's fields, by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordType {
    /// A name that context suggests (`title` of the schema, the node's label).
    /// It names the emitted struct and plays no part in equality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The fields; one whose type is optional may be absent.
    pub fields: BTreeMap<String, Field>,
    /// Whether a value with other fields is none of this type; else they are let through unseen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

/// One field of a record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Field {
    /// Its type.
    #[serde(flatten)]
    pub ty: Type,
    /// Its description; plays no part in equality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// One of some texts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnumType {
    /// A name that context suggests; plays no part in equality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The texts, sorted, each once.
    pub values: Vec<String>,
}

impl Type {
    /// `optional<self>`, collapsed: null, any and optional types are their own optional.
    #[must_use]
    pub fn optional(self) -> Self {
        match self {
            Self::Null | Self::Any | Self::Optional { .. } => self,
            some => Self::Optional { some: Arc::new(some) },
        }
    }

    /// A list of `items`.
    pub fn list(items: Self) -> Self {
        Self::List { items: Arc::new(items) }
    }

    /// A map to `values`.
    pub fn map(values: Self) -> Self {
        Self::Map { values: Arc::new(values) }
    }

    /// An unnamed enum of `values`, sorted, each once.
    pub fn enumeration(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        Self::Enum(Arc::new(EnumType { name: None, values }))
    }

    /// Whether null, and so absence (S10), is one of its values.
    pub fn may_be_absent(&self) -> bool {
        matches!(self, Self::Null | Self::Any | Self::Optional { .. })
    }

    /// The type of its values that are not null: T of `optional<T>`, itself otherwise.
    #[must_use]
    pub fn some(&self) -> &Self {
        match self {
            Self::Optional { some } => some,
            other => other,
        }
    }

    /// An unnamed record.
    pub fn record(fields: impl IntoIterator<Item = (String, Self)>) -> Self {
        let fields = fields.into_iter().map(|(name, ty)| (name, Field { ty, doc: None })).collect();
        Self::Record(Arc::new(RecordType { name: None, fields, closed: false }))
    }

    /// A list whose elements have a type each.
    pub fn tuple(items: impl IntoIterator<Item = Self>) -> Self {
        Self::Tuple { items: Arc::new(items.into_iter().collect()) }
    }

    /// The same type with `change` made to each of the types that it is made of.
    #[must_use]
    pub fn with_parts(&self, change: &mut dyn FnMut(&Self) -> Self) -> Self {
        match self {
            Self::List { items } => Self::list(change(items)),
            Self::Map { values } => Self::map(change(values)),
            Self::Optional { some } => change(some).optional(),
            Self::Tuple { items } => Self::tuple(items.iter().map(change)),
            Self::Record(record) => {
                let mut record = RecordType::clone(record);
                for field in record.fields.values_mut() {
                    field.ty = change(&field.ty);
                }
                Self::Record(Arc::new(record))
            }
            Self::Union(union) => {
                let mut union = UnionType::clone(union);
                for choice in union.choices.values_mut() {
                    *choice = change(choice);
                }
                Self::Union(Arc::new(union))
            }
            other => other.clone(),
        }
    }

    /// The types that this one is made of.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::List { items: part }
            | Self::Map { values: part }
            | Self::Optional { some: part } => vec![part],
            Self::Tuple { items } => items.iter().collect(),
            Self::Record(record) => record.fields.values().map(|field| &field.ty).collect(),
            Self::Union(union) => union.choices.values().collect(),
            Self::Recursive(recursive) => recursive.defs.iter().collect(),
            _ => Vec::new(),
        }
    }
}

// Names and docs come from context, so two types are equal where their structure is.
macro_rules! compared_by {
    ($ty:ty, $($field:ident),+) => {
        impl PartialEq for $ty {
            fn eq(&self, other: &Self) -> bool {
                ($(&self.$field),+) == ($(&other.$field),+)
            }
        }
        impl Eq for $ty {}
        impl PartialOrd for $ty {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $ty {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                ($(&self.$field),+).cmp(&($(&other.$field),+))
            }
        }
        impl std::hash::Hash for $ty {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                ($(&self.$field),+).hash(state);
            }
        }
    };
}
compared_by!(RecordType, fields, closed);
compared_by!(Field, ty);
compared_by!(EnumType, values);
compared_by!(UnionType, tag, choices);

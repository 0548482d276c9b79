//! The types of the workflow language (S12).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod decode;
mod display;
mod project;
pub mod typed;
mod unify;
mod widen;

pub use decode::decode;
#[cfg(feature = "engine")]
pub use flowcrate_macros::Typed;
pub(crate) use project::describe;
pub use project::{ProjectError, project};
pub use typed::Typed;
pub use unify::{Mismatch, unify, unify_all};
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
        Self::Record(Arc::new(RecordType { name: None, fields }))
    }
}

// Names and docs come from context, so two types are equal where their structure is.
macro_rules! compared_by {
    ($ty:ty, $field:ident) => {
        impl PartialEq for $ty {
            fn eq(&self, other: &Self) -> bool {
                self.$field == other.$field
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
                self.$field.cmp(&other.$field)
            }
        }
        impl std::hash::Hash for $ty {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.$field.hash(state);
            }
        }
    };
}
compared_by!(RecordType, fields);
compared_by!(Field, ty);
compared_by!(EnumType, values);

//! The workflow language's type of a Rust type, so that a plugin's structs are its manifest.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EnumType, Field, RecordType, Type};
use crate::values::{Bytes, Duration, Timestamp};

/// A Rust type whose JSON has a type in the workflow language.
///
/// Derive it for structs with named fields and for enums without fields.
/// There is one Rust type for each type of the language, so that emitted code can build a
/// plugin's input and read its output without a table of conversions: `i64` is int, `f64` is
/// number, `Option<T>` is optional, `Value` is any.
///
/// ```
/// use flowcrate::types::{Type, Typed};
///
/// assert_eq!(<Vec<i64>>::ty(), Type::list(Type::Int));
/// assert_eq!(<Option<String>>::ty(), Type::String.optional());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no type in the workflow language",
    note = "use `i64`, `f64`, `bool`, `String`, `flowcrate::{{Timestamp, Duration, Bytes}}`, \
            `Option`, `Vec`, `BTreeMap<String, _>`, `serde_json::Value`, or a struct or enum \
            that derives `Typed`"
)]
pub trait Typed {
    /// The type.
    fn ty() -> Type;
}

macro_rules! typed {
    ($($rust:ty => $ty:expr),* $(,)?) => {$(
        impl Typed for $rust {
            fn ty() -> Type {
                $ty
            }
        }
    )*};
}

typed! {
    () => Type::Null,
    bool => Type::Bool,
    i64 => Type::Int,
    f64 => Type::Number,
    String => Type::String,
    Timestamp => Type::Timestamp,
    Duration => Type::Duration,
    Bytes => Type::Bytes,
    serde_json::Value => Type::Any,
}

impl<T: Typed> Typed for Option<T> {
    fn ty() -> Type {
        T::ty().optional()
    }
}

impl<T: Typed> Typed for Vec<T> {
    fn ty() -> Type {
        Type::list(T::ty())
    }
}

impl<T: Typed> Typed for BTreeMap<String, T> {
    fn ty() -> Type {
        Type::map(T::ty())
    }
}

impl<A: Typed, B: Typed> Typed for (A, B) {
    fn ty() -> Type {
        Type::tuple([A::ty(), B::ty()])
    }
}

impl<A: Typed, B: Typed, C: Typed> Typed for (A, B, C) {
    fn ty() -> Type {
        Type::tuple([A::ty(), B::ty(), C::ty()])
    }
}

impl<T: Typed> Typed for Box<T> {
    fn ty() -> Type {
        T::ty()
    }
}

/// A named record of `(name, type, documentation)`; what the derive calls.
pub fn record<const N: usize>(name: &str, fields: [(&str, Type, &str); N]) -> Type {
    let field = |(name, ty, doc): (&str, Type, &str)| {
        let doc = (!doc.is_empty()).then(|| doc.to_owned());
        (name.to_owned(), Field { ty, doc })
    };
    let fields = fields.into_iter().map(field).collect();
    Type::Record(Arc::new(RecordType { name: Some(name.to_owned()), fields, closed: false }))
}

/// A named enum of texts; what the derive calls.
pub fn enumeration<const N: usize>(name: &str, values: [&str; N]) -> Type {
    let mut values: Vec<String> = values.into_iter().map(str::to_owned).collect();
    values.sort();
    values.dedup();
    Type::Enum(Arc::new(EnumType { name: Some(name.to_owned()), values }))
}

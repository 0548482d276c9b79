//! A piece of Rust code and what it is: a place, a reference, a value.

use flowcrate::types::Type;
use proc_macro2::TokenStream;
use quote::quote;

/// How tightly an expression binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// `if`, closures, ranges.
    Low,
    /// `a || b`.
    Or,
    /// `a && b`.
    And,
    /// `a == b`, `a < b`.
    Compare,
    /// `a as T`.
    Cast,
    /// `!a`, `-a`, `*a`, `&a`.
    Unary,
    /// Paths, calls, literals, blocks of braces after a name.
    Atom,
}

/// Rust code of a typed expression.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// A place that holds the value, or derefs to it when a field or method is asked for.
    Place(TokenStream),
    /// An expression of type `&T`, or `&str` for a string.
    Ref(TokenStream),
    /// An expression of type `Option<&T>`, for an optional.
    Option(TokenStream),
    /// A field of what an `Option<&_>` holds: the option, and the field as a place of `value`.
    Chain(TokenStream, TokenStream),
    /// A value that is never there.
    Absent,
    /// An owned value.
    Value(TokenStream, Rank),
    /// A text literal.
    Text(String),
}

impl Code {
    /// An owned value that needs no parentheses.
    pub(crate) fn value(code: TokenStream) -> Self {
        Self::Value(code, Rank::Atom)
    }

    /// A variable or field.
    pub(crate) fn place(code: TokenStream) -> Self {
        Self::Place(code)
    }

    /// A reference.
    pub(crate) fn reference(code: TokenStream) -> Self {
        Self::Ref(code)
    }

    /// Owned, of type `ty`.
    pub(crate) fn owned(self, ty: &Type) -> TokenStream {
        match self {
            Self::Absent => match ty {
                Type::Any => quote!(serde_json::Value::Null),
                Type::Null => quote!(()),
                _ => quote!(None),
            },
            Self::Chain(base, place) if is_copy(ty) => quote!(#base.map(|value| #place)),
            Self::Chain(base, place) => quote!(#base.map(|value| #place.clone())),
            Self::Place(code) if is_copy(ty) => code,
            Self::Ref(code) if is_copy(ty) => quote!(*#code),
            Self::Ref(code) if *ty == Type::String => quote!(#code.to_owned()),
            Self::Place(code) | Self::Ref(code) => quote!(#code.clone()),
            Self::Option(code) if is_copy(ty) => quote!(#code.copied()),
            Self::Option(code) => quote!(#code.cloned()),
            Self::Value(code, _) => code,
            Self::Text(text) => quote!(#text.to_owned()),
        }
    }

    /// Something that coerces to a reference.
    pub(crate) fn borrowed(self) -> TokenStream {
        match self {
            Self::Ref(code) => code,
            Self::Text(text) => quote!(#text),
            Self::Option(code) => quote!(&#code.cloned()),
            Self::Chain(base, place) => quote!(&#base.map(|value| #place.clone())),
            Self::Absent => quote!(&None),
            Self::Place(code) => quote!(&#code),
            other @ Self::Value(..) => {
                let code = other.ranked(Rank::Unary);
                quote!(&#code)
            }
        }
    }

    /// `Option<&T>`, of an optional.
    pub(crate) fn option(self) -> TokenStream {
        match self {
            Self::Option(code) => code,
            Self::Chain(base, place) => quote!(#base.map(|value| &#place)),
            Self::Place(code) | Self::Ref(code) => quote!(#code.as_ref()),
            other => {
                let code = other.ranked(Rank::Atom);
                quote!(#code.as_ref())
            }
        }
    }

    /// What a method can be called on, or a field read of.
    pub(crate) fn receiver(self) -> TokenStream {
        match self {
            Self::Place(code) | Self::Ref(code) | Self::Option(code) => code,
            other @ Self::Chain(..) => other.option(),
            other => other.ranked(Rank::Atom),
        }
    }

    /// An argument of `format!`, which borrows by itself.
    pub(crate) fn shown(self) -> TokenStream {
        match self {
            Self::Place(code) | Self::Ref(code) | Self::Option(code) | Self::Value(code, _) => code,
            Self::Text(text) => quote!(#text),
            other @ Self::Chain(..) => other.option(),
            Self::Absent => quote!(None),
        }
    }

    /// A text that is `impl Into<String>` without a copy that is not needed.
    pub(crate) fn into_text(self) -> TokenStream {
        match self {
            Self::Text(text) => quote!(#text),
            other => other.owned(&Type::String),
        }
    }

    /// As it stands.
    pub(crate) fn tokens(self) -> TokenStream {
        self.shown()
    }

    /// In parentheses if it binds less tightly than `rank`.
    pub(crate) fn ranked(self, rank: Rank) -> TokenStream {
        match self {
            Self::Value(code, own) if own < rank => quote!((#code)),
            other => other.shown(),
        }
    }
}

/// Whether the Rust type is `Copy`.
pub(crate) fn is_copy(ty: &Type) -> bool {
    match ty {
        Type::Null
        | Type::Bool
        | Type::Int
        | Type::Number
        | Type::Timestamp
        | Type::Duration
        | Type::Enum(_) => true,
        Type::Optional { some } => is_copy(some),
        Type::Tuple { items } => items.iter().all(is_copy),
        Type::String
        | Type::Bytes
        | Type::List { .. }
        | Type::Map { .. }
        | Type::Record(_)
        | Type::Union(_)
        | Type::Recursive(_)
        | Type::Own { .. }
        | Type::Any => false,
    }
}

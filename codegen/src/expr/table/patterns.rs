//! The types of parameters and results, with variables.

use flowcrate::types::Type;

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Its name: arguments after the first may be given by it.
    pub name: &'static str,
    /// Its type.
    pub ty: Pattern,
    /// What it is where it is left out; the checker writes it into the typed expression.
    pub default: Option<Literal>,
}

/// A default in the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    /// An int.
    Int(i64),
    /// A string.
    Text(&'static str),
    /// A bool.
    Bool(bool),
    /// null, for an optional parameter.
    Null,
}

/// A type with variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// bool.
    Bool,
    /// int.
    Int,
    /// number.
    Number,
    /// string.
    String,
    /// timestamp.
    Timestamp,
    /// duration.
    Duration,
    /// bytes.
    Bytes,
    /// any.
    Any,
    /// The type variable `T`: any one type.
    T,
    /// The type variable `K`: one that has an order, so bool, int, number, string, timestamp or
    /// duration.
    K,
    /// The type variable `R`: what an `Each` gives.
    R,
    /// A list.
    List(&'static Pattern),
    /// A map.
    Map(&'static Pattern),
    /// Optional.
    Optional(&'static Pattern),
    /// An expression over `Name::Element`, the element of the first argument, of this type;
    /// a closure `|element: &T| -> Result<_, ExprError>` in emitted code.
    Each(&'static Pattern),
}

/// How emitted code passes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// bool, int, number, timestamp, duration and optionals of them: by value.
    Value,
    /// string as `&str`, bytes as `&[u8]`, list as `&[T]`, map as `&BTreeMap<String, T>`,
    /// any as `&Value`, a type variable as a reference to it.
    Reference,
    /// `|element: &T| Ok(…)`.
    Closure,
}

impl Pattern {
    /// How an argument of this type is passed to the Rust function.
    pub fn passing(self) -> Passing {
        match self {
            Self::Bool | Self::Int | Self::Number | Self::Timestamp | Self::Duration => {
                Passing::Value
            }
            Self::Optional(some) => some.passing(),
            Self::Each(_) => Passing::Closure,
            Self::String
            | Self::Bytes
            | Self::Any
            | Self::T
            | Self::K
            | Self::R
            | Self::List(_)
            | Self::Map(_) => Passing::Reference,
        }
    }

    /// As the language page writes it: `list<T>`.
    pub fn text(self) -> String {
        match self {
            Self::Bool => "bool".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Number => "number".to_owned(),
            Self::String => "string".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Bytes => "bytes".to_owned(),
            Self::Any => "any".to_owned(),
            Self::T => "T".to_owned(),
            Self::K => "K".to_owned(),
            Self::R => "R".to_owned(),
            Self::List(items) => format!("list<{}>", items.text()),
            Self::Map(values) => format!("map<{}>", values.text()),
            Self::Optional(some) => format!("optional<{}>", some.text()),
            Self::Each(result) => format!("T -> {}", result.text()),
        }
    }
}

/// What the variables of an entry stand for in one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings {
    /// `T`.
    pub t: Option<Type>,
    /// `K`.
    pub k: Option<Type>,
    /// `R`.
    pub r: Option<Type>,
}

impl Bindings {
    /// The type that `pattern` is; an unbound variable, as in the element type of `[]`, is null.
    pub fn instantiate(&self, pattern: Pattern) -> Type {
        let variable = |bound: &Option<Type>| bound.clone().unwrap_or(Type::Null);
        match pattern {
            Pattern::Bool => Type::Bool,
            Pattern::Int => Type::Int,
            Pattern::Number => Type::Number,
            Pattern::String => Type::String,
            Pattern::Timestamp => Type::Timestamp,
            Pattern::Duration => Type::Duration,
            Pattern::Bytes => Type::Bytes,
            Pattern::Any => Type::Any,
            Pattern::T => variable(&self.t),
            Pattern::K => variable(&self.k),
            Pattern::R => variable(&self.r),
            Pattern::List(items) => Type::list(self.instantiate(*items)),
            Pattern::Map(values) => Type::map(self.instantiate(*values)),
            Pattern::Optional(some) => self.instantiate(*some).optional(),
            Pattern::Each(result) => self.instantiate(*result),
        }
    }
}

//! The table of operations (S18): every operator, filter, test and function with its types.
//!
//! The checker picks entries by surface name and operand types, the interpreter runs them, and the
//! emitter prints them: total ones as it likes with the same result, partial ones as
//! `flowcrate::expr::<function>(…)?`.

use flowcrate::expr::ExprError;
use flowcrate::types::Type;
use serde_json::Value;

pub use super::operands::Operands;

/// One operation. What [`ExprKind::Call`](super::ExprKind::Call) names by `op`.
pub struct Op {
    /// Unique, and the Rust function's name: `int_add`.
    pub name: &'static str,
    /// How it is written.
    pub surface: Surface,
    /// The parameters, the operand of a filter or test first.
    pub params: &'static [Param],
    /// The result's type.
    pub result: Pattern,
    /// Whether it can fail.
    pub totality: Totality,
    /// The Rust function, `flowcrate::expr::int_add`. Arguments are passed as [`Pattern::passing`]
    /// says; a partial one returns `Result<T, ExprError>`, a total one `T`.
    pub rust: &'static str,
    /// One sentence for the language page.
    pub doc: &'static str,
    /// The interpreter's way to the same function.
    pub run: fn(&Operands<'_>) -> Result<Value, ExprError>,
}

/// How an operation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `a + b`.
    Binary(&'static str),
    /// `-a`, `not a`.
    Unary(&'static str),
    /// `a | upper`.
    Filter(&'static str),
    /// `a is odd`.
    Test(&'static str),
    /// `range(3)`.
    Function(&'static str),
    /// `a[1:2]`.
    Slice,
    /// Put in by the checker: text of a value in mixed text.
    Text,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Its name where it may be given by name; else only for the language page.
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

/// Whether an operation can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totality {
    /// Never fails.
    Total,
    /// May fail with an `ExprError`: emitted with `?`.
    Partial,
}

/// A type with variables: `T` is any one type, `K` is one that has an order.
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
    /// The type variable.
    T,
    /// A second variable: bool, int, number, string, timestamp or duration.
    K,
    /// A list.
    List(&'static Pattern),
    /// A map.
    Map(&'static Pattern),
    /// Optional.
    Optional(&'static Pattern),
    /// An expression over `Name::Element`, the element of the first argument, of this type;
    /// a closure `|element: &T| -> Result<_, ExprError>` in emitted code.
    Each(&'static Pattern),
    /// A second free variable, what an `Each` gives.
    R,
}

/// How emitted code passes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// bool, int, number, timestamp, duration and optionals of them: by value.
    Value,
    /// string as `&str`, bytes as `&[u8]`, list as `&[T]`, map as `&BTreeMap<String, T>`,
    /// any as `&Value`, a type variable as `&T`.
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
}

/// The entry named `name`.
pub fn op(name: &str) -> Option<&'static Op> {
    OPS.iter().flat_map(|part| part.iter()).find(|op| op.name == name)
}

/// All entries, in the order of the language page.
pub fn ops() -> impl Iterator<Item = &'static Op> {
    OPS.iter().flat_map(|part| part.iter())
}

static OPS: &[&[Op]] = &[];

/// The type that `pattern` is once its variables are bound.
pub fn instantiate(pattern: Pattern, t: &Type, k: &Type, r: &Type) -> Type {
    let inner = |pattern: &Pattern| instantiate(*pattern, t, k, r);
    match pattern {
        Pattern::Bool => Type::Bool,
        Pattern::Int => Type::Int,
        Pattern::Number => Type::Number,
        Pattern::String => Type::String,
        Pattern::Timestamp => Type::Timestamp,
        Pattern::Duration => Type::Duration,
        Pattern::Bytes => Type::Bytes,
        Pattern::Any => Type::Any,
        Pattern::T => t.clone(),
        Pattern::K => k.clone(),
        Pattern::R => r.clone(),
        Pattern::List(items) => Type::list(inner(items)),
        Pattern::Map(values) => Type::map(inner(values)),
        Pattern::Optional(some) => inner(some).optional(),
        Pattern::Each(result) => inner(result),
    }
}

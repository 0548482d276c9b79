//! The table of operations (S18): every operator, filter, test and function with its types.
//!
//! The checker picks entries by surface name and operand types, the interpreter runs them, and the
//! emitter prints them: total ones as it likes with the same result, partial ones as
//! `flowcrate::expr::<function>(…)?`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use flowcrate::expr::ExprError;
use serde_json::Value;

/// `entry!(rust_function, surface, [name: Type, name: Type => Default] -> Type, totality, doc, run)`;
/// `entry!("feature": rust_function, …)` where the function stands behind a feature of `flowcrate`.
macro_rules! entry {
    ($feature:literal: $name:ident, $($rest:tt)*) => {
        Op { feature: Some($feature), ..entry!($name, $($rest)*) }
    };
    ($name:ident, $surface:expr, [$($params:tt)*] -> $result:expr, $totality:ident, $doc:literal,
     $run:expr) => {
        Op {
            name: stringify!($name),
            surface: $surface,
            params: params!($($params)*),
            result: $result,
            totality: totality!($totality),
            rust: concat!("flowcrate::expr::", stringify!($name)),
            feature: None,
            doc: $doc,
            run: $run,
        }
    };
}

macro_rules! params {
    ($($name:ident: $ty:expr $(=> $default:expr)?),*) => {
        &[$(Param {
            name: stringify!($name),
            ty: $ty,
            default: default!($($default)?),
        }),*]
    };
}

macro_rules! default {
    () => {
        None
    };
    ($default:expr) => {
        Some($default)
    };
}

macro_rules! totality {
    (total) => {
        Totality::Total
    };
    (partial) => {
        Totality::Partial
    };
}

mod conversions;
mod digests;
mod encodings;
mod lists;
mod operators;
mod patterns;
mod regexes;
mod texts;
mod times;
mod urls;

pub use super::operands::Operands;
pub use patterns::{Bindings, Literal, Param, Passing, Pattern};

/// One operation. What [`ExprKind::Call`](super::ExprKind::Call) names by `op`.
pub struct Op {
    /// The Rust function's name, `int_add`: unique among the entries of one surface, and the same
    /// function wherever it stands.
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
    /// The feature of `flowcrate` that the function stands behind: emitted crates compile it only
    /// where an expression of theirs calls it.
    pub feature: Option<&'static str>,
    /// One sentence for the language page.
    pub doc: &'static str,
    /// The interpreter's way to the same function.
    pub run: fn(&Operands<'_>) -> Result<Value, ExprError>,
}

/// How an operation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// Whether an operation can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totality {
    /// Never fails.
    Total,
    /// May fail with an `ExprError`: emitted with `?`.
    Partial,
}

/// The entry named `name`.
pub fn op(name: &str) -> Option<&'static Op> {
    INDEX.by_name.get(name).copied()
}

/// All entries, in the order of the language page.
pub fn ops() -> impl Iterator<Item = &'static Op> {
    OPS.iter().flat_map(|part| part.iter())
}

/// The entries written `value | name(…)`, in order of preference.
pub fn filters(name: &str) -> &'static [&'static Op] {
    INDEX.filters.get(name).map_or(&[], Vec::as_slice)
}

/// The entries written `value is name`.
pub fn tests(name: &str) -> &'static [&'static Op] {
    INDEX.tests.get(name).map_or(&[], Vec::as_slice)
}

/// The entries written `name(…)`.
pub fn functions(name: &str) -> &'static [&'static Op] {
    INDEX.functions.get(name).map_or(&[], Vec::as_slice)
}

/// The entries of an infix operator.
pub fn infix(symbol: &str) -> &'static [&'static Op] {
    INDEX.infix.get(symbol).map_or(&[], Vec::as_slice)
}

/// The entries of a prefix operator.
pub fn prefix(symbol: &str) -> &'static [&'static Op] {
    INDEX.prefix.get(symbol).map_or(&[], Vec::as_slice)
}

/// The entries written `value[start:stop]`.
pub fn slices() -> &'static [&'static Op] {
    &INDEX.slices
}

/// The names of all filters, tests or functions, for suggestions.
pub fn names(of: fn(Surface) -> Option<&'static str>) -> impl Iterator<Item = &'static str> {
    ops().filter_map(move |op| of(op.surface))
}

type BySymbol = BTreeMap<&'static str, Vec<&'static Op>>;

#[derive(Default)]
struct Index {
    by_name: BTreeMap<&'static str, &'static Op>,
    filters: BySymbol,
    tests: BySymbol,
    functions: BySymbol,
    infix: BySymbol,
    prefix: BySymbol,
    slices: Vec<&'static Op>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::default();
    for op in ops() {
        index.by_name.entry(op.name).or_insert(op);
        let entries = match op.surface {
            Surface::Filter(name) => index.filters.entry(name).or_default(),
            Surface::Test(name) => index.tests.entry(name).or_default(),
            Surface::Function(name) => index.functions.entry(name).or_default(),
            Surface::Binary(symbol) => index.infix.entry(symbol).or_default(),
            Surface::Unary(symbol) => index.prefix.entry(symbol).or_default(),
            Surface::Slice => &mut index.slices,
        };
        entries.push(op);
    }
    index
});

static OPS: &[&[Op]] = &[
    operators::OPS,
    conversions::OPS,
    texts::OPS,
    lists::OPS,
    times::OPS,
    encodings::OPS,
    urls::OPS,
    digests::OPS,
    regexes::OPS,
];

#[cfg(test)]
pub(super) mod tests;

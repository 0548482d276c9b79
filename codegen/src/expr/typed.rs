//! Typed expressions: what the checker gives and both back ends follow.
//!
//! Every conversion is explicit ([`ExprKind::Widen`]), every narrowing is explicit
//! ([`ExprKind::Present`]): a back end never decides anything about types.

use std::fmt;

use flowcrate::types::Type;
use serde_json::Value;

use crate::diagnostic::Span;

/// An expression with its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Where it stands in the field's text.
    pub span: Span,
}

/// The forms of a typed expression.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant's sentence speaks of its fields")]
pub enum ExprKind {
    /// A constant, raw, of the expression's type.
    Literal(Value),
    /// A name in scope.
    Name(Name),
    /// A record's field. `base` is a record; or `optional<record>`, and then so is the result
    /// (an access chain under `default`, `is defined` or `first_of`, S8).
    Field { base: Box<Expr>, name: String },
    /// A key of a map or of `any` (a string; `any` results are `any`); fails where it is missing (S12), except inside an access
    /// chain under `default` or `is defined`, where `or_absent` is set and the type is optional.
    Key { base: Box<Expr>, key: Box<Expr>, or_absent: bool },
    /// An element of a list, or of `any` that holds one; negative counts from the end; fails out
    /// of range, or is absent as above. With `or_absent` the base may be optional, as in `Field`.
    Index { base: Box<Expr>, index: Box<Expr>, or_absent: bool },
    /// An operator, filter, test or function: entry `op` of [`table`](super::table). Where the
    /// entry has a parameter `Each`, that argument is an expression over [`Name::Element`], the
    /// element of the first argument, or an [`Each`](Self::Each): a closure in emitted code.
    Call { op: &'static str, args: Vec<Expr> },
    /// Short-circuit `and`; both bool.
    And(Box<Expr>, Box<Expr>),
    /// Short-circuit `or`; both bool.
    Or(Box<Expr>, Box<Expr>),
    /// `then if condition else otherwise`; both arms have the expression's type.
    Conditional { condition: Box<Expr>, then: Box<Expr>, otherwise: Box<Expr> },
    /// Whether an optional is there.
    IsDefined(Box<Expr>),
    /// The optional's value, or `fallback`.
    Default { value: Box<Expr>, fallback: Box<Expr> },
    /// The first optional that is defined; the last one may be non-optional (S9).
    FirstOf(Vec<Expr>),
    /// A list; every element has the element type.
    List(Vec<Expr>),
    /// A record (type record), or a map (type map) with constant keys, in source order.
    Record(Vec<(String, Expr)>),
    /// `value` as a wider type: int as number, T or null as `optional<T>`, enum as string or as a
    /// wider enum, record as a record with other optional fields or fewer fields, list or map of
    /// such, anything as any. See `flowcrate::types::widens_to`.
    Widen(Box<Expr>),
    /// An `any` as the expression's type, where one is expected: `flowcrate::types::project` (S13).
    /// Fails where the value is not of that type. Emitted as `flowcrate::expr::read::<T>(&value)?`.
    Read(Box<Expr>),
    /// An optional that analysis knows to be present, as its `some` type (S8).
    Present(Box<Expr>),
    /// Mixed text: every part is a string.
    Concat(Vec<Expr>),
    /// An `Each` argument over the `item` of the node with this id, [`Name::Item`], in place of
    /// [`Name::Element`], so that arguments within may have elements of their own.
    Each { binder: String, value: Box<Expr> },
}

impl Expr {
    /// Its direct parts, in source order but for a ternary, whose condition comes first.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Name(_) => Vec::new(),
            ExprKind::Field { base: inner, .. }
            | ExprKind::IsDefined(inner)
            | ExprKind::Widen(inner)
            | ExprKind::Read(inner)
            | ExprKind::Present(inner)
            | ExprKind::Each { value: inner, .. } => vec![inner],
            ExprKind::Key { base, key: inner, .. } | ExprKind::Index { base, index: inner, .. } => {
                vec![base, inner]
            }
            ExprKind::And(left, right) | ExprKind::Or(left, right) => vec![left, right],
            ExprKind::Conditional { condition, then, otherwise } => {
                vec![condition, then, otherwise]
            }
            ExprKind::Default { value, fallback } => vec![value, fallback],
            ExprKind::Call { args: parts, .. }
            | ExprKind::FirstOf(parts)
            | ExprKind::List(parts)
            | ExprKind::Concat(parts) => parts.iter().collect(),
            ExprKind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }
}

/// A name in scope (S16). Node ids are plain text here; the check stage has resolved them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// `trigger`: the payload of the run's trigger.
    Trigger,
    /// `triggers.<id>`.
    TriggerOf(String),
    /// `steps.<id>`.
    Step(String),
    /// `errors.<id>`.
    Error(String),
    /// `errors.<id>` in the catch of the try with this id: what its body failed with.
    Caught(String),
    /// `item` of the loop, or of the `filter`, `sort` or `aggregate`, with this id.
    Item(String),
    /// `index` of the loop with this id, from 0.
    Index(String),
    /// `loops.<id>.state` of a while.
    State(String),
    /// The element that an `Each` argument is evaluated for, as in `map(attribute=…)`.
    Element,
    /// `run.id`.
    RunId,
    /// `run.started_at`.
    RunStartedAt,
    /// `vars.<name>`.
    Var(String),
}

impl fmt::Display for Name {
    /// As it is written in the nearest scope that has it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trigger => out.write_str("trigger"),
            Self::TriggerOf(id) => write!(out, "triggers.{id}"),
            Self::Step(id) => write!(out, "steps.{id}"),
            Self::Error(id) | Self::Caught(id) => write!(out, "errors.{id}"),
            Self::Item(id) => write!(out, "loops.{id}.item"),
            Self::Index(id) => write!(out, "loops.{id}.index"),
            Self::State(id) => write!(out, "loops.{id}.state"),
            Self::Element => out.write_str("element"),
            Self::RunId => out.write_str("run.id"),
            Self::RunStartedAt => out.write_str("run.started_at"),
            Self::Var(name) => write!(out, "vars.{name}"),
        }
    }
}

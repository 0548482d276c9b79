//! The names that an expression may read (S16), and what the checker asks about them.

use std::collections::BTreeSet;
use std::fmt;

use flowcrate::types::Type;

use super::check::is_read_as_any;
use super::issue::ExprIssue;
use super::typed::{Expr, ExprKind, Name};
use crate::diagnostic::Span;

/// A name as it is written, before anyone knows whether it exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `trigger`.
    Trigger,
    /// `triggers.<id>`.
    TriggerOf(String),
    /// `steps.<id>`.
    Step(String),
    /// `errors.<id>`.
    Error(String),
    /// `item` of the nearest loop.
    Item,
    /// `index` of the nearest loop.
    Index,
    /// `loops.<id>.item`.
    LoopItem(String),
    /// `loops.<id>.index`.
    LoopIndex(String),
    /// `loops.<id>.state`.
    LoopState(String),
    /// `run.id`.
    RunId,
    /// `run.started_at`.
    RunStartedAt,
    /// `vars.<name>`.
    Var(String),
}

/// The first word of a name with an id, for suggestions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `triggers`.
    Triggers,
    /// `steps`.
    Steps,
    /// `errors`.
    Errors,
    /// `loops`.
    Loops,
    /// `vars`.
    Vars,
}

/// A name in scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// What back ends call it.
    pub name: Name,
    /// Its type; optional where nothing proves that it is there (S8).
    pub ty: Type,
}

/// Why a name cannot be read here.
#[derive(Clone, Debug, PartialEq)]
pub enum Unresolved {
    /// Nothing of that name exists: the checker suggests the nearest of [`Names::candidates`].
    Unknown,
    /// It exists, but means nothing here: `item` outside a loop, `steps.x` in x's own error
    /// branch, several triggers whose payloads do not unify. The span is filled in by the checker.
    Unusable(Box<ExprIssue>),
}

/// A chain of constant accesses from a name: `steps.customer.email`, `trigger.lines[0]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// Where it starts.
    pub name: Name,
    /// What is read of it, in order.
    pub path: Vec<Segment>,
}

/// One access of a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A field or key.
    Key(String),
    /// An element of a list.
    Index(i64),
}

impl fmt::Display for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(out)?;
        self.path.iter().try_for_each(|segment| match segment {
            Segment::Key(key) if is_identifier(key) => write!(out, ".{key}"),
            Segment::Key(key) => write!(out, "[{key:?}]"),
            Segment::Index(at) => write!(out, "[{at}]"),
        })
    }
}

/// Whether `text` can stand after a dot.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The names in scope where an expression stands. The check stage implements it for a node.
pub trait Names {
    /// What `reference` means here.
    fn resolve(&self, reference: &Reference) -> Result<Binding, Unresolved>;

    /// The ids that could follow `root` here, in any order.
    fn candidates(&self, root: Root) -> Vec<String>;

    /// Whether `access`, optional by its type, is known to be present here by the guards, given
    /// that all of `known` are: narrowing by conditions on the way here (S8).
    fn is_present(&self, access: &Access, known: &BTreeSet<Access>) -> bool {
        known.contains(access)
    }

    /// Whether the guards imply that at least one of `names` has a value here (S9).
    fn one_is_present(&self, _names: &[Name]) -> bool {
        false
    }

    /// A name of the same type that the guards prove to have a value here where `name` has none,
    /// for a suggestion.
    fn counterpart(&self, _name: &Name, _ty: &Type) -> Option<Name> {
        None
    }
}

/// What a condition says about presence where it holds, and where it does not (S8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Present if the condition is true.
    pub when_true: BTreeSet<Access>,
    /// Present if it is false.
    pub when_false: BTreeSet<Access>,
}

/// The presence facts of a typed condition: from `is defined` under `and`, `or` and `not`.
pub fn facts(condition: &Expr) -> Facts {
    match &condition.kind {
        ExprKind::IsDefined(chain) => {
            Facts { when_true: access(chain).map(prefixes).unwrap_or_default(), ..Facts::default() }
        }
        ExprKind::Call { op: "not", args } => match args.as_slice() {
            [inner] => {
                let Facts { when_true, when_false } = facts(inner);
                Facts { when_true: when_false, when_false: when_true }
            }
            _ => Facts::default(),
        },
        ExprKind::And(left, right) => {
            let (left, right) = (facts(left), facts(right));
            Facts {
                when_true: left.when_true.union(&right.when_true).cloned().collect(),
                when_false: left.when_false.intersection(&right.when_false).cloned().collect(),
            }
        }
        ExprKind::Or(left, right) => {
            let (left, right) = (facts(left), facts(right));
            Facts {
                when_true: left.when_true.intersection(&right.when_true).cloned().collect(),
                when_false: left.when_false.union(&right.when_false).cloned().collect(),
            }
        }
        _ => Facts::default(),
    }
}

/// The chain that a typed expression is, where it is one.
pub fn access(expr: &Expr) -> Option<Access> {
    match &expr.kind {
        ExprKind::Name(name) => Some(Access { name: name.clone(), path: Vec::new() }),
        ExprKind::Present(inner) => access(inner),
        // What is read of a union is read of an any.
        ExprKind::Read(inner) => match &inner.kind {
            ExprKind::Key { base, .. } | ExprKind::Index { base, .. } if is_union(base) => {
                access(inner)
            }
            _ => None,
        },
        ExprKind::Widen(inner) if is_union(expr) => access(inner),
        ExprKind::Field { base, name } => step(base, Segment::Key(name.clone())),
        ExprKind::Key { base, key, .. } => match &key.kind {
            ExprKind::Literal(serde_json::Value::String(key)) => {
                step(base, Segment::Key(key.clone()))
            }
            _ => None,
        },
        ExprKind::Index { base, index, .. } => match &index.kind {
            ExprKind::Literal(index) => step(base, Segment::Index(index.as_i64()?)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether this is a union or tuple as the any that its parts are read of.
fn is_union(any: &Expr) -> bool {
    match &any.kind {
        ExprKind::Widen(inner) => any.ty == Type::Any && is_read_as_any(inner.ty.some()),
        _ => false,
    }
}

fn step(base: &Expr, segment: Segment) -> Option<Access> {
    let mut access = access(base)?;
    access.path.push(segment);
    Some(access)
}

/// A chain and all that it starts with: who has `a.b.c` has `a.b` and `a`.
fn prefixes(access: Access) -> BTreeSet<Access> {
    let shorter = (0..access.path.len()).map(|length| Access {
        name: access.name.clone(),
        path: access.path.iter().take(length).cloned().collect(),
    });
    let mut all: BTreeSet<Access> = shorter.collect();
    all.insert(access);
    all
}

impl Reference {
    /// The word that it starts with and its id, where it has one.
    pub fn root_and_id(&self) -> Option<(Root, &str)> {
        match self {
            Self::TriggerOf(id) => Some((Root::Triggers, id)),
            Self::Step(id) => Some((Root::Steps, id)),
            Self::Error(id) => Some((Root::Errors, id)),
            Self::LoopItem(id) | Self::LoopIndex(id) | Self::LoopState(id) => {
                Some((Root::Loops, id))
            }
            Self::Var(id) => Some((Root::Vars, id)),
            Self::Trigger | Self::Item | Self::Index | Self::RunId | Self::RunStartedAt => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trigger => out.write_str("trigger"),
            Self::TriggerOf(id) => write!(out, "triggers.{id}"),
            Self::Step(id) => write!(out, "steps.{id}"),
            Self::Error(id) => write!(out, "errors.{id}"),
            Self::Item => out.write_str("item"),
            Self::Index => out.write_str("index"),
            Self::LoopItem(id) => write!(out, "loops.{id}.item"),
            Self::LoopIndex(id) => write!(out, "loops.{id}.index"),
            Self::LoopState(id) => write!(out, "loops.{id}.state"),
            Self::RunId => out.write_str("run.id"),
            Self::RunStartedAt => out.write_str("run.started_at"),
            Self::Var(name) => write!(out, "vars.{name}"),
        }
    }
}

impl Root {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Triggers => "triggers",
            Self::Steps => "steps",
            Self::Errors => "errors",
            Self::Loops => "loops",
            Self::Vars => "vars",
        }
    }

    /// What an id under it names.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Triggers => "trigger",
            Self::Steps | Self::Errors => "node",
            Self::Loops => "loop",
            Self::Vars => "variable",
        }
    }
}

/// A reference, and where its id stands in the text, for renaming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceAt {
    /// What is read.
    pub reference: Reference,
    /// The whole name, `steps.customer`.
    pub span: Span,
    /// The id alone: `customer`, or `'customer'` with its quotes in `steps['customer']`.
    pub id_span: Option<Span>,
}

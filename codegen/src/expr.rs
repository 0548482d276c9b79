//! The expression language: parsed with minijinja's parser, typed by the checker.
//!
//! [`parse`] gives the syntax of a field's text, [`references`] the names that it reads,
//! [`check()`] its typed form, [`eval()`] its value. `SEMANTICS.md` beside this crate is the
//! language's page; [`table`] holds every operation.

pub mod ast;
pub mod check;
pub mod eval;
pub mod issue;
pub mod names;
pub mod operands;
pub mod table;
pub mod typed;
pub mod walk;

pub(crate) mod fold;
mod habits;
mod jinja;
mod template;

pub use ast::{Ast, Template};
pub use check::{FieldIssue, Understood, check, check_json, check_result};
pub(crate) use check::{as_list, ordered};
pub use eval::{Env, eval};
pub use issue::{Edit, ExprIssue};
pub use names::facts;
pub use names::{Access, Binding, Facts, Names, Reference, ReferenceAt, Root, Segment, Unresolved};
pub use template::parse;
pub use typed::{Expr, ExprKind, Name};
pub use walk::{json_references, names_read, references, rename};

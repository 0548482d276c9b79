//! The expression language: parsed with minijinja's parser, typed by the checker.

pub mod typed;

pub use typed::{Expr, ExprKind};

//! The operators, filters, tests and functions of the expression language: one implementation,
//! called by the checker's constant folding, the interpreter and emitted code (S18).

/// Why an expression has no value. The engine adds the node's path and the code `expression`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// Lower case, no full stop: `division by zero`.
    pub message: String,
}

impl ExprError {
    /// An error that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

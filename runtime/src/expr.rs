//! The operators, filters, tests and functions of the expression language: one implementation,
//! called by the checker's constant folding, the interpreter and emitted code (S18).

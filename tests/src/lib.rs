//! Proofs over the whole workspace: what the tests in `tests/tests/` share.

pub mod service;

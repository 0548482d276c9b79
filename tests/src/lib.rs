//! Proofs over the whole workspace; see `tests/tests/`.

//! Tests for those who build on this crate: what every [store](crate::store::Store) must do.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "these are tests, and say so by panicking"
)]

pub mod conformance;

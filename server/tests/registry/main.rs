//! The registry, asked by the real cargo in a fresh home.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod consumer;
mod drivers;
mod git;
mod killed;
mod many;
mod names;
mod private;
mod public;
mod runtimes;
mod support;
mod tokens;

//! What the engine promises, over the memory store.
#![allow(clippy::unwrap_used, clippy::expect_used)] // Helpers of tests are tests.

#[path = "engine/kit.rs"]
mod kit;
#[path = "engine/steps.rs"]
mod steps;

//! What a durable runtime is tested for, each behaviour a test of its name, for workflows that are
//! written by hand over the public API alone.
//!
//! The list is the one by which `Workflow DevKit` tests its engine end to end, so that who knows
//! another engine finds here what this one does in the same place.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(clippy::unused_async, reason = "a step is async, whether it awaits or not")]

#[path = "shared/kit.rs"]
mod shared;

mod behaviours {
    pub(crate) mod kit;

    mod callees;
    mod children;
    mod concurrency;
    mod errors;
    mod events;
    mod family_storms;
    mod kills;
    mod progress;
    mod retries;
    mod sleeps;
    mod steps;
    mod storms;
    mod webhooks;
    mod workers;
}

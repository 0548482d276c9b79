//! Runs the examples as their documentation says, and kills them where that is the point.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod runs {
    pub(crate) mod program;

    mod approval;
    mod embedded;
    mod resuming;
    mod saga;
}

//! Proofs over the whole workspace: what the tests in `tests/tests/` share.

pub mod api_pairs;
pub mod batch;
pub mod cargo_home;
pub mod emitted;
pub mod fixtures;
pub mod hostile;
pub mod metamorphic;
pub mod model;
pub mod modules;
pub mod order_intake;
pub mod pages;
pub mod played;
pub mod random;
pub mod readme;
pub mod server;
pub mod service;

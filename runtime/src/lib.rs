//! Durable workflows in Rust: journaled steps that survive `kill -9`.
//!
//! Without features this crate is what the compiler needs: the types of the workflow language
//! ([`types`]), its operators ([`expr`]) and the [`catalogue`] of kinds.
//! Feature `engine` adds durable execution, `sqlite` the embedded journal.

pub mod catalogue;
pub mod expr;
pub mod failure;
#[cfg(feature = "host")]
pub mod host;
pub mod policy;
#[cfg(feature = "schedule")]
pub mod schedule;
pub mod types;
pub mod values;

pub use failure::{Failure, StepError};
pub use policy::Policy;
pub use values::{Bytes, Duration, Timestamp};

//! Durable workflows in Rust: journaled steps that survive `kill -9`.
//!
//! Without features this crate is what the compiler needs: the types of the workflow language
//! ([`types`]), its operators ([`expr`]) and the [`catalogue`] of kinds.
//! Feature `engine` adds durable execution, `sqlite` the embedded journal.

pub mod catalogue;
#[cfg(feature = "engine")]
pub mod clock;
pub mod expr;
pub mod failure;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "engine")]
mod ids;
#[cfg(feature = "engine")]
mod payload;
pub mod policy;
#[cfg(feature = "schedule")]
pub mod schedule;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(feature = "engine")]
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod types;
pub mod values;

pub use failure::{Failure, StepError};
#[cfg(feature = "engine")]
pub use ids::{RunId, WorkerId};
#[cfg(feature = "engine")]
pub use payload::{InputHash, Payload};
pub use policy::Policy;
pub use values::{Bytes, Duration, Timestamp};

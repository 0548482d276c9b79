//! Tests for those who build on this crate: what every [store](crate::store::Store) must do,
//! and what a workflow must survive.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "these are tests, and say so by panicking"
)]

mod clock;
#[cfg(all(feature = "postgres", unix))]
mod cluster;
pub mod conformance;
mod crashes;
mod faults;
mod ledger;
mod positional;
mod rehearsal;
mod replay;

pub use crate::driver::{VirtualTime, pass};
pub use clock::SimClock;
#[cfg(all(feature = "postgres", unix))]
pub use cluster::Cluster;
pub use crashes::CrashTest;
pub use faults::{Fault, FaultStore};
pub use ledger::Ledger;
pub use positional::{Positional, positional};
pub(crate) use rehearsal::Answers;
pub use rehearsal::Rehearsal;
pub use replay::{Mismatch, RecordedRun, Replayed, replay};

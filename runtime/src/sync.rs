//! What threads share data by. The few files that are synchronised by hand take it from here, so
//! that `runtime/proofs` can include them over another `sync`: one under which a scheduler tries
//! the interleavings.

#[cfg(feature = "sqlite")]
pub(crate) use std::sync::mpsc;
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError, atomic};
pub(crate) use std::thread;

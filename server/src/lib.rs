//! The flowcrate server and command line.
//!
//! [`store`] keeps workflows in the server's own database; the engine keeps runs in its journal.

pub mod clock;
pub mod error;
pub mod store;
pub mod vendor;

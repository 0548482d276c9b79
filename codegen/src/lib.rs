//! The flowcrate compiler: a graph in, diagnostics or the files of a Rust crate out.
//!
//! Pure: bytes in, bytes out. No file system, network, environment, clock, threads or randomness,
//! so the same graph gives the same bytes on every machine. Start at [`compile()`].
//!
//! One module is the exception, and a feature of its own: `build`, for a `build.rs`, reads graphs
//! and writes what they compile to.

// A defect that a test plants to prove that something notices it; nothing without the feature.
#[cfg(feature = "planted")]
macro_rules! planted {
    ($defect:literal) => {
        crate::planted::is_planted($defect)
    };
}
#[cfg(not(feature = "planted"))]
macro_rules! planted {
    ($defect:literal) => {
        false
    };
}

pub mod api;
#[cfg(feature = "build")]
pub mod build;
pub mod check;
pub mod compile;
pub mod diagnostic;
pub mod emit;
pub mod expr;
pub mod graph;
pub mod import;
pub mod inspect;
pub mod ir;
mod known;
pub mod lower;
pub mod mend;
pub mod package;
#[cfg(feature = "planted")]
pub mod planted;
pub mod resolve;
pub mod revision;
pub mod schema;
pub mod upgrade;

pub use check::{check_source, check_source_types};
pub use compile::{Compiled, compile, compile_module};
pub use diagnostic::{Diagnostic, Severity};
pub use known::{Callees, Known, called};
pub use mend::{Mended, mend};

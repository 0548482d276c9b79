//! The command line of an emitted crate: run, resume, list, show, event, cancel, serve.

#[allow(dead_code)]
mod args;
#[allow(dead_code)]
mod input;
#[allow(dead_code)]
mod route;
#[allow(dead_code, reason = "`serve` reads them")]
mod triggers;

pub use triggers::Triggers;

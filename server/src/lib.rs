//! The flowcrate server and command line.
//!
//! [`server`] joins the parts: [`store`] keeps workflows in the server's own database, the engine
//! keeps runs in its journal, [`api`] speaks HTTP, [`cli`] is the command line.

pub mod api;
pub mod app;
pub mod callees;
pub mod cli;
pub mod clock;
pub mod compiler;
pub mod config;
pub mod draft;
pub mod error;
pub mod examples;
pub mod export;
pub mod git;
pub mod interpret;
pub mod lock;
pub mod registry;
pub mod runs;
pub mod schedules;
pub mod server;
pub mod store;
pub mod vendor;

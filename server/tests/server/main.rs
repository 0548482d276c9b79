//! The server from outside: every route, every refusal, restarts, and the command line.

// Helpers of tests say what they mean when they unwrap.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    pub(crate) mod client;
    pub(crate) mod graphs;
    pub(crate) mod process;
    pub(crate) mod server;
    pub(crate) mod shop;
}

mod api {
    mod browsers;
    mod calls;
    mod check;
    mod crates;
    mod cut_log;
    mod events;
    mod git;
    mod import;
    mod index;
    mod limits;
    mod meta;
    mod publish;
    mod runs;
    mod watch;
    mod workflows;
}

mod cli {
    mod check;
    mod compile;
    mod purge;
    mod run;
    mod serve;
    mod terminal;
    mod watch;
}

mod interpret;
mod restart;
mod schedules;

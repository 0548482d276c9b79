//! What the engine promises, over the memory store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Helpers of tests are tests.

#[path = "shared/kit.rs"]
mod shared;

#[path = "shared/rows.rs"]
mod rows;

mod engine {
    pub(crate) mod kit;

    mod adoption;
    mod answers;
    mod cancel;
    mod children;
    mod control;
    mod crashes;
    mod events;
    mod explain;
    mod fingerprint;
    mod for_each;
    mod foreign;
    mod fork;
    mod handles;
    mod heartbeats;
    mod limits;
    mod local;
    mod mismatch;
    mod names;
    mod operations;
    mod policies;
    mod positional;
    mod progress;
    mod race;
    mod replay;
    mod steps;
    mod timeout;
    mod timers;
    mod transactions;
    mod try_scope;
    mod undo;
    mod undo_given_up;
    mod undo_inputs;
    mod values;
    mod waits;
    mod while_loop;
}

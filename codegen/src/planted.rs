//! Defects that a test plants, one at a time, to prove that something notices each (design 10.8).
//!
//! Behind a feature that only the workspace's tests ask for: no other build has a line of it.

use std::cell::Cell;

/// Defects of the lowering: noticed by its own proofs, or by the model of the language.
pub const LOWERED: [&str; 10] = [
    "an edge is dropped",
    "handles are swapped",
    "a join of all takes any",
    "an order is lost",
    "arms are swapped",
    "a guard is skipped",
    "a series is cut anywhere",
    "a node is forgotten",
    "a task waits for all",
    "an export is lost",
];

/// Defects of the emitter: noticed where compiled code and interpreter part.
pub const EMITTED: [&str; 15] = [
    "a failure is not caught",
    "a finally is forgotten",
    "items come one by one",
    "a failed item fails the loop",
    "a loop has no limit",
    "a scope has no context of its own",
    "one attempt too many",
    "no attempt has a timeout",
    "waits between attempts do not grow",
    "a wait is cut short",
    "an event has no key",
    "an event comes whenever",
    "a task runs in any case",
    "a join takes turns",
    "conditions are turned round",
];

thread_local! {
    static PLANTED: Cell<Option<&'static str>> = const { Cell::new(None) };
    static REPLACED: Cell<usize> = const { Cell::new(0) };
}

/// Runs the compiler with a defect, and says how often translation validation threw a structure
/// away meanwhile.
pub fn with<T>(defect: &'static str, compile: impl FnOnce() -> T) -> (T, usize) {
    PLANTED.set(Some(defect));
    REPLACED.set(0);
    let made = compile();
    PLANTED.set(None);
    (made, REPLACED.get())
}

/// Whether this defect is planted on this thread.
pub(crate) fn is_planted(defect: &str) -> bool {
    PLANTED.get() == Some(defect)
}

/// Translation validation threw a structure away.
pub(crate) fn replaced() {
    REPLACED.set(REPLACED.get() + 1);
}

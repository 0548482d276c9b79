//! Defects that are put in on purpose, to prove that the simulation would notice them.

use std::cell::Cell;

use super::scenes::SCENES;

/// The defects, by name; each is asked for where it would be.
pub(super) const DEFECTS: &[&str] = &[
    "a child's end is not mailed",
    "a child's end wakes nobody",
    "a fork forgets its answer",
    "a fork forgets its fingerprint",
    "a fork forgets its input",
    "a fork has its run's keys",
    "a fork takes too much",
    "a loop begins anew",
    "a trial always succeeds",
    "adoptions are not in the history",
    "adoptions keep the old events",
    "adoptions keep the old fingerprint",
    "answers twice",
    "anybody decides",
    "attempts are forgotten",
    "cancel is not delivered",
    "cancelled entries are not written",
    "cancelled operations are awaited",
    "children do not share their caller's slot",
    "children have no fingerprint",
    "children outlive their parent",
    "children that are given up go on",
    "claim keeps the epoch",
    "commits that fail are forgotten",
    "compensations in the order of steps",
    "draws are not counted",
    "due timers are not woken",
    "early timers",
    "effects before commit",
    "end without its entries",
    "ended runs keep their slots",
    "event consumed by a loser",
    "event is not consumed",
    "events are accepted twice",
    "events in reverse",
    "failed bodies are not repeated",
    "finally is not shielded",
    "forks forget what steps were given",
    "forks what may be undone",
    "free slots call nobody",
    "heartbeats are forgotten",
    "items are acknowledged at once",
    "items of another life are appended",
    "items with one id are appended",
    "losers are not cancelled",
    "losers are not undone",
    "mail does not wake",
    "memos are done again",
    "no epoch check",
    "nothing is undone",
    "publishes what is past",
    "readers leave items out",
    "recorded outcomes are ignored",
    "rejected is approved",
    "replay in the order of paths",
    "retry is not recorded",
    "scopes are not sealed",
    "seq begins anew",
    "slots are not counted",
    "starts are not counted",
    "suspend in the middle of work",
    "suspend without compare-and-set",
    "the last come are the first",
    "waiting runs keep their slots",
    "what never began waits to be cancelled",
];

/// Defects of the SQLite file: the simulation over files notices them, and the file's own tests.
pub(super) const OF_FILES: &[&str] =
    &["blob after its pointer", "large values overtake", "uses of blobs are not noted"];

/// Defects of purges: the conformance cases notice them.
pub(crate) const OF_PURGES: &[&str] = &[
    "callees are purged before callers",
    "callers are purged before callees",
    "what ended later is purged",
    "young keys are purged",
];

/// Defects of work in the application's tables: the conformance cases notice them.
pub(crate) const OF_WORK: &[&str] = &["failed work is kept", "work is kept without its outcome"];

thread_local! {
    static ACTIVE: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Whether this defect is put in.
pub(crate) fn is_sabotaged(defect: &str) -> bool {
    debug_assert!(
        [DEFECTS, OF_FILES, OF_PURGES, OF_WORK].iter().any(|listed| listed.contains(&defect))
            || SCENES.iter().any(|(listed, _)| *listed == defect),
        "{defect} is not listed"
    );
    ACTIVE.get() == Some(defect)
}

/// The defect that is put in, for another thread.
pub(crate) fn active() -> Option<&'static str> {
    ACTIVE.get()
}

/// Puts a defect in for the time of a call.
pub(crate) fn with<T>(defect: &'static str, call: impl FnOnce() -> T) -> T {
    ACTIVE.set(Some(defect));
    let result = call();
    ACTIVE.set(None);
    result
}

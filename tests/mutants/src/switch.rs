//! Which mutant is asked: a copy of this file becomes a module of the rewritten compiler.
//!
//! `FLOWCRATE_MUTANT` is the number of the one that acts; none does without it. With
//! `FLOWCRATE_MUTANTS_SEEN` the number of each place that is passed is written to that file, once.
//! A process that asks many sets both by itself.

use std::env;
use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

/// More than there are places.
const PLACES: usize = 1 << 14;

static ASKED: LazyLock<AtomicU32> = LazyLock::new(|| {
    let asked = env::var("FLOWCRATE_MUTANT").ok();
    AtomicU32::new(asked.and_then(|number| number.parse().ok()).unwrap_or(0))
});

static SEEN: LazyLock<Option<Mutex<File>>> = LazyLock::new(|| {
    let file = File::create(env::var_os("FLOWCRATE_MUTANTS_SEEN")?).ok()?;
    Some(Mutex::new(file))
});

static NOTES: LazyLock<AtomicBool> = LazyLock::new(|| AtomicBool::new(SEEN.is_some()));
static PASSED: [AtomicBool; PLACES] = [const { AtomicBool::new(false) }; PLACES];

/// Whether this place is to be another.
#[inline]
pub fn on(number: u32) -> bool {
    if NOTES.load(Ordering::Relaxed) {
        note(number);
    }
    ASKED.load(Ordering::Relaxed) == number
}

#[cold]
fn note(number: u32) {
    let Some(passed) = PASSED.get(number as usize) else { return };
    if !passed.swap(true, Ordering::Relaxed)
        && let Some(Ok(mut file)) = SEEN.as_ref().map(Mutex::lock)
    {
        // Whoever reads the file sees that it is empty.
        let _ = writeln!(file, "{number}");
    }
}

/// From now on this one acts; none does where it is 0.
pub fn ask(number: u32) {
    ASKED.store(number, Ordering::Relaxed);
}

/// What `work` gives, and the places that it passes.
pub fn passed<T>(work: impl FnOnce() -> T) -> (T, Vec<u32>) {
    PASSED.iter().for_each(|passed| passed.store(false, Ordering::Relaxed));
    NOTES.store(true, Ordering::Relaxed);
    let done = work();
    NOTES.store(false, Ordering::Relaxed);
    let passed = PASSED.iter().zip(0..).filter(|(passed, _)| passed.load(Ordering::Relaxed));
    (done, passed.map(|(_, number)| number).collect())
}

//! Which mutant is asked: a copy of this file becomes a module of the rewritten compiler.
//!
//! `FLOWCRATE_MUTANT` is the number of the one that acts; none does without it. With
//! `FLOWCRATE_MUTANTS_SEEN` the number of each place that is passed is written to that file, once.

use std::env;
use std::fs::File;
use std::io::Write;
use std::sync::{LazyLock, Mutex};

static ASKED: LazyLock<u32> = LazyLock::new(|| {
    let asked = env::var("FLOWCRATE_MUTANT").ok();
    asked.and_then(|number| number.parse().ok()).unwrap_or(0)
});

static SEEN: LazyLock<Option<Mutex<Seen>>> = LazyLock::new(|| {
    let file = File::create(env::var_os("FLOWCRATE_MUTANTS_SEEN")?).ok()?;
    Some(Mutex::new(Seen { file, noted: Vec::new() }))
});

struct Seen {
    file: File,
    noted: Vec<bool>,
}

/// Whether this place is to be another.
#[inline]
pub fn on(number: u32) -> bool {
    if let Some(seen) = &*SEEN {
        note(seen, number);
    }
    *ASKED == number
}

#[cold]
fn note(seen: &Mutex<Seen>, number: u32) {
    let Ok(mut seen) = seen.lock() else { return };
    let at = number as usize;
    if seen.noted.len() <= at {
        seen.noted.resize(at + 1, false);
    }
    if !seen.noted[at] {
        seen.noted[at] = true;
        // Whoever reads the file sees that it is empty.
        let _ = writeln!(seen.file, "{number}");
    }
}

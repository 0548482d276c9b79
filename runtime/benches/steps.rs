//! What durability costs, as ratios to what the disk and the database cost in the same run.
//!
//! `cargo bench -p flowcrate --bench steps [DIRECTORY [PART [SIZE]]]`: the directory chooses the
//! file system, the part is one of those in `PARTS` (the beginning of its name will do), the size
//! says how many items, rounds or runs it takes where that can be chosen.
#![allow(
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench, and ratios"
)]

use std::path::Path;

use futures_util::future::LocalBoxFuture;

mod steps {
    pub(crate) mod fan_out;
    pub(crate) mod flight;
    pub(crate) mod latency;
    pub(crate) mod loops;
    pub(crate) mod many_steps;
    pub(crate) mod measure;
    pub(crate) mod raw;
    pub(crate) mod replay;
    pub(crate) mod waiting;
    pub(crate) mod workflows;
}

use steps::{fan_out, flight, latency, loops, many_steps, replay, waiting};

/// A part: where its files go, and its size if one is asked for.
type Part = fn(&Path, Option<u32>) -> LocalBoxFuture<'_, ()>;

const PARTS: [(&str, Part); 8] = [
    ("one-at-a-time", |place, size| Box::pin(latency::one_at_a_time(place, size))),
    ("many-in-flight", |place, size| Box::pin(flight::many_in_flight(place, size))),
    ("many-steps", |place, size| Box::pin(many_steps::many_steps(place, size))),
    ("fan-out", |place, _| Box::pin(fan_out::fan_out(place))),
    ("replay", |place, size| Box::pin(replay::replay(place, size))),
    ("while", |place, size| Box::pin(loops::rounds(place, size))),
    ("items", |place, size| Box::pin(loops::items(place, size))),
    ("waiting", |place, size| Box::pin(waiting::waiting(place, size))),
];

fn main() {
    // cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let place = arguments.next().unwrap_or_else(|| "target".to_owned());
    let part = arguments.next().unwrap_or_default();
    let size = arguments.next().map(|size| size.parse().unwrap());
    std::fs::create_dir_all(&place).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    for (name, run) in PARTS {
        if name.starts_with(&part) {
            let directory = tempfile::tempdir_in(&place).unwrap();
            runtime.block_on(run(directory.path(), size));
        }
    }
}

//! Asks every mutant of the compiler that cargo-mutants lists, from one build.
//!
//! `cargo run --release --manifest-path tests/mutants/Cargo.toml -- FOLDER [--expressions] [PART...]`
//!
//! From the repository's root, or another checkout's. In FOLDER stand a copy of the repository, what
//! is built of it, and `results.jsonl`. Only mutants whose name has one of the PARTs are asked if
//! there are any. What was caught before, in a file that is still the same, is not asked again;
//! survivors are.
//!
//! Whatever no test notices is asked with all fixtures and `FLOWCRATE_GRAPHS` random graphs (2,000; 0
//! asks none): `FOLDER/graphs` has the smallest graph of which something else comes, and what.

mod ask;
mod graphs;
mod places;
mod record;
mod rewrite;
mod tree;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow};

use ask::{Answer, Tests};
use places::Place;
use record::Record;
use tree::Dropped;

fn main() -> Result<()> {
    let mut parts: Vec<String> = env::args().skip(1).collect();
    let expressions = parts.iter().any(|part| part == "--expressions");
    parts.retain(|part| part != "--expressions");
    let work = PathBuf::from(parts.first().context("the folder to work in")?);
    parts.remove(0);
    fs::create_dir_all(&work)?;
    let work = work.canonicalize()?;
    let root = env::current_dir()?;

    let places = places::list(&root, expressions)?;
    println!("{} places", places.len());
    let mut record = Record::open(&work.join("results.jsonl"), &root, &places)?;
    let mut dropped = known_to_fail(&places, &record);
    let tree = tree::of(&root, &work);
    tree.refresh()?;
    tree.rewrite(&places, &mut dropped)?;
    for place in &places {
        if let Some(why) = dropped.get(&place.number)
            && record.of(place).is_none()
        {
            record.add(place, "no build", why)?;
        }
    }
    let binaries = tree.build()?;
    let tests = Tests::listed(&tree, &binaries, &work)?;
    println!("{} tests", tests.len());
    let survivors = ask_all(&places, &parts, &tests, &mut record)?;
    if env::var("FLOWCRATE_GRAPHS").as_deref() != Ok("0") {
        for (number, told) in graphs::ask(&tree, &binaries, (&work, jobs()), &survivors)? {
            if let Some(place) = survivors.iter().find(|place| place.number == number) {
                record.add(place, "survived", &told.to_string())?;
            }
        }
    }
    tell(&places, &record);
    Ok(())
}

/// Those that did not build the last time.
fn known_to_fail(places: &[Place], record: &Record) -> Dropped {
    let failed = places.iter().filter_map(|place| match record.of(place)? {
        ("no build", why) => Some((place.number, why.to_owned())),
        _ => None,
    });
    failed.collect()
}

/// Asks the tests: those that survive.
fn ask_all<'p>(
    places: &'p [Place],
    parts: &[String],
    tests: &Tests,
    record: &mut Record,
) -> Result<Vec<&'p Place>> {
    let wanted = |place: &&Place| {
        let named = parts.is_empty() || parts.iter().any(|part| place.name.contains(part.as_str()));
        named && record.of(place).is_none_or(|(result, _)| result == "survived")
    };
    let mut wanted: Vec<&'p Place> = places.iter().filter(wanted).collect();
    // What was never asked comes first.
    wanted.sort_by_key(|place| record.of(place).is_some());
    let (next, record) = (AtomicUsize::new(0), Mutex::new(record));
    let work = || -> Result<()> {
        while let Some(place) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let answer = tests.ask(place.number)?;
            let mut record = record.lock().map_err(|_| anyhow!("another thread failed"))?;
            match answer {
                Answer::Caught(by) => record.add(place, "caught", &by)?,
                Answer::Endless(by) => record.add(place, "endless", &by)?,
                Answer::Survived(passed) => {
                    println!("survived, {passed} tests: {}", place.name);
                    record.add(place, "survived", &format!("{passed} tests"))?;
                }
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs()).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().map_err(|_| anyhow!("a thread that asks has failed"))?
        })
    })?;
    let record = record.into_inner().map_err(|_| anyhow!("another thread failed"))?;
    wanted.retain(|place| record.of(place).is_some_and(|(result, _)| result == "survived"));
    Ok(wanted)
}

/// How many processes run at once.
fn jobs() -> usize {
    let jobs = env::var("FLOWCRATE_JOBS").ok().and_then(|jobs| jobs.parse().ok());
    jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// How many of each, by part of the compiler.
fn tell(places: &[Place], record: &Record) {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for place in places {
        let part = place.file.trim_start_matches("codegen/src/");
        let part = part.split(['/', '.']).next().unwrap_or_default();
        let result = record.of(place).map_or("not asked", |(result, _)| result);
        *counts.entry((part, result)).or_default() += 1;
    }
    for ((part, result), count) in counts {
        println!("{part:6} {result:10} {count:5}");
    }
}

//! SIGKILL at random moments: the same output, and no recorded step twice.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::kit::Place;

/// A small generator, so that a seed means the same everywhere.
fn dice(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Lets a run be killed again and again, and each time compares the ledger with the journal.
fn kill_until_done(seed: u64, go_on: &[&str]) {
    let place = Place::new();
    let input = place.ordered(12, &json!({}));
    let start = ["run", "--input", input.to_str().unwrap(), "--key", "k"];
    let mut state = seed;
    // What the journal held when the process was killed, with the times each had been begun.
    let mut recorded: BTreeMap<String, usize> = BTreeMap::new();
    let mut kills = 0;
    loop {
        let arguments =
            if place.data().join("orders.db").exists() && has_run(&place) { go_on } else { &start };
        let arguments = if arguments.is_empty() { &start[..] } else { arguments };
        let program = place.spawn(arguments);
        // Later ones live longer, so that it comes to an end.
        let life = dice(&mut state) % 60 + kills * 12;
        std::thread::sleep(Duration::from_millis(life));
        program.kill();
        kills += 1;
        if !has_run(&place) {
            continue;
        }
        let run = place.run(&place.only_run());
        let ledger = place.ledger();
        for step in run["steps"].as_array().unwrap() {
            if step["kind"] == "note@1" && step["status"] == "completed" {
                let path = step["path"].as_str().unwrap().to_owned();
                let begun = ledger.get(&path).copied().unwrap_or_default();
                assert!(begun > 0, "seed {seed}: {path} has an outcome and never ran");
                let before = *recorded.entry(path.clone()).or_insert(begun);
                assert_eq!(before, begun, "seed {seed}: {path} ran again after its outcome");
            }
        }
        if run["status"] == "completed" {
            break;
        }
        assert!(kills < 200, "seed {seed}: it never comes to an end");
    }
    let printed = place.ok(&start);
    let output: Value = serde_json::from_str(&printed).unwrap();
    let charged: Vec<i64> = (0..12).map(|at| at * 200).collect();
    assert_eq!(output, json!({"charged": charged, "parcel": null}), "seed {seed}");
    let ledger = place.ledger();
    assert_eq!(ledger.len(), 26, "seed {seed}: {ledger:?}");
    for (path, begun) in &ledger {
        assert!(*begun as u64 <= 1 + kills, "seed {seed}: {path} was begun {begun} times");
    }
    println!("seed {seed}: {kills} kills, {} executions of 26", ledger.values().sum::<usize>());
}

/// Whether the start was acknowledged before the kill.
fn has_run(place: &Place) -> bool {
    !place.runs().is_empty()
}

pub(crate) fn a_killed_run_goes_on_by_its_key() {
    for seed in 1..=4 {
        kill_until_done(seed, &[]);
    }
}

pub(crate) fn a_killed_run_goes_on_by_resume() {
    for seed in 11..=14 {
        kill_until_done(seed, &["resume"]);
    }
}

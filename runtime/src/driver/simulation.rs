//! Seeded simulation: the real engine, back end and shard over a model store, with every choice
//! that a machine makes made by one seed: who goes on next, which commit fails, who dies when.
//!
//! After each operation the invariants of `PROTOCOL.md` are checked. A failing seed replays.
#![allow(clippy::unwrap_used, reason = "this is a test")]

mod adoptions;
mod census;
mod check;
mod execute;
mod forks;
mod limits;
mod plan;
pub(crate) mod sabotage;
mod scenes;
mod streams;
mod walk;
mod world;

use census::Census;
use plan::Plan;
pub(crate) use sabotage::{active as active_defect, is_sabotaged, with as with_defect};
use world::World;

/// How many operations a simulation disturbs before it lets everything come to its end.
const DISTURBED: u32 = 400;

/// How many seeds are simulated if nobody asks for others.
const SEEDS: u64 = 200;

/// How many operations an undisturbed end may take.
const CALM: u32 = 20_000;

/// Random numbers from a seed (`SplitMix64`).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from(self.next() % bound).unwrap()
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// Simulates one seed: what has occurred in it. An error tells which promise was broken.
fn simulate(seed: u64, in_file: bool) -> Result<Census, String> {
    let mut chance = Chance::new(seed);
    let plans: Vec<Plan> = (0..=chance.below(3)).map(|_| Plan::any(&mut chance)).collect();
    let mut world = World::new(chance, plans, in_file);
    let ended = run(&mut world).map(|()| std::mem::take(&mut world.census));
    // Whoever asks for one seed wants to see what it did.
    if std::env::var("FLOWCRATE_SEED").is_ok() {
        return ended.map_err(|broken| format!("{broken}\n{}", world.describe()));
    }
    ended
}

fn run(world: &mut World) -> Result<(), String> {
    for _ in 0..DISTURBED {
        world.operate(true)?;
    }
    world.settle();
    calm(world)?;
    // What can be undone is forked only once its run has ended.
    if world.fork_what_has_ended()? { calm(world) } else { Ok(()) }
}

/// Lets everything come to its end.
fn calm(world: &mut World) -> Result<(), String> {
    for _ in 0..CALM {
        if world.is_over() {
            return world.check_end();
        }
        world.operate(false)?;
    }
    Err("no end".to_owned())
}

/// The seeds of a test: as many as `FLOWCRATE_SEEDS` says, from `FLOWCRATE_FIRST_SEED` on; or
/// `FLOWCRATE_SEED` alone.
fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    if let Some(seed) = number("FLOWCRATE_SEED") {
        return seed..seed + 1;
    }
    let first = number("FLOWCRATE_FIRST_SEED").unwrap_or(0);
    first..first + number("FLOWCRATE_SEEDS").unwrap_or(default)
}

#[test]
fn every_invariant_holds_in_every_seed() {
    let mut all = Census::default();
    for seed in seeds(SEEDS) {
        match simulate(seed, false) {
            Ok(census) => all.add(&census),
            Err(broken) => {
                panic!("seed {seed}: {broken}\nagain: FLOWCRATE_SEED={seed} and this test")
            }
        }
    }
    println!("{all}");
    if seeds(SEEDS).count() as u64 >= SEEDS {
        assert_eq!(all.missing(), [""; 0], "these never occurred");
    }
}

#[test]
fn a_seed_repeats_itself() {
    let trace = |seed| {
        let mut chance = Chance::new(seed);
        let plans = vec![Plan::any(&mut chance), Plan::any(&mut chance)];
        let mut world = World::new(chance, plans, false);
        (0..DISTURBED).for_each(|_| world.operate(true).unwrap());
        world.trace()
    };
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

#[test]
fn each_sabotage_is_caught() {
    let mut unnoticed = Vec::new();
    // `FLOWCRATE_DEFECT` asks for one.
    let wanted = std::env::var("FLOWCRATE_DEFECT").unwrap_or_default();
    for defect in sabotage::DEFECTS.iter().filter(|defect| defect.contains(&wanted)) {
        match sabotage::with(defect, || (0..400).find(|seed| simulate(*seed, false).is_err())) {
            Some(seed) => println!("`{defect}`: noticed by seed {seed}"),
            None => unnoticed.push(defect),
        }
    }
    assert!(unnoticed.is_empty(), "nobody noticed {unnoticed:?}");
}

/// How many seeds are simulated over files, for so many over memory.
const OVER_FILES: u64 = 20;

#[test]
fn every_invariant_holds_over_files() {
    for seed in seeds(SEEDS) {
        if seeds(SEEDS).count() > 1 && !seed.is_multiple_of(OVER_FILES) {
            continue;
        }
        if let Err(broken) = simulate(seed, true) {
            panic!("seed {seed} over a file: {broken}\nagain: FLOWCRATE_SEED={seed} and this test");
        }
    }
}

#[test]
fn each_sabotage_of_files_is_caught() {
    // What overtakes a large value does no harm to what is driven by one worker: the file's own
    // tests see to that.
    for defect in sabotage::OF_FILES.iter().filter(|defect| defect.contains("blob")) {
        // What cannot be read fails the test by a panic.
        let fails = |seed: &u64| {
            let simulated = std::panic::catch_unwind(|| simulate(*seed, true));
            !matches!(simulated, Ok(Ok(_)))
        };
        let noticed = sabotage::with(defect, || (0..40).find(fails));
        println!("`{defect}`: noticed by seed {noticed:?}");
        assert!(noticed.is_some(), "nobody noticed `{defect}`");
    }
}

//! Each defect that is planted in the compiler is noticed (design 10.8): by the lowering's own
//! proofs, by the model of the language, or where compiled code and interpreter part. Golden files
//! do not count.
//!
//! `FLOWCRATE_PLANTED=12` compiles so many graphs for each defect of the emitter, in place of 3.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use flowcrate_codegen::planted::{EMITTED, LOWERED, with};
use flowcrate_plugins::Actions;
use flowcrate_scripted::{Attempt, CallAction, End};
use flowcrate_server::interpret::Plan;
use flowcrate_tests::batch::{self, Member};
use flowcrate_tests::model::{self, Played, Script, compare::differences};
use flowcrate_tests::random::{Case, case};
use interpreted::{Bench, entries, number, on_large_stack, play, told};
use serde_json::{Value, json};

#[path = "support/interpreted.rs"]
mod interpreted;

/// The first number of the cases that are written by hand.
const WRITTEN: u64 = 1 << 40;

/// A case in which model and interpreter agree, as long as nothing is planted.
struct Sound {
    seed: u64,
    case: Case,
    plan: Arc<Plan>,
    played: Played,
}

/// Graphs for defects that few random ones meet: items side by side of which one fails, a loop that
/// comes to its limit, and a step that is too slow, whatever it tries.
fn written() -> Vec<Case> {
    let graph = |name: &str, nodes: Value, edges: Value| {
        let script =
            Script { trigger: "start".to_owned(), payload: json!({}), ..Script::default() };
        let graph = json!({ "format": 1, "name": name, "nodes": nodes, "edges": edges });
        Case { graph, script }
    };
    let start = json!({ "id": "start", "data": { "label": "Start", "kind": "manual@1" } });
    let items = json!([start, { "id": "each", "data": {
        "label": "Each", "kind": "for_each@1", "result": "{{ item }}",
        "config": { "concurrency": 3, "on_item_error": "skip" }, "inputs": { "items": [0, 1, 2] },
    } }, { "id": "odd", "parentId": "each", "data": {
        "label": "Odd", "kind": "condition@1", "inputs": { "condition": "{{ item == 1 }}" },
    } }, { "id": "fall", "parentId": "each", "data": {
        "label": "Fall", "kind": "fail@1", "inputs": { "code": "odd", "message": "an odd one" },
    } }, { "id": "rest", "parentId": "each", "data": {
        "label": "Rest", "kind": "wait@1", "inputs": { "duration": "{{ duration('100ms') * (index + 1) }}" },
    } }]);
    let inner = json!([
        { "id": "e1", "source": "start", "target": "each" },
        { "id": "e2", "source": "odd", "sourceHandle": "true", "target": "fall" },
        { "id": "e3", "source": "odd", "sourceHandle": "false", "target": "rest" },
    ]);
    let rounds = json!([start, { "id": "turns", "data": {
        "label": "Turns", "kind": "while@1", "result": "{{ loops.turns.state + 1 }}",
        "config": { "max_iterations": 3 },
        "inputs": { "init": 0, "condition": "{{ loops.turns.state < 5 }}" },
    } }, { "id": "nap", "parentId": "turns", "data": {
        "label": "Nap", "kind": "wait@1", "inputs": { "duration": "10ms" },
    } }]);
    let only = json!([{ "id": "e1", "source": "start", "target": "turns" }]);
    let slow = json!([start, { "id": "slow", "data": {
        "label": "Slow", "kind": "scripted.call@1", "inputs": { "count": 1 },
        "policy": { "max_attempts": 3, "timeout": "1s", "initial": "100ms", "factor": 3, "jitter": false },
    } }]);
    let mut slow =
        graph("slow", slow, json!([{ "id": "e1", "source": "start", "target": "slow" }]));
    let attempt = Attempt { takes: 5_000, end: End::Answer(1), beats: Vec::new() };
    slow.script.world.steps.insert("slow".to_owned(), vec![vec![attempt]]);
    vec![graph("items", items, inner), graph("rounds", rounds, only), slow]
}

fn sound(bench: &Bench, seeds: std::ops::Range<u64>) -> impl Iterator<Item = Sound> {
    let random = seeds.map(|seed| (seed, case(seed)));
    (WRITTEN..).zip(written()).chain(random).filter_map(|(seed, case)| {
        let plan = bench.plan(&case.graph).ok()?;
        let played = model::play(&case.graph, &case.script);
        let known = played.unknown.is_empty() && played.doubts.is_empty();
        known.then_some(Sound { seed, case, plan, played })
    })
}

/// How a defect of the lowering was noticed, and how often.
#[derive(Debug, Default)]
struct Noticed {
    /// `ir::verify` or translation validation refused the program.
    refused: usize,
    /// Translation validation threw the structure away, and what took its place is right.
    replaced: usize,
    /// A run differs from the model's.
    differs: usize,
    /// Another program that does the same.
    harmless: usize,
}

impl Noticed {
    fn times(&self) -> usize {
        self.refused + self.replaced + self.differs
    }

    fn look(&mut self, bench: &Bench, sound: &Sound, defect: &'static str) {
        let planned =
            catch_unwind(AssertUnwindSafe(|| with(defect, || bench.plan(&sound.case.graph))));
        let Ok((planned, replaced)) = planned else {
            panic!("seed {}: a panic of the compiler with {defect:?}", sound.seed)
        };
        let plan = match planned {
            Ok(plan) => plan,
            Err(found) => {
                assert!(found.iter().all(|found| found.starts_with("E901")), "{found:?}");
                self.refused += 1;
                return;
            }
        };
        if plan.ir.to_string() == sound.plan.ir.to_string() {
            return;
        }
        let ran = catch_unwind(AssertUnwindSafe(|| play(&sound.case, plan)));
        let right = ran.is_ok_and(|ran| {
            ran.is_ok_and(|(run, journal)| differences(&sound.played, &run, &journal).is_empty())
        });
        if replaced > 0 {
            assert!(right, "seed {}: what is put in place with {defect:?} is wrong", sound.seed);
            self.replaced += 1;
        } else if right {
            self.harmless += 1;
        } else {
            self.differs += 1;
        }
    }
}

#[test]
fn each_defect_of_the_lowering_is_noticed() {
    on_large_stack(|| {
        let bench = Bench::new(Actions::default().with(CallAction));
        let mut found: BTreeMap<&str, Noticed> = BTreeMap::new();
        assert!(sound(&bench, 0..0).count() == written().len(), "the written ones are sound");
        for sound in sound(&bench, 0..400) {
            let open = |defect: &&&'static str| {
                found.get(**defect).is_none_or(|noticed| noticed.times() < 3)
            };
            let open: Vec<&'static str> = LOWERED.iter().filter(open).copied().collect();
            if open.is_empty() {
                break;
            }
            for defect in open {
                found.entry(defect).or_default().look(&bench, &sound, defect);
            }
        }
        for (defect, noticed) in &found {
            println!("{defect}: {noticed:?}");
        }
        let missed: Vec<_> = found.iter().filter(|(_, noticed)| noticed.times() == 0).collect();
        assert!(missed.is_empty() && found.len() == LOWERED.len(), "nobody notices {missed:?}");
    });
}

/// A graph whose code a defect changes.
struct Changed {
    defect: &'static str,
    sound: Sound,
    member: Member,
}

fn member(sound: &Sound) -> Member {
    let Sound { case, plan, .. } = sound;
    let input = plan.input(&case.script.trigger, case.script.payload.clone());
    Member::new(&plan.checked, &plan.ir, input, case.script.clone())
}

/// For each defect some graphs whose code it changes, with more than a step or two in their runs.
fn changed(bench: &Bench, each: usize) -> Vec<Changed> {
    let mut found: Vec<Changed> = Vec::new();
    for sound in sound(bench, 0..1_500) {
        if sound.played.journal.len() < 3 && sound.seed < WRITTEN {
            continue;
        }
        let clean = member(&sound);
        let open = |defect: &&'static str| {
            found.iter().filter(|changed| changed.defect == *defect).count() < each
        };
        let open: Vec<&'static str> = EMITTED.iter().copied().filter(open).collect();
        if open.is_empty() {
            break;
        }
        for defect in open {
            let (mut member, _) = with(defect, || member(&sound));
            if member.emitted != clean.emitted {
                let number = EMITTED.iter().position(|known| *known == defect).unwrap();
                member.name = format!("{}_{number}", member.name);
                let Sound { seed, case, plan, played } = &sound;
                let sound = Sound {
                    seed: *seed,
                    case: case.clone(),
                    plan: Arc::clone(plan),
                    played: played.clone(),
                };
                found.push(Changed { defect, sound, member });
            }
        }
    }
    found
}

#[test]
fn each_defect_of_the_emitter_is_noticed() {
    on_large_stack(|| {
        let bench = Bench::new(Actions::default().with(CallAction));
        let each = number("FLOWCRATE_PLANTED").and_then(|each| usize::try_from(each).ok());
        let changed = changed(&bench, each.unwrap_or(6));
        let members: Vec<Member> = changed.iter().map(|changed| changed.member.clone()).collect();
        let batch::Outcome { ran, refused } = batch::run("planted", &members, false).unwrap();
        // So many runs that differ, that rustc refuses, and that are the same.
        let mut noticed: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
        for Changed { defect, sound, member } in &changed {
            let counts = noticed.entry(defect).or_default();
            let Some(theirs) = ran.get(&member.name) else {
                assert!(refused.contains_key(&member.name), "{} was lost", member.name);
                counts.1 += 1;
                continue;
            };
            let theirs = entries(&told(&theirs.run, &theirs.journal));
            let (run, journal) = play(&sound.case, Arc::clone(&sound.plan)).unwrap();
            if entries(&told(&run, &journal)) == theirs {
                counts.2 += 1;
            } else {
                counts.0 += 1;
            }
        }
        for (defect, (differ, refused, same)) in &noticed {
            println!("{defect}: {differ} runs differ, rustc refuses {refused}, {same} do the same");
        }
        let missed =
            |defect: &&&str| noticed.get(**defect).is_none_or(|found| found.0 + found.1 == 0);
        let missed: Vec<&&str> = EMITTED.iter().filter(missed).collect();
        assert!(missed.is_empty(), "nobody notices {missed:?}");
    });
}

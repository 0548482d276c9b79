//! Changes without a meaning change nothing (design 10.5): orderings and places not a byte of the
//! emitted crate, other names and shapes not what a run does.
//!
//! `FLOWCRATE_GRAPHS=20000` tries more random graphs, `FLOWCRATE_SEED=7` one alone, and shows it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use flowcrate_codegen::package::{CrateFile, Support};
use flowcrate_codegen::{Callees, Known, compile};
use flowcrate_plugins::Actions;
use flowcrate_scripted::CallAction;
use flowcrate_tests::fixtures::{self, callees, examples, root, running};
use flowcrate_tests::metamorphic::{Change, Changed, moved, scrambled};
use flowcrate_tests::model::{self, Event, Script};
use flowcrate_tests::random::{Case, Rng, case};
use interpreted::{Bench, entries, number, on_large_stack, play, told};
use serde_json::Value;

#[path = "support/interpreted.rs"]
mod interpreted;

fn seeds(default: u64) -> std::ops::Range<u64> {
    let several = 0..number("FLOWCRATE_GRAPHS").unwrap_or(default);
    number("FLOWCRATE_SEED").map_or(several, |seed| seed..seed + 1)
}

/// A document, and the workflows that it calls.
struct Document {
    name: String,
    graph: Vec<u8>,
    callees: Callees,
}

/// All documents of fixtures and examples, also those that do not compile.
fn documents() -> Vec<Document> {
    let ready = running().into_iter().chain(examples());
    let mut documents: Vec<Document> = ready
        .map(|fixtures::Fixture { name, graph, callees, .. }| Document { name, graph, callees })
        .collect();
    for kind in ["pass", "fail"] {
        let folder = root().join("tests/fixtures").join(kind);
        for entry in std::fs::read_dir(folder).unwrap() {
            let folder = entry.unwrap().path();
            let graph = std::fs::read(folder.join("graph.json")).unwrap();
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { name, graph, callees: callees(&folder) });
        }
    }
    documents
}

/// What a document compiles to, but for the copy of it that lies beside; else the codes of what was
/// found: messages name places in the document, and the later one of two nodes.
fn compiled(source: &[u8], known: Known<'_>) -> Result<BTreeMap<String, CrateFile>, Vec<String>> {
    let compiled = compile(source, known, &Support::Vendored);
    if let Some(mut files) = compiled.files {
        files.files.remove("graph.json");
        return Ok(files.files);
    }
    let mut found: Vec<String> =
        compiled.diagnostics.into_iter().map(|found| found.code.to_owned()).collect();
    found.sort();
    Err(found)
}

/// The names of the files that differ, or what was found.
fn difference(
    one: &Result<BTreeMap<String, CrateFile>, Vec<String>>,
    other: &Result<BTreeMap<String, CrateFile>, Vec<String>>,
) -> String {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let differs = |name: &&String| one.get(*name) != other.get(*name);
            let names: Vec<&String> = one.keys().chain(other.keys()).filter(differs).collect();
            let Some(name) = names.first() else { return String::new() };
            let text = |files: &BTreeMap<String, CrateFile>| {
                let file = files.get(*name).map(|file| file.bytes.as_slice()).unwrap_or_default();
                String::from_utf8_lossy(file).into_owned()
            };
            let (one, other) = (text(one), text(other));
            let lines = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            format!("{names:?} differ, first {lines:?}")
        }
        (one, other) => format!("{:?} against {:?}", one.as_ref().err(), other.as_ref().err()),
    }
}

#[test]
fn orders_and_places_change_no_byte_of_a_fixture() {
    let catalogue = flowcrate_plugins::catalogue();
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for Document { name, graph, callees } in documents() {
        let Ok(document) = serde_json::from_slice::<Value>(&graph) else { continue };
        // What stands twice is lost as soon as it is read.
        if !document.is_object() || name == "e107_keys_written_twice" {
            continue;
        }
        let known = Known { catalogue: &catalogue, callees: &callees };
        let before = compiled(&graph, known);
        for seed in 0..6 {
            let mut rng = Rng::new(seed);
            let elsewhere = if seed % 2 == 0 && before.is_ok() {
                moved(&document, &mut rng)
            } else {
                document.clone()
            };
            let text = scrambled(&elsewhere, &mut rng);
            let after = compiled(text.as_bytes(), known);
            tried += 1;
            if before != after {
                wrong.push(format!("{name}, seed {seed}: {}", difference(&before, &after)));
                break;
            }
        }
    }
    println!("{tried} other orders");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 1_000, "only {tried} were tried");
}

#[test]
fn orders_and_places_change_no_byte_of_a_random_graph() {
    let catalogue = Actions::default().with(CallAction).catalogue();
    let (none, mut tried) = (Callees::new(), 0);
    for seed in seeds(100) {
        let case = case(seed);
        let known = Known { catalogue: &catalogue, callees: &none };
        let before = compiled(case.graph.to_string().as_bytes(), known);
        let mut rng = Rng::new(seed);
        for _ in 0..3 {
            let text = scrambled(&moved(&case.graph, &mut rng), &mut rng);
            let after = compiled(text.as_bytes(), known);
            assert!(before == after, "seed {seed}: {}", difference(&before, &after));
            tried += usize::from(before.is_ok());
        }
    }
    println!("{tried} other orders");
}

/// The same in the order of paths, without the own entries of a scope, and without what was
/// cancelled at the instant at which it began, or began where the run failed: it may as well not
/// have begun (S22).
fn sorted(told: &str, scope: Option<&str>) -> (Value, BTreeMap<String, Value>) {
    // The scope took the path of what it holds: that one is to stay.
    let mut whole: Value = serde_json::from_str(told).unwrap();
    let is_own = |entry: &Value| {
        let path = entry["path"].as_str().unwrap_or_default();
        entry["kind"] == "try@1" && path.rsplit('/').next() == scope
    };
    whole[1].as_array_mut().unwrap().retain(|entry| !is_own(entry));
    let (mut end, mut entries) = entries(&whole.to_string());
    let failed = end["state"] == "failed";
    if failed {
        end["response"] = Value::Null;
    }
    let ended_at = &end["ended_at"];
    entries.retain(|_, entry| {
        let at_once = entry["started_at"] == entry["ended_at"];
        let in_doubt = entry["status"] == "cancelled" || (failed && entry["ended_at"] == *ended_at);
        !(at_once && in_doubt)
    });
    (end, entries)
}

/// What came of one kind of change.
#[derive(Debug, Default)]
struct Tally {
    alike: usize,
    no_place: usize,
    refused: BTreeMap<String, usize>,
}

/// Applies a change, and compares; what was wrong.
fn try_change(
    bench: &Bench,
    (case, before): (&Case, &str),
    change: Change,
    seed: u64,
    tally: &mut Tally,
) -> Option<String> {
    let mut rng = Rng::new(seed ^ 0xabcd);
    // What is cancelled within a try with a `finally` has time to end first (S22, S23).
    let kept = match change {
        Change::Wrap => before.contains("\"cancelled\""),
        // What reads `any` is total only where it did not fail.
        Change::Catch | Change::Inline => before.contains("\"expression\""),
        _ => false,
    };
    let Some(changed) = change.apply(case, &mut rng).filter(|_| !kept) else {
        tally.no_place += 1;
        return None;
    };
    let after = match told_of(bench, &changed.case) {
        Ok(after) => after,
        Err(codes) => {
            let code = codes.first().cloned().unwrap_or_default();
            // What a rename makes is as good as what it was made of.
            if change == Change::Rename || change == Change::Negate {
                return Some(format!("{change:?} is refused: {code}"));
            }
            *tally.refused.entry(code.get(..4).unwrap_or_default().to_owned()).or_default() += 1;
            return None;
        }
    };
    let scope = changed.scope.as_deref();
    let ours = sorted(&changed.told_less(before), scope);
    let theirs = sorted(&changed.told_back(&after), scope);
    if ours == theirs {
        tally.alike += 1;
        return None;
    }
    let mut found = format!(
        "{change:?}: {} but {}
",
        ours.0, theirs.0
    );
    for path in ours.1.keys().chain(theirs.1.keys()) {
        let (ours, theirs) = (ours.1.get(path), theirs.1.get(path));
        if ours != theirs {
            writeln!(
                found,
                "{path}: {ours:?}
  but {theirs:?}"
            )
            .unwrap();
        }
    }
    let Changed { case, .. } = changed;
    Some(format!("{found}{:#}", case.graph))
}

/// What a run of the case does, as text.
fn told_of(bench: &Bench, case: &Case) -> Result<String, Vec<String>> {
    let (run, journal) = play(case, bench.plan(&case.graph)?).map_err(|error| vec![error])?;
    Ok(told(&run, &journal))
}

fn check_all(
    bench: &Bench,
    cases: impl Iterator<Item = (String, u64, Case)>,
) -> (BTreeMap<Change, Tally>, Vec<String>) {
    let (mut tallies, mut wrong) = (BTreeMap::<Change, Tally>::new(), Vec::new());
    for (name, seed, case) in cases {
        let Ok(before) = told_of(bench, &case) else { continue };
        let Some(renamed) = Change::Rename.apply(&case, &mut Rng::new(seed)) else { continue };
        for change in Change::ALL {
            let tally = tallies.entry(change).or_default();
            let found = if change == Change::Rename {
                try_change(bench, (&case, &before), change, seed, tally)
            } else {
                let Ok(before) = told_of(bench, &renamed.case) else { continue };
                try_change(bench, (&renamed.case, &before), change, seed, tally)
            };
            wrong.extend(found.map(|found| format!("{name}: {found}")));
        }
    }
    for (change, tally) in &tallies {
        println!("{change:?}: {tally:?}");
    }
    (tallies, wrong)
}

fn few(wrong: &[String]) -> String {
    wrong[..wrong.len().min(3)].join("\n\n")
}

#[test]
fn a_random_graph_in_other_words_does_the_same() {
    on_large_stack(|| {
        let bench = Bench::new(Actions::default().with(CallAction));
        let cases = seeds(300).filter_map(|seed| {
            let case = case(seed);
            if number("FLOWCRATE_SEED").is_some() {
                println!("{:#}", case.graph);
            }
            // Where the page leaves several courses open, another name may take another.
            let played = model::play(&case.graph, &case.script);
            played.doubts.is_empty().then(|| (format!("seed {seed}"), seed, case))
        });
        let (tallies, wrong) = check_all(&bench, cases);
        assert!(wrong.is_empty(), "{} differ: {}", wrong.len(), few(&wrong));
        if number("FLOWCRATE_SEED").is_some() {
            return;
        }
        for (change, tally) in &tallies {
            let refused: usize = tally.refused.values().sum();
            assert!(tally.alike > 4 * refused, "{change:?} is refused too often: {tally:?}");
        }
        let alike: usize = tallies.values().map(|tally| tally.alike).sum();
        let wanted = usize::try_from(3 * seeds(300).end).unwrap();
        assert!(alike > wanted, "only {alike} were compared");
        assert!(tallies.values().all(|tally| tally.alike > 0), "{tallies:?}");
    });
}

/// Fixtures that core kinds alone play, in one way: time is virtual, and nobody is called.
fn played_alone() -> impl Iterator<Item = (String, u64, Case)> {
    let fixtures = running().into_iter().filter(|fixture| {
        let text = String::from_utf8_lossy(&fixture.graph);
        !fixture.folder.join("workflows").exists()
            && !text.contains("http.")
            && !text.contains("custom@1")
    });
    fixtures.flat_map(|fixture| {
        let graph: Value = serde_json::from_slice(&fixture.graph).unwrap();
        let events = fixture.json("events.json");
        let event = |(at, event): (u64, &Value)| Event {
            at,
            name: event["event"].as_str().unwrap_or_default().to_owned(),
            key: event["key"].as_str().map(str::to_owned),
            payload: event["payload"].clone(),
        };
        let events = events.as_array().into_iter().flatten();
        let events = (1..).zip(events).map(event).collect();
        let is_trigger = |node: &&Value| {
            ["manual@1", "webhook@1", "schedule@1"].iter().any(|kind| node["data"]["kind"] == *kind)
        };
        let input = fixture.json("input.json");
        let mut triggers: Vec<&Value> =
            graph["nodes"].as_array().unwrap().iter().filter(is_trigger).collect();
        // Of several triggers the input names the one.
        let named = |node: &&Value| input.get(node["id"].as_str().unwrap_or_default()).is_some();
        let several = triggers.len() > 1;
        if several {
            triggers.retain(named);
        }
        let trigger = triggers[0]["id"].as_str().unwrap_or_default().to_owned();
        let payload = if several { input[&trigger].clone() } else { input };
        let script = Script { trigger, payload, events, ..Script::default() };
        let doubtful = !model::play(&graph, &script).doubts.is_empty();
        let case = Case { graph, script };
        (0..if doubtful { 0 } else { 6 })
            .map(move |seed| (fixture.name.clone(), seed, case.clone()))
    })
}

#[test]
fn a_fixture_in_other_words_does_the_same() {
    on_large_stack(|| {
        let bench = Bench::new(flowcrate_plugins::actions());
        let (tallies, wrong) = check_all(&bench, played_alone());
        assert!(wrong.is_empty(), "{} differ: {}", wrong.len(), few(&wrong));
        let alike: usize = tallies.values().map(|tally| tally.alike).sum();
        assert!(alike > 100, "only {alike} were compared");
    });
}

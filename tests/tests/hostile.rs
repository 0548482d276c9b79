//! Hostile input (S42, design 10.6): whatever stands in a document, no stage panics, what is emitted
//! parses, and the user's words are only where words may be.
//!
//! `FLOWCRATE_HOSTILE=50` makes every test so many times as long. There is no fuzzer that is led by
//! coverage: that needs a nightly toolchain. The long mode tries more seeds instead.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::check_source_types;
use flowcrate_codegen::package::{CrateFiles, Support};
use flowcrate_codegen::{Callees, Compiled, Diagnostic, Known, compile};
use flowcrate_plugins::Actions;
use flowcrate_scripted::CallAction;
use flowcrate_tests::fixtures::{callees, examples, root, running};
use flowcrate_tests::hostile::{self, MARK, Place, faults, mutate, places, plant};
use flowcrate_tests::random::{Rng, case};
use serde_json::{Value, json};

struct Document {
    name: String,
    graph: Vec<u8>,
    callees: Callees,
}

impl Document {
    fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.graph).ok()
    }
}

/// How many times as long as in CI.
fn times() -> u64 {
    std::env::var("FLOWCRATE_HOSTILE").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

fn catalogue() -> Catalogue {
    flowcrate_plugins::actions().with(CallAction).catalogue()
}

/// Fixtures, examples and some random graphs.
fn documents(random: u64) -> Vec<Document> {
    let mut documents: Vec<Document> = running()
        .into_iter()
        .chain(examples())
        .map(|fixture| Document {
            name: fixture.name,
            graph: fixture.graph,
            callees: fixture.callees,
        })
        .collect();
    for kind in ["pass", "fail"] {
        let folder = root().join("tests/fixtures").join(kind);
        let mut folders: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders {
            let graph = std::fs::read(folder.join("graph.json")).unwrap();
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            documents.push(Document { name, graph, callees: callees(&folder) });
        }
    }
    documents.extend((0..random).map(|seed| Document {
        name: format!("seed {seed}"),
        graph: case(seed).graph.to_string().into_bytes(),
        callees: Callees::new(),
    }));
    documents
}

/// Compiles; what must hold of what comes of it, or why it does not.
fn judged(source: &[u8], known: Known<'_>) -> Result<Option<CrateFiles>, String> {
    let text = || String::from_utf8_lossy(&source[..source.len().min(20_000)]).into_owned();
    let compiled = catch_unwind(|| compile(source, known, &Support::Vendored));
    let Ok(Compiled { files, diagnostics }) = compiled else {
        return Err(format!("a panic: {}", text()));
    };
    let mut wrong: Vec<String> = diagnostics.iter().filter_map(misspoken).collect();
    let errors = diagnostics.iter().any(Diagnostic::is_error);
    if errors == files.is_some() {
        wrong.push(format!("errors and files, or neither: {diagnostics:?}"));
    }
    if let Some(files) = &files {
        wrong.extend(faults(files));
        for (path, file) in &files.files {
            let text = std::str::from_utf8(&file.bytes).unwrap_or_default();
            let error = match path.rsplit('.').next() {
                Some("rs") => syn::parse_file(text).err().map(|error| error.to_string()),
                Some("toml") => {
                    toml::from_str::<toml::Table>(text).err().map(|error| error.to_string())
                }
                _ => None,
            };
            wrong.extend(error.map(|error| format!("{path} does not parse: {error}")));
        }
    }
    if wrong.is_empty() { Ok(files) } else { Err(format!("{wrong:#?}\n{}", text())) }
}

/// A diagnostic that is our bug, endless, or a trap for a terminal.
fn misspoken(found: &Diagnostic) -> Option<String> {
    let texts = [Some(&found.message), found.help.as_ref()];
    let deceives =
        |c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let wrong = found.code == "E901"
        || texts.into_iter().flatten().any(|text| text.contains(deceives) || text.len() > 3_000);
    wrong.then(|| {
        let message: String = found.message.chars().take(600).collect();
        format!("{} {message:?} {:?}", found.code, found.help.as_ref().map(|help| help.get(..300)))
    })
}

/// Each place of each document gets a hostile text; those that the checker lets stand all stand in
/// one graph, which is compiled.
#[test]
fn hostile_text_in_every_place_stays_text() {
    let catalogue = catalogue();
    let (mut tried, mut stood, mut compiled) = (0, 0, 0);
    let mut keys = BTreeSet::new();
    for (number, document) in (0..).zip(documents(40 * times())) {
        let Some(value) = document.value() else { continue };
        let known = Known { catalogue: &catalogue, callees: &document.callees };
        for round in 0..times() {
            let mut rng = Rng::new(number * 1_000 + round);
            let mut all = value.clone();
            for place in places(&value) {
                let text = hostile::text(&mut rng);
                let (Place::Value(at) | Place::Key(at)) = &place;
                let last = at.rsplit('/').next().unwrap_or_default().to_owned();
                // The rest of a large document is tried by other seeds, but for what is rare.
                if rng.below(100) >= 10 && !["equals", "condition"].contains(&&*last) {
                    continue;
                }
                tried += 1;
                let before = all.clone();
                plant(&mut all, &place, text);
                let report = check_source_types(all.to_string().as_bytes(), known);
                if report.checked.is_some() {
                    stood += 1;
                    keys.insert(last);
                } else {
                    let wrong: Vec<String> =
                        report.diagnostics.iter().filter_map(misspoken).collect();
                    assert!(wrong.is_empty(), "{}: {place:?} {wrong:?}", document.name);
                    all = before;
                }
            }
            match judged(all.to_string().as_bytes(), known) {
                Ok(files) => compiled += usize::from(files.is_some()),
                Err(wrong) => panic!("{}: {wrong}", document.name),
            }
        }
    }
    println!("{tried} places, {stood} stood in {compiled} crates, as {keys:?}");
    assert!(tried > 2_000 && stood > 500 && compiled > 100, "{tried}, {stood}, {compiled}");
    for key in ["label", "description", "name", "message", "value", "equals", "condition"] {
        assert!(keys.contains(key), "no hostile text stood as `{key}`");
    }
}

/// Labels, descriptions and texts of every document, which nothing refuses.
#[test]
fn every_hostile_text_is_only_a_label() {
    let catalogue = catalogue();
    let mut compiled = 0;
    for (number, document) in (0..).zip(documents(20)) {
        let Some(mut value) = document.value() else { continue };
        let mut rng = Rng::new(number);
        if !value.is_object() {
            continue;
        }
        value["description"] = hostile::text(&mut rng).into();
        for node in value["nodes"].as_array_mut().into_iter().flatten() {
            if node["data"].is_object() {
                node["data"]["label"] = hostile::text(&mut rng).into();
                node["data"]["description"] = hostile::text(&mut rng).into();
            }
        }
        let known = Known { catalogue: &catalogue, callees: &document.callees };
        match judged(value.to_string().as_bytes(), known) {
            Ok(files) => compiled += usize::from(files.is_some()),
            Err(wrong) => panic!("{}: {wrong}", document.name),
        }
    }
    assert!(compiled > 100, "only {compiled} compile");
}

/// A megabyte in each kind of place.
#[test]
fn a_megabyte_of_text_is_no_harm() {
    let catalogue = catalogue();
    let mut kinds: BTreeMap<String, (usize, Place)> = BTreeMap::new();
    let documents = documents(0);
    for (number, document) in documents.iter().enumerate() {
        for place in document.value().iter().flat_map(places) {
            let (Place::Value(at) | Place::Key(at)) = &place;
            let words: Vec<&str> =
                at.split('/').filter(|word| word.parse::<usize>().is_err()).collect();
            let kind = words[words.len().saturating_sub(2)..].join("/");
            kinds.entry(kind).or_insert((number, place));
        }
    }
    let large = format!("{MARK} \"{{}}\" ").repeat(1_000_000 / 10);
    let step = if times() > 1 { 1 } else { 40 };
    let (mut tried, mut stood) = (0, 0);
    for (number, place) in kinds.into_values().step_by(step) {
        let document = &documents[number];
        let mut value = document.value().unwrap();
        plant(&mut value, &place, &large);
        let known = Known { catalogue: &catalogue, callees: &document.callees };
        tried += 1;
        match judged(value.to_string().as_bytes(), known) {
            Ok(files) => stood += usize::from(files.is_some()),
            Err(wrong) => {
                panic!("{} {place:?}: {}", document.name, wrong.get(..3_000).unwrap_or(&wrong))
            }
        }
    }
    println!("{stood} of {tried} megabytes stood");
    assert!(tried > 20 && stood > 3, "{stood} of {tried}");
}

/// Expressions that are as deep, or as long, as a document lets them be.
#[test]
fn endless_expressions_are_refused_or_compiled() {
    let catalogue = Actions::default().catalogue();
    let none = Callees::new();
    let known = Known { catalogue: &catalogue, callees: &none };
    let shapes: [(&str, &str, &str); 18] = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{'a':", "1", "}"),
        ("-", "1", ""),
        ("not ", "true", ""),
        ("1 + ", "1", ""),
        ("1 ~ ", "1", ""),
        ("1 ** ", "1", ""),
        ("true and ", "true", ""),
        ("1 if true else ", "1", ""),
        ("", "1", " if true else 1"),
        ("", "'a'", "|upper"),
        ("", "trigger", ".a"),
        ("", "trigger", "[0]"),
        ("", "1", "|default(1)"),
        ("first_of(", "1", ")"),
        ("1 if (", "true", ") else 2"),
        ("1, ", "1", ""),
    ];
    for (before, inner, after) in shapes {
        for count in [40, 150, 1_000, 60_000] {
            let text = format!("{}{inner}{}", before.repeat(count), after.repeat(count));
            let text = if before == "1, " { format!("[{text}]") } else { text };
            let graph = json!({ "format": 1, "name": "deep", "nodes": [
                { "id": "start", "data": { "kind": "manual@1", "config": { "schema": {} } } },
                { "id": "end", "data": { "kind": "return@1", "inputs": {
                    "value": format!("{{{{ {text} }}}}"),
                } } },
            ], "edges": [{ "id": "e", "source": "start", "target": "end" }] });
            if let Err(wrong) = judged(graph.to_string().as_bytes(), known) {
                panic!("{count} of {before}{after}: {}", wrong.get(..3_000).unwrap_or(&wrong));
            }
        }
    }
}

#[test]
fn mutated_documents_never_panic_in_any_stage() {
    let catalogue = catalogue();
    let (mut tried, mut passed) = (0, 0);
    let rounds = 20 * times();
    for document in documents(60) {
        let known = Known { catalogue: &catalogue, callees: &document.callees };
        for seed in 0..rounds {
            let mut rng = Rng::new(seed.wrapping_mul(0x9E37_79B9) ^ document.graph.len() as u64);
            let mut bytes = document.graph.clone();
            match document.value() {
                Some(mut value) if seed % 4 != 0 => {
                    for _ in 0..=rng.below(4) {
                        mutate(&mut value, &mut rng);
                    }
                    bytes = value.to_string().into_bytes();
                }
                Some(_) | None => {
                    for _ in 0..=rng.below(3) {
                        let place = rng.below(bytes.len());
                        if let Some(byte) = bytes.get_mut(place) {
                            *byte = u8::try_from(rng.below(256)).unwrap();
                        }
                    }
                }
            }
            tried += 1;
            match judged(&bytes, known) {
                Ok(files) => passed += usize::from(files.is_some()),
                Err(wrong) => panic!("{} seed {seed}: {wrong}", document.name),
            }
        }
    }
    println!("{passed} of {tried} documents still pass");
    assert!(passed > 100, "only {passed} of {tried} documents still pass");
}

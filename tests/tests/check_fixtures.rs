//! Fixtures of the check stage: each folder below `fixtures/fail` and `fixtures/pass` holds a
//! `graph.json` and the `expected.json` that checking it gives.
//!
//! Adding a case adds no Rust: make a folder named after the rule that it shows, put the graph in,
//! run with `UPDATE_FIXTURES=1` and read what was written.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../../codegen/tests/fixtures/checked.rs"]
mod checked;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::check_source_types;
use flowcrate_codegen::diagnostic::{CODES, Severity, explain, patched};
use flowcrate_codegen::emit::emit;
use flowcrate_codegen::graph::limits::{MAX_BYTES, MAX_EDGES, MAX_NODES};
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::{Callees, Known};
use flowcrate_plugins::Actions;
use flowcrate_scripted::CallAction;
use flowcrate_tests::fixtures::callees;
use serde_json::{Value, json};

/// Codes whose graphs are too large for a folder (E102, E105), that need an action with a record
/// within its input, which we do not have (E305, E306; tests of the expression checker show
/// them), that speak of a crate's folder (W701, `regenerate.rs`), or that no graph shows.
const WITHOUT_FOLDER: [&str; 6] = ["E102", "E105", "E305", "E306", "E901", "W701"];

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind);
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn catalogue() -> Catalogue {
    flowcrate_plugins::catalogue()
}

fn known<'c>(catalogue: &'c Catalogue, callees: &'c Callees) -> Known<'c> {
    Known { catalogue, callees }
}

/// Compares with `expected.json`, or writes it.
fn compare(folder: &Path, seen: &Value, wrong: &mut Vec<String>) {
    let path = folder.join("expected.json");
    let text = format!("{seen:#}\n");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(path, text).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != text {
        wrong.push(format!("{}\n--- expected\n{expected}--- found\n{text}", folder.display()));
    }
}

/// The compiler's package depends on no plugin; its own tests compile with what is recorded of them.
/// So do random graphs there, whose steps are scripted.
#[test]
fn the_catalogues_are_as_recorded() {
    let scripted = Actions::default().with(CallAction).catalogue();
    let recorded = [
        ("../codegen/tests/catalogue.json", catalogue()),
        ("../codegen/tests/scripted.json", scripted),
    ];
    for (path, catalogue) in recorded {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = serde_json::to_string_pretty(&catalogue).unwrap() + "\n";
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert!(fs::read_to_string(&path).ok() == Some(text), "{} differs", path.display());
    }
}

#[test]
fn fixtures_are_found_as_expected() {
    let catalogue = catalogue();
    let mut wrong = Vec::new();
    for kind in ["fail", "pass"] {
        for folder in fixtures(kind) {
            let source = fs::read(folder.join("graph.json")).unwrap();
            let callees = callees(&folder);
            let report = check_source_types(&source, known(&catalogue, &callees));
            let errors = report.diagnostics.iter().filter(|found| found.is_error()).count();
            assert_eq!(report.checked.is_some(), errors == 0, "{}", folder.display());
            if (kind == "pass") != (errors == 0) {
                wrong.push(format!(
                    "{} has {errors} errors: {:#?}",
                    folder.display(),
                    report.diagnostics
                ));
            }
            compare(&folder, &checked::seen(&report), &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn diagnostics_keep_the_house_rules() {
    let catalogue = catalogue();
    for folder in fixtures("fail").into_iter().chain(fixtures("pass")) {
        let source = fs::read(folder.join("graph.json")).unwrap();
        let callees = callees(&folder);
        let report = check_source_types(&source, known(&catalogue, &callees));
        for found in &report.diagnostics {
            let name = folder.display();
            let known = CODES.iter().find(|code| code.id == found.code);
            let known = known.unwrap_or_else(|| panic!("{name}: {} is in no table", found.code));
            assert_eq!(known.severity, found.severity, "{name}: {found:?}");
            assert!(!found.message.ends_with('.'), "{name}: a full stop: {found:?}");
            let shown = [Some(&found.message), found.help.as_ref()];
            let hidden = |text: &&String| text.contains(['\n', '\u{1b}', '\u{202e}', '\0']);
            assert!(!shown.iter().flatten().any(hidden), "{name}: not what it shows: {found:?}");
            assert!(found.message.len() < 2_000, "{name}: far too long: {found:?}");
            let first = found.message.chars().next().unwrap();
            assert!(
                !first.is_uppercase() || found.message.starts_with("JSON"),
                "{name}: {found:?}"
            );
            assert!(found.help.is_some() || found.fix.is_some(), "{name}: no help: {found:?}");
        }
        let mut sorted = report.diagnostics.clone();
        flowcrate_codegen::diagnostic::sort(&mut sorted);
        assert_eq!(sorted, report.diagnostics, "{}", folder.display());
    }
}

#[test]
fn every_code_has_its_page_and_its_fixture() {
    let catalogue = catalogue();
    let mut shown: BTreeSet<&str> = BTreeSet::from(WITHOUT_FOLDER);
    for folder in fixtures("fail").into_iter().chain(fixtures("pass")) {
        let source = fs::read(folder.join("graph.json")).unwrap();
        let callees = callees(&folder);
        let report = check_source_types(&source, known(&catalogue, &callees));
        shown.extend(report.diagnostics.iter().map(|found| found.code));
    }
    for code in CODES {
        let page = explain(code.id).unwrap();
        assert!(page.starts_with(&format!("# {}: {}\n", code.id, code.title)), "{}", code.id);
        for part in ["\n## Why\n", "\n## Wrong\n", "\n## Right\n"] {
            assert!(page.contains(part), "the page of {} lacks {part:?}", code.id);
        }
        assert_eq!(code.severity == Severity::Warning, code.id.starts_with('W'), "{}", code.id);
        // Codes of the importer have their fixtures beside it.
        let imported = code.id.get(1..2) == Some("6");
        assert!(imported || shown.contains(code.id), "no fixture shows {}", code.id);
    }
}

#[test]
fn documents_over_the_limits_are_refused() {
    let codes = |source: &[u8]| -> Vec<&str> {
        let report = check_source_types(source, &catalogue());
        assert!(report.checked.is_none());
        report.diagnostics.iter().map(|found| found.code).collect()
    };
    assert_eq!(codes(&vec![b' '; MAX_BYTES + 1]), ["E102"]);
    let node = json!({"id": "x", "data": {"kind": "note@1"}});
    let nodes = json!({"name": "many", "nodes": vec![node; MAX_NODES + 1], "edges": []});
    assert_eq!(codes(nodes.to_string().as_bytes()), ["E105"]);
    let edge = json!({"source": "a", "target": "b"});
    let edges = json!({"name": "many", "nodes": [], "edges": vec![edge; MAX_EDGES + 1]});
    assert_eq!(codes(edges.to_string().as_bytes()), ["E105"]);
}

#[test]
fn a_document_at_the_limit_is_read() {
    // One label of nearly 16 MiB: messages must not repeat it.
    let label = "x".repeat(MAX_BYTES - 1_000);
    let document = json!({"name": "large", "nodes": [
        {"id": "start", "data": {"kind": "nothing@1", "label": label}},
    ], "edges": []});
    let report = check_source_types(document.to_string().as_bytes(), &catalogue());
    let message = &report.diagnostics[0].message;
    assert!(message.len() < 500, "{}", message.len());
}

/// Every fix that a fixture offers: it fits, it leaves the rest of the text alone, the finding is
/// gone, and where that was the only error the graph compiles.
#[test]
fn a_fix_mends_what_it_is_for() {
    let catalogue = catalogue();
    let (mut fixes, mut compiled, mut codes) = (0, 0, BTreeSet::new());
    for folder in fixtures("fail").into_iter().chain(fixtures("pass")) {
        let Ok(source) = fs::read_to_string(folder.join("graph.json")) else { continue };
        let callees = callees(&folder);
        let known = known(&catalogue, &callees);
        let report = check_source_types(source.as_bytes(), known);
        let errors = report.diagnostics.iter().filter(|found| found.is_error()).count();
        for found in &report.diagnostics {
            let Some(fix) = &found.fix else { continue };
            let name = folder.display();
            let text = patched(&source, fix).unwrap_or_else(|| panic!("{name}: {fix:?}"));
            let mended = check_source_types(text.as_bytes(), known);
            let same = |other: &&flowcrate_codegen::Diagnostic| {
                (other.code, &other.node, &other.field, &other.message)
                    == (found.code, &found.node, &found.field, &found.message)
            };
            let left = mended.diagnostics.iter().find(same);
            assert!(left.is_none(), "{name}: {fix:?} leaves {left:?}");
            let lines: BTreeSet<&str> = text.lines().map(trimmed).collect();
            let lost = source.lines().filter(|line| !lines.contains(trimmed(line))).count();
            assert!(lost <= 2 * fix.patch.len() + 8, "{name}: {fix:?} changes {lost} lines");
            if found.is_error() && errors == 1 {
                let checked =
                    mended.checked.unwrap_or_else(|| panic!("{name}: {:?}", mended.diagnostics));
                lower(&checked).map(|workflow| emit(&workflow, &checked, &catalogue)).unwrap();
                compiled += 1;
            }
            fixes += 1;
            codes.insert(found.code);
        }
    }
    assert!(fixes >= 40 && compiled >= 5, "only {fixes} fixes are shown, {compiled} compile");
    let named = ["E201", "E202", "E203", "E331", "E406", "E407", "E421"];
    assert!(named.iter().all(|code| codes.contains(code)), "fixes of {codes:?}");
}

/// A line without what a new neighbour changes of it.
fn trimmed(line: &str) -> &str {
    line.trim().trim_end_matches(',')
}

#[test]
fn mending_comes_to_an_end_and_makes_nothing_worse() {
    let catalogue = catalogue();
    for folder in fixtures("fail").into_iter().chain(fixtures("pass")) {
        let Ok(source) = fs::read_to_string(folder.join("graph.json")) else { continue };
        let callees = callees(&folder);
        let known = known(&catalogue, &callees);
        let before = check_source_types(source.as_bytes(), known).diagnostics;
        let mended = flowcrate_codegen::mend(&source, known);
        let offered = before.iter().any(|found| found.fix.is_some());
        assert_eq!(offered, !mended.applied.is_empty(), "{}", folder.display());
        assert_eq!(offered, mended.text != source, "{}", folder.display());
        assert!(mended.left.iter().all(|found| found.fix.is_none()), "{}", folder.display());
    }
}

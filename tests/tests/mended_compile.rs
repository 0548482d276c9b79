//! What a diagnostic offers is Rust in the end: the graph that each fix leaves, and the right graph
//! of each page, go through rustc with warnings as errors, as modules of one crate.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use flowcrate_codegen::check::check_source_types;
use flowcrate_codegen::diagnostic::{CODES, Diagnostic, patched};
use flowcrate_codegen::package::CrateFiles;
use flowcrate_codegen::{Callees, Known, compile, mend};
use flowcrate_tests::pages::{blocks, callees, is_foreign};
use flowcrate_tests::{emitted, fixtures, modules};

/// Each kind of fix, by how its title begins and what it holds, and how often at least one of that
/// kind is followed to rustc.
const KINDS: [(&str, &str, usize); 20] = [
    ("add the edge from ", "", 3),
    ("add `| default(", "", 2),
    ("change `", "first_of(", 1),
    ("change `", "to `customer`", 1),
    ("change `", "to `name`", 1),
    ("change `", "to `upper`", 1),
    ("change `", "to `'paid'`", 1),
    ("change `", " or trigger.", 1),
    ("change `", "to `none`", 1),
    ("add the input `", "", 4),
    ("delete the edge", "", 2),
    ("make its target `", "", 1),
    ("make it leave by `", "", 1),
    ("make it `", "", 1),
    ("leave `targetHandle` out", "", 1),
    ("rename it to `", "", 5),
    ("move it to `", "", 1),
    ("call `", "", 1),
    ("remove `", "", 4),
    ("take the type from the sample", "", 1),
];

/// Every fixture of the check stage with the graphs that it may call.
fn graphs() -> Vec<(PathBuf, String, Callees)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    for kind in ["fail", "pass"] {
        for entry in fs::read_dir(root.join(kind)).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(source) = fs::read_to_string(folder.join("graph.json")) else { continue };
            let callees = fixtures::callees(&folder);
            found.push((folder, source, callees));
        }
    }
    found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    found
}

/// The crate of a graph, if it has no errors.
fn crate_of(source: &str, callees: &Callees) -> (Option<CrateFiles>, Vec<Diagnostic>) {
    let catalogue = flowcrate_plugins::catalogue();
    let known = Known { catalogue: &catalogue, callees };
    let compiled = compile(source.as_bytes(), known, &emitted::support());
    (compiled.files, compiled.diagnostics)
}

/// The graphs that fixes leave: each fix by itself where nothing else is wrong, and all of a
/// graph's together. With the titles of the fixes that were followed.
fn mended() -> (BTreeMap<String, CrateFiles>, Vec<String>) {
    let catalogue = flowcrate_plugins::catalogue();
    let (mut crates, mut titles) = (BTreeMap::new(), Vec::new());
    for (folder, source, callees) in graphs() {
        let known = Known { catalogue: &catalogue, callees: &callees };
        let name = folder.file_name().unwrap().to_str().unwrap().replace('-', "_");
        let found = check_source_types(source.as_bytes(), known).diagnostics;
        for (at, fix) in found.iter().filter_map(|found| found.fix.as_ref()).enumerate() {
            let text = patched(&source, fix).unwrap();
            if let (Some(files), _) = crate_of(&text, &callees) {
                crates.insert(format!("fix_{at}_{name}"), files);
                titles.push(fix.title.clone());
            }
        }
        let whole = mend(&source, known);
        let left: Vec<_> = whole.left.iter().filter(|found| found.is_error()).collect();
        assert!(!name.starts_with("fixes_of_") || left.is_empty(), "{name}: {left:#?}");
        if !whole.applied.is_empty()
            && let (Some(files), _) = crate_of(&whole.text, &callees)
        {
            crates.insert(format!("all_{name}"), files);
            let fixes = whole.applied.into_iter().filter_map(|found| found.fix);
            titles.extend(fixes.map(|fix| fix.title));
        }
    }
    (crates, titles)
}

/// The right graphs of all pages, but of those that are another tool's.
fn right() -> BTreeMap<String, CrateFiles> {
    let mut crates = BTreeMap::new();
    for code in CODES.iter().filter(|code| !is_foreign(**code)) {
        let callees = callees(*code);
        for (at, graph) in blocks(code.page, "json right").into_iter().enumerate() {
            let (files, said) = crate_of(graph, &callees);
            let files = files.unwrap_or_else(|| panic!("the right graph of {}: {said:?}", code.id));
            crates.insert(format!("page_{}_{at}", code.id.to_lowercase()), files);
        }
    }
    crates
}

#[test]
fn what_is_mended_and_what_is_called_right_compiles() {
    let (mut crates, titles) = mended();
    let kinds: BTreeSet<&String> = titles.iter().collect();
    for (start, part, least) in KINDS {
        let of_kind = |title: &&String| title.starts_with(start) && title.contains(part);
        let shown = titles.iter().filter(of_kind).count();
        assert!(shown >= least, "{shown} fixes `{start}…{part}` compile, of {kinds:#?}");
    }
    let other =
        titles.iter().find(|title| !KINDS.iter().any(|(start, ..)| title.starts_with(start)));
    assert!(other.is_none(), "a fix of no kind that is listed here: {other:?}");
    let pages = right();
    assert!(pages.len() >= 80, "only {} pages have a right graph", pages.len());
    crates.extend(pages);
    let said = modules::check("mended", &crates);
    assert!(said.is_ok(), "{} graphs: {}", crates.len(), said.unwrap_err());
}

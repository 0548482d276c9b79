//! The pages of the diagnostics: the wrong graph of each gives exactly its code, the right one
//! gives nothing, and compiles.
//!
//! A page's graphs are fenced blocks, marked `json wrong` and `json right`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use flowcrate_codegen::diagnostic::{CODES, Code};
use flowcrate_codegen::import::vercel;
use flowcrate_codegen::package::Support;
use flowcrate_codegen::{Diagnostic, Known, compile};
use flowcrate_tests::pages::{blocks, callees, is_foreign};

/// Codes that no page can show with a graph: E102 and E105 take megabytes
/// (`check_fixtures.rs` makes them), W701 a crate's folder (`regenerate.rs`), E901 a bug of ours.
const WITHOUT_GRAPHS: [&str; 4] = ["E102", "E105", "E901", "W701"];

/// What is found of a document: a graph of ours, or another tool's where the code speaks of one.
fn found(code: Code, document: &str) -> Vec<Diagnostic> {
    let callees = callees(code);
    if is_foreign(code) {
        return vercel(document.as_bytes(), None).diagnostics;
    }
    let catalogue = flowcrate_plugins::catalogue();
    let compiled = {
        let known = Known { catalogue: &catalogue, callees: &callees };
        compile(document.as_bytes(), known, &Support::Vendored)
    };
    let errors = compiled.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(compiled.files.is_none(), errors, "{}", code.id);
    compiled.diagnostics
}

#[test]
fn every_page_shows_what_it_speaks_of() {
    let mut faults = Vec::new();
    for &code in CODES.iter().filter(|code| !WITHOUT_GRAPHS.contains(&code.id)) {
        let (wrong, right) = (blocks(code.page, "json wrong"), blocks(code.page, "json right"));
        if wrong.is_empty() || right.is_empty() {
            faults.push(format!("the page of {} has no `json wrong` and `json right`", code.id));
        }
        for graph in wrong {
            let found = found(code, graph);
            let codes: BTreeSet<&str> = found.iter().map(|found| found.code).collect();
            if codes != BTreeSet::from([code.id]) {
                faults.push(format!("the wrong graph of {} gives {found:#?}", code.id));
            }
        }
        for graph in right {
            let found = found(code, graph);
            if !found.is_empty() {
                faults.push(format!("the right graph of {} gives {found:#?}", code.id));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_page_shows_a_graph_that_nobody_runs() {
    for code in CODES {
        let fences = code.page.lines().filter_map(|line| line.strip_prefix("```"));
        let json = fences.filter(|fence| fence.starts_with("json")).collect::<Vec<_>>();
        let expected: &[&str] = if WITHOUT_GRAPHS.contains(&code.id) {
            &[]
        } else {
            &["json wrong", "json right", "json callee"]
        };
        let stray = json.iter().find(|fence| !expected.contains(fence));
        assert!(stray.is_none(), "{}: a block marked {stray:?}", code.id);
        assert!(
            code.page.lines().all(|line| line.len() <= 400),
            "{}: a line that nobody reads",
            code.id
        );
    }
}

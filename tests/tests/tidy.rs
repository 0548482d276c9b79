//! The house rules that a machine can check: layers, file lengths, docs on modules, versions.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each of our packages may depend on (design 3), dev-dependencies aside.
const LAYERS: [(&str, &[&str]); 11] = [
    ("flowcrate-macros", &[]),
    ("flowcrate", &["flowcrate-macros"]),
    ("flowcrate-proofs", &["flowcrate"]),
    ("flowcrate-plugins", &["flowcrate", "flowcrate-macros"]),
    ("flowcrate-codegen", &["flowcrate"]),
    ("flowcrate-editor", &[]),
    ("flowcrate-examples", &["flowcrate", "flowcrate-plugins"]),
    ("flowcrate-scripted", &["flowcrate", "flowcrate-plugins"]),
    ("flowcrate-from-graph", &["flowcrate"]),
    (
        "flowcrate-server",
        &["flowcrate", "flowcrate-codegen", "flowcrate-editor", "flowcrate-plugins"],
    ),
    (
        "flowcrate-tests",
        &[
            "flowcrate",
            "flowcrate-codegen",
            "flowcrate-macros",
            "flowcrate-plugins",
            "flowcrate-scripted",
            "flowcrate-server",
        ],
    ),
];

/// Never in the tree of an emitted crate (design 11).
const NEVER_EMITTED: [&str; 4] = ["aws-lc-rs", "sqlx", "clap", "openssl"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_owned()
}

fn metadata() -> serde_json::Value {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("cargo metadata prints JSON")
}

/// Files that git tracks or would track, below the root, with one of these endings.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    let out = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let mut files: Vec<PathBuf> = String::from_utf8_lossy(&out.stdout)
        .split('\0')
        .filter(|path| endings.iter().any(|ending| path.ends_with(ending)))
        .map(|path| root().join(path))
        .filter(|path| path.exists())
        .collect();
    files.sort();
    files
}

/// Whether the module above declares this file for tests alone.
fn is_test_module(file: &Path) -> bool {
    let above = file.parent().map(|folder| folder.with_extension("rs"));
    let above = above.and_then(|above| std::fs::read_to_string(above).ok()).unwrap_or_default();
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    above.contains(&format!("#[cfg(test)]\nmod {stem};"))
}

#[test]
fn layers_only_depend_downwards() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    assert_eq!(ours, allowed.keys().copied().collect(), "a package without a layer");
    for package in packages {
        let name = package["name"].as_str().expect("name");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let to = dependency["name"].as_str().expect("name");
            let normal = dependency["kind"].is_null();
            assert!(
                !normal || !ours.contains(to) || allowed[name].contains(&to),
                "{name} may not depend on {to}: see ARCHITECTURE.md"
            );
        }
    }
}

/// Only these tests ask for the defects that they plant: no server and no tool has a line of them.
#[test]
fn defects_are_planted_by_tests_alone() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let asked = dependency["features"]
                .as_array()
                .is_some_and(|all| all.iter().any(|feature| feature == "planted"));
            assert!(!asked || package["name"] == "flowcrate-tests", "{}", package["name"]);
        }
    }
}

#[test]
fn codegen_takes_the_runtime_without_its_engine() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let codegen = packages.iter().find(|p| p["name"] == "flowcrate-codegen").expect("codegen");
    let dependencies = codegen["dependencies"].as_array().expect("dependencies");
    let runtime = dependencies
        .iter()
        .find(|d| d["name"] == "flowcrate" && d["kind"].is_null())
        .expect("codegen depends on the runtime's types");
    assert_eq!(runtime["uses_default_features"], false);
    // `schedule` is a parser of cron texts over compiled-in time zones, `expr-…` are operations of
    // expressions: as pure as the rest.
    let features = runtime["features"].as_array().expect("features");
    let pure = |feature: &str| feature == "schedule" || feature.starts_with("expr-");
    let pure = |feature: &serde_json::Value| feature.as_str().is_some_and(pure);
    assert!(features.iter().all(pure), "types, ops and cron only: {features:?}");
}

#[test]
fn codegen_is_pure() {
    let forbidden =
        ["std::fs", "std::net", "std::env", "std::thread", "std::time::Instant", "SystemTime"];
    for file in files(&[".rs"]) {
        let build = root().join("codegen/src/build.rs");
        if !file.starts_with(root().join("codegen/src")) || is_test_module(&file) || file == build {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("readable");
        for word in forbidden {
            // The emitter may name such a path inside code that it prints or refuses.
            let used = text
                .lines()
                .any(|line| line.trim_start().starts_with("use ") && line.contains(word));
            assert!(!used, "{} uses {word}: codegen is bytes in, bytes out", file.display());
        }
    }
}

#[test]
fn files_stay_readable() {
    for file in files(&[".rs", ".ts", ".tsx"]) {
        let text = std::fs::read_to_string(&file).expect("readable");
        // Golden output is the emitter's, not ours to split; tests may be long.
        let shown = file.strip_prefix(root()).expect("below the root").display().to_string();
        if shown.contains("fixtures/") || shown.contains("tests/") {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let lines = code.lines().count();
        assert!(lines <= 800, "{shown} has {lines} lines; the cap is 800");
    }
}

#[test]
fn modules_say_what_they_are() {
    for file in files(&[".rs"]) {
        let shown = file.strip_prefix(root()).expect("below the root").display().to_string();
        if shown.contains("fixtures/") || shown.contains("/ui/") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("readable");
        let first = text.lines().find(|line| !line.starts_with("#![") && !line.trim().is_empty());
        let documented =
            first.is_some_and(|line| line.starts_with("//!") || line.contains("@generated"));
        assert!(documented, "{shown} does not begin with a `//!` doc");
        assert!(!shown.ends_with("/mod.rs"), "{shown}: `foo.rs` beside `foo/`, never `mod.rs`");
    }
}

/// The `[text](target)` links of a page that lead into the repository.
fn links(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, _) in page.match_indices("](") {
        let (before, after) = (&page[..at], &page[at + 2..]);
        let (Some(start), Some(end)) = (before.rfind('['), after.find(')')) else { continue };
        let target = after[..end].split('#').next().unwrap_or_default();
        if !target.is_empty() && !target.contains("://") {
            found.push((before[start + 1..].to_owned(), target.to_owned()));
        }
    }
    found
}

#[test]
fn pages_link_to_what_is_there() {
    for page in files(&[".md"]) {
        let shown = page.strip_prefix(root()).expect("below the root").display().to_string();
        if shown.contains("fixtures/") {
            continue;
        }
        let text = std::fs::read_to_string(&page).expect("readable");
        for (name, target) in links(&text) {
            let file = page.parent().expect("a folder").join(&target);
            assert!(file.exists(), "{shown} links to {target}, which is not there");
            // A link to a test is called by the test's name.
            let called = name.trim_matches('`');
            let is_rust = file.extension().is_some_and(|extension| extension == "rs");
            if name.starts_with('`') && target.contains("tests/") && is_rust {
                let code = std::fs::read_to_string(&file).expect("readable");
                assert!(
                    code.contains(&format!("fn {called}(")),
                    "{shown}: no {called} in {target}"
                );
            }
        }
    }
}

#[test]
fn every_promise_of_the_runtime_names_its_tests() {
    let page = std::fs::read_to_string(root().join("runtime/README.md")).expect("readable");
    for letter in 'a'..='h' {
        let row = page.lines().find(|line| line.starts_with(&format!("| ({letter}) |")));
        let row = row.unwrap_or_else(|| panic!("no row for promise ({letter})"));
        let tests = links(row);
        assert!(!tests.is_empty(), "promise ({letter}) names no test");
        for (name, _) in tests {
            let letters = name.trim_matches('`').split("_hold").next().unwrap_or_default();
            let held = letters.split('_').skip(1).take_while(|word| word.len() == 1);
            let held: Vec<&str> = held.collect();
            assert!(held.contains(&letter.to_string().as_str()), "{name} is not for ({letter})");
        }
    }
}

#[test]
fn every_promise_of_the_compiler_names_its_tests() {
    let page = std::fs::read_to_string(root().join("codegen/PROOF.md")).expect("readable");
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let mut count = 0;
    for row in rows {
        let tests = links(row);
        assert!(!tests.is_empty(), "no test for: {row}");
        for (name, target) in tests.iter().filter(|(name, _)| name.starts_with('`')) {
            let code = std::fs::read_to_string(root().join("codegen").join(target));
            let code = code.unwrap_or_else(|error| panic!("{target}: {error}"));
            let called = format!("fn {}()", name.trim_matches('`'));
            let place = code.find(&called).unwrap_or_else(|| panic!("no {name} in {target}"));
            let above = code[..place].trim_end().trim_end_matches("async").trim_end();
            assert!(above.ends_with("test]"), "{name} in {target} is no test");
        }
        count += 1;
    }
    assert!(count > 20, "{count} promises");
}

#[test]
fn no_file_is_a_dumping_ground() {
    for file in files(&[".rs", ".ts", ".tsx"]) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        assert!(
            !["utils", "util", "common", "helpers", "helper", "misc"].contains(&stem),
            "{}: name the file after what it does",
            file.display()
        );
    }
}

#[test]
fn emitted_manifests_ask_for_the_workspaces_versions() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("readable");
    let manifest: toml::Table = text.parse().expect("TOML");
    let table = manifest["workspace"]["dependencies"].as_table().expect("dependency table");
    for (package, version) in flowcrate_codegen::package::OUTSIDE {
        assert_eq!(table[package]["version"].as_str(), Some(version), "{package}");
    }
}

#[test]
fn emitted_crates_pull_in_nothing_that_their_owner_would_resent() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("readable");
    assert!(lock.contains("name = \"flowcrate\""));
    for features in
        ["engine,sqlite,host,serve,schedule", "engine,expr-dates,expr-hash,expr-regex", "engine"]
    {
        let out = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--prefix", "none", "-e", "normal,build"])
            .args(["-p", "flowcrate", "--no-default-features", "--features", features])
            .current_dir(root())
            .output()
            .expect("cargo tree runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let tree = String::from_utf8_lossy(&out.stdout).into_owned();
        let packages: BTreeSet<&str> =
            tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        for never in NEVER_EMITTED {
            assert!(!packages.contains(never), "{never} in the tree of flowcrate [{features}]");
        }
        assert!(packages.len() <= 60, "{} packages with [{features}]", packages.len());
    }
}

/// Rules that no graph shows by itself, each with the test that does.
const SHOWN_BY_TESTS: [(u32, &str, &str); 3] = [
    // The language's version is part of the revision.
    (19, "tests/tests/check_revision.rs", "s19_the_languages_version_is_part_of_the_revision"),
    (39, "tests/tests/check_revision.rs", "s39_meaning_changes_the_revision"),
    // Every running fixture's journal equals the interpreter's.
    (41, "tests/tests/emitted_compile.rs", "emitted_crates_build_and_run"),
];

/// S1 to S42: each is on the page of the language, and a fixture is named after it.
#[test]
fn every_rule_is_written_down_and_shown() {
    let page = std::fs::read_to_string(root().join("codegen/SEMANTICS.md")).expect("readable");
    let mut names = Vec::new();
    for kind in ["fail", "pass", "run", "upgrade"] {
        let folder = std::fs::read_dir(root().join("tests/fixtures").join(kind)).expect("fixtures");
        names.extend(
            folder.map(|entry| entry.expect("entry").file_name().into_string().expect("name")),
        );
    }
    assert!(names.len() >= 150, "{} fixtures", names.len());
    let rule = |name: &String| name.strip_prefix('s')?.split('_').next()?.parse::<u32>().ok();
    let shown: BTreeSet<u32> = names.iter().filter_map(rule).collect();
    let word = |c: char| !c.is_ascii_alphanumeric();
    let written: BTreeSet<&str> = page.split(word).collect();
    for number in 1..=42 {
        assert!(written.contains(format!("S{number}").as_str()), "SEMANTICS.md lacks S{number}");
        let test = SHOWN_BY_TESTS.iter().find(|(rule, ..)| *rule == number);
        let by_test = test.is_some_and(|(_, file, name)| {
            let code = std::fs::read_to_string(root().join(file)).expect("readable");
            code.contains(&format!("fn {name}("))
        });
        assert!(by_test || shown.contains(&number), "no fixture shows S{number}");
    }
}

/// Kinds that may not stand in a scope; of all but triggers, in no scope other than a try.
const ONLY_AT_THE_TOP: [&str; 5] = ["manual@1", "respond@1", "return@1", "schedule@1", "webhook@1"];

/// Every kind by itself, and two scopes deep.
#[test]
fn every_kind_stands_alone_and_two_deep() {
    let mut alone = BTreeSet::new();
    let mut deep = BTreeSet::new();
    for kind in ["pass", "run"] {
        let folder = std::fs::read_dir(root().join("tests/fixtures").join(kind)).expect("fixtures");
        for entry in folder {
            let path = entry.expect("entry").path().join("graph.json");
            let text = std::fs::read_to_string(&path).expect("readable");
            let graph: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let nodes = graph["nodes"].as_array().expect("nodes");
            let parent = |id: &str| {
                let node = nodes.iter().find(|node| node["id"] == id);
                node.and_then(|node| node["parentId"].as_str())
            };
            for node in nodes {
                let (id, kind) = (node["id"].as_str(), node["data"]["kind"].as_str());
                let (Some(id), Some(kind)) = (id, kind) else { continue };
                let depth = std::iter::successors(parent(id), |id| parent(id)).count();
                if depth == 0 {
                    alone.insert(kind.to_owned());
                }
                if depth >= 2 {
                    deep.insert(kind.to_owned());
                }
            }
        }
    }
    let catalogue = flowcrate_plugins::catalogue();
    for kind in flowcrate_codegen::check::kinds::Kind::names(&catalogue) {
        assert!(alone.contains(kind), "no fixture that passes has a {kind} at the top level");
        let exempt = ONLY_AT_THE_TOP.contains(&kind);
        assert!(exempt || deep.contains(kind), "no fixture has a {kind} two scopes deep");
    }
}

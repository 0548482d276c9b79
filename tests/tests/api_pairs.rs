//! A version's number tells the truth: what it says of 74 changes, and whether a program that was
//! written against the version before compiles with the new one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use flowcrate_codegen::api::{Api, Bump, api, changes, least_bump};
use flowcrate_codegen::package::{CrateFiles, Published, Support};
use flowcrate_codegen::{Callees, Known, check_source, compile};
use flowcrate_tests::api_pairs::{consumer, pairs};
use flowcrate_tests::emitted;
use serde_json::Value;

/// A graph as it is published, with its model.
fn published(name: &str, graph: &Value) -> (CrateFiles, Api) {
    let (catalogue, callees) = (flowcrate_plugins::catalogue(), Callees::new());
    let known = Known { catalogue: &catalogue, callees: &callees };
    let support = Support::Registry(Published {
        version: "1.0.0".to_owned(),
        index: "sparse+http://127.0.0.1:7700/index/".to_owned(),
        support: "0.1.0".to_owned(),
        license: None,
    });
    let source = graph.to_string();
    let compiled = compile(source.as_bytes(), known, &support);
    let files = compiled.files;
    let files = files.unwrap_or_else(|| panic!("{name}: {:#?}", compiled.diagnostics));
    let (checked, _) = check_source(source.as_bytes(), known);
    let api = api(&files, &checked.unwrap(), "0.1.0");
    (files, api)
}

#[test]
fn each_change_asks_for_what_it_costs() {
    let mut wrong = Vec::new();
    for pair in pairs() {
        let (_, old) = published("before", &pair.before());
        let (_, new) = published(pair.name, &pair.after());
        let found = changes(&old, &new);
        let least = least_bump(&found);
        let major = found.iter().filter(|change| change.bump == Bump::Major);
        let by_policy = major.clone().count() > 0 && major.clone().all(|change| change.by_policy);
        let said = match least {
            Bump::Patch => "patch",
            Bump::Minor => "minor",
            Bump::Major if by_policy => "policy",
            Bump::Major => "major",
        };
        if said != pair.expected {
            wrong.push(format!("{} is {said}, not {}: {found:?}", pair.name, pair.expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(pairs().len() >= 40);
}

/// Writes a graph's sources as a module of a crate.
fn module(folder: &Path, name: &str, files: &CrateFiles) {
    for (path, file) in &files.files {
        let Some(path) = path.strip_prefix("src/") else { continue };
        let path = if path == "lib.rs" { "mod.rs" } else { path };
        if path == "main.rs" || path.ends_with("binary.rs") {
            continue;
        }
        let path = folder.join("src").join(name).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &file.bytes).unwrap();
    }
}

/// A crate whose modules are these graphs, and beside it programs that use them.
fn write(
    folder: &Path,
    graphs: &BTreeMap<String, CrateFiles>,
    programs: &BTreeMap<String, String>,
) {
    let runtime = emitted::root().join("runtime").display().to_string();
    let manifest = format!(
        "[package]\nname = \"promises\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [features]\nstandalone = []\n\n[dependencies]\n\
         flowcrate = {{ path = \"{runtime}\", default-features = false, features = [\"engine\"] }}\n\
         serde = {{ version = \"1\", default-features = false, features = [\"derive\", \"std\"] }}\n\
         serde_json = {{ version = \"1\", default-features = false, features = [\"std\"] }}\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n\n[workspace]\n"
    );
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::create_dir_all(folder.join("examples")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let mut library = String::from("//! Graphs as they are published.\n");
    for (name, files) in graphs {
        module(folder, name, files);
        library.extend(["pub mod ", name, ";\n"]);
    }
    fs::write(folder.join("src/lib.rs"), library).unwrap();
    for (name, program) in programs {
        fs::write(folder.join("examples").join(format!("{name}.rs")), program).unwrap();
    }
    fs::copy(emitted::root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

/// The programs that do not compile.
fn failing(folder: &Path) -> (BTreeSet<String>, String) {
    let args = ["check", "--examples", "--keep-going", "--message-format", "short"];
    let out = emitted::cargo(folder, &args).unwrap();
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    let marker = "could not compile `promises` (example \"";
    let names = text.lines().filter_map(|line| line.split_once(marker)?.1.split('"').next());
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    assert!(out.status.success() || !names.is_empty(), "{text}");
    (names, text)
}

#[test]
fn programs_written_against_the_old_version_compile_unless_it_is_a_major_one() {
    let folder = emitted::folder("api-pairs").unwrap();
    let (mut olds, mut news, mut programs, mut breaking) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for (at, pair) in pairs().iter().enumerate() {
        let module = format!("p{at:02}");
        let (old_files, old) = published("before", &pair.before());
        // Against the old version the program compiles, or its failures would mean nothing.
        if olds.is_empty() || !pair.from.is_empty() {
            olds.insert(module.clone(), old_files);
        }
        news.insert(module.clone(), published(pair.name, &pair.after()).0);
        programs.insert(module.clone(), consumer("promises", &module, &old));
        if pair.expected == "major" {
            breaking.insert(module);
        }
    }
    let first = programs.iter().filter(|(name, _)| olds.contains_key(*name));
    let first = first.map(|(name, text)| (name.clone(), text.clone())).collect();
    write(&folder.join("old"), &olds, &first);
    let (failed, text) = failing(&folder.join("old"));
    assert!(failed.is_empty(), "{text}");
    write(&folder.join("new"), &news, &programs);
    let (failed, text) = failing(&folder.join("new"));
    let name = |module: &String| pairs()[module[1..].parse::<usize>().unwrap()].name;
    let broken: Vec<_> = failed.difference(&breaking).map(name).collect();
    assert!(broken.is_empty(), "these broke a program: {broken:?}\n{text}");
    let unnoticed: Vec<_> = breaking.difference(&failed).map(name).collect();
    assert!(unnoticed.is_empty(), "no program noticed these: {unnoticed:?}");
}

//! The crates of running fixtures compile as they are published: with types that leave room for
//! more, their constructors, and nothing public but what signatures name.
//!
//! Of the fixtures those that have choices among their types, where the published form differs the
//! most; all of them, with their tests, with `FLOWCRATE_LONG`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;

use flowcrate_codegen::package::{CrateFiles, Published, Support};
use flowcrate_codegen::{Known, compile};
use flowcrate_tests::emitted;
use flowcrate_tests::fixtures::{Fixture, running, wanted};
use toml::{Table, Value};

/// A fixture's crate as it is published.
fn published(fixture: &Fixture) -> CrateFiles {
    let catalogue = flowcrate_plugins::catalogue();
    let known = Known { catalogue: &catalogue, callees: &fixture.callees };
    let support = Support::Registry(Published {
        version: "1.0.0".to_owned(),
        index: "sparse+http://127.0.0.1:7700/index/".to_owned(),
        support: "0.1.0".to_owned(),
        license: None,
    });
    let compiled = compile(&fixture.graph, known, &support);
    compiled.files.unwrap_or_else(|| panic!("{}: {:#?}", fixture.name, compiled.diagnostics))
}

/// The manifest with our own crates from this workspace: there is no registry here.
fn manifest(files: &CrateFiles) -> String {
    let text = String::from_utf8(files.files["Cargo.toml"].bytes.clone()).unwrap();
    let mut manifest: Table = toml::from_str(&text).unwrap();
    let Support::Path(folders) = emitted::support() else { panic!("our crates have folders") };
    for table in ["dependencies", "dev-dependencies"] {
        for (name, dependency) in manifest[table].as_table_mut().unwrap().iter_mut() {
            let dependency = dependency.as_table_mut().unwrap();
            if dependency.remove("registry-index").is_some() {
                dependency.remove("version");
                dependency.insert("path".to_owned(), Value::from(folders[name].clone()));
            }
        }
    }
    toml::to_string(&manifest).unwrap()
}

#[test]
fn crates_compile_as_they_are_published() {
    let long = std::env::var_os("FLOWCRATE_LONG").is_some();
    let folder = emitted::folder("published").unwrap();
    let mut members = Vec::new();
    for fixture in running() {
        let mut files = published(&fixture);
        let types = files.files.get("src/generated/types.rs");
        let types = types.map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        if !long && !types.is_some_and(|types| types.contains("\npub enum ")) {
            continue;
        }
        let manifest = manifest(&files).into_bytes();
        files.files.get_mut("Cargo.toml").unwrap().bytes = manifest;
        let member = folder.join(&fixture.name);
        emitted::write(&files, &member).unwrap();
        fs::remove_file(member.join("Cargo.lock")).unwrap();
        members.push(fixture.name.clone());
    }
    assert!(wanted().is_some() || members.len() > 5, "{members:?}");
    let workspace = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.dev]\ndebug = false\n"
    );
    fs::write(folder.join("Cargo.toml"), workspace).unwrap();
    fs::copy(emitted::root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let mut args = vec!["check", "--workspace", "--keep-going"];
    args.extend(long.then_some("--all-targets"));
    let output = emitted::cargo(&folder, &args).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

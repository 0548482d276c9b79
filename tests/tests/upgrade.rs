//! The upgrade check (S40): each folder below `fixtures/upgrade` holds the graph that runs were
//! started with, the one that they might move to, and what becomes of them.
//!
//! `UPDATE_FIXTURES=1` writes what was found; read it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../../codegen/tests/fixtures/upgraded.rs"]
mod upgraded;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use flowcrate_codegen::upgrade::{Upgrade, Verdict, upgrade_source};

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/upgrade");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn compared(old: &[u8], new: &[u8]) -> Upgrade {
    let (upgrade, found) = {
        let catalogue = &flowcrate_plugins::catalogue();
        upgrade_source((old, catalogue), (new, catalogue))
    };
    upgrade.unwrap_or_else(|| panic!("{found:#?}"))
}

#[test]
fn each_pair_of_revisions_is_judged_as_recorded() {
    let (mut wrong, mut verdicts) = (Vec::new(), BTreeSet::new());
    for folder in fixtures() {
        let read = |name: &str| fs::read(folder.join(name)).unwrap();
        let (old, new) = (read("old.json"), read("new.json"));
        let upgrade = compared(&old, &new);
        verdicts.extend(upgrade.nodes.values().map(|fate| format!("{:?}", fate.verdict)));
        let text = format!("{:#}\n", upgraded::seen(&upgrade));
        let path = folder.join("expected.json");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            fs::write(path, text).unwrap();
        } else if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            wrong.push(format!("{}: {text}", folder.display()));
        }
        // Nothing stands in the way of staying.
        let same = compared(&old, &old);
        assert!(same.is_free() && same.from == same.to, "{}", folder.display());
        assert!(same.nodes.values().all(|fate| fate.verdict != Verdict::Added));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(verdicts.len(), 4, "not every verdict is shown: {verdicts:?}");
}

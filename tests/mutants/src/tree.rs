//! A copy of the repository whose compiler holds all its mutants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::places::{Place, by_file};
use crate::rewrite::{Rewritten, left_out, rewrite};

/// Why a place has no switch.
pub type Dropped = BTreeMap<u32, String>;

/// What every rewritten file may do that the house rules forbid.
const ALLOWED: &str =
    "#![allow(warnings, clippy::all, arithmetic_overflow, unconditional_panic)]\n";

pub struct Tree {
    /// The repository.
    pub root: PathBuf,
    /// The copy.
    pub copy: PathBuf,
    pub target: PathBuf,
}

impl Tree {
    /// Brings the copy up to date; what is equal keeps its time, so cargo builds no more than it must.
    pub fn refresh(&self) -> Result<()> {
        let out =
            Command::new("git").arg("-C").arg(&self.root).args(["ls-files", "-z"]).output()?;
        ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let files = String::from_utf8(out.stdout)?;
        for file in files.split('\0').filter(|file| !file.is_empty()) {
            // The compiler's own files are written with their mutants.
            if !file.starts_with("codegen/src/") && self.root.join(file).is_file() {
                self.write(file, &fs::read(self.root.join(file))?)?;
            }
        }
        self.write("codegen/tests/mutant_graphs.rs", include_bytes!("asked.rs"))?;
        self.write("codegen/src/mutant_switch.rs", include_bytes!("switch.rs"))
    }

    fn write(&self, file: &str, content: &[u8]) -> Result<()> {
        let path = self.copy.join(file);
        if fs::read(&path).is_ok_and(|there| there == content) {
            return Ok(());
        }
        let folder = path.parent().context("a file is in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, content).with_context(|| path.display().to_string())
    }

    fn sources(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.join("codegen/src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&self.root)?.display().to_string());
                }
            }
        }
        Ok(found)
    }

    /// Writes the compiler with a switch for each place that is not dropped.
    fn write_sources(
        &self,
        places: &[Place],
        dropped: &mut Dropped,
    ) -> Result<BTreeMap<String, Rewritten>> {
        let files = by_file(places);
        let mut rewritten = BTreeMap::new();
        for file in self.sources()? {
            let source = fs::read(self.root.join(&file))?;
            let Some(places) = files.get(file.as_str()) else {
                self.write(&file, &with_switch(&file, source))?;
                continue;
            };
            let wanted: Vec<&Place> = places
                .iter()
                .copied()
                .filter(|place| !dropped.contains_key(&place.number))
                .collect();
            let made = rewrite(std::str::from_utf8(&source)?, &wanted)
                .with_context(|| format!("{file} is rewritten"))?;
            for place in left_out(&wanted, &made) {
                dropped.insert(place.number, "no switch can stand here".to_owned());
            }
            self.write(&file, made.text.as_bytes())?;
            rewritten.insert(file, made);
        }
        Ok(rewritten)
    }

    fn cargo(&self, args: &[&str]) -> Result<Vec<Value>> {
        let out = Command::new("cargo")
            .current_dir(&self.copy)
            .args(args)
            .args(["-p", "flowcrate-codegen", "--message-format", "json", "--quiet"])
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .output()?;
        let said: Vec<Value> = String::from_utf8(out.stdout)?
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        ensure!(!said.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
        Ok(said)
    }

    /// Rewrites and checks until it compiles, dropping the mutants that do not. Those that `dropped`
    /// has are not tried.
    pub fn rewrite(&self, places: &[Place], dropped: &mut Dropped) -> Result<()> {
        loop {
            let rewritten = self.write_sources(places, dropped)?;
            let before = dropped.len();
            let mut elsewhere = BTreeSet::new();
            for said in self.cargo(&["check", "--lib"])? {
                let message = &said["message"];
                if said["reason"] == "compiler-message" && message["level"] == "error" {
                    blame(message, &rewritten, dropped, &mut elsewhere);
                }
            }
            println!("{} of {} places have a switch", places.len() - dropped.len(), places.len());
            if dropped.len() == before {
                ensure!(elsewhere.is_empty(), "errors of no mutant: {elsewhere:#?}");
                return Ok(());
            }
        }
    }

    /// Builds the tests of the compiler: each binary by its target's name.
    pub fn build(&self) -> Result<BTreeMap<String, PathBuf>> {
        let said = self.cargo(&["test", "--no-run", "--lib", "--tests"])?;
        let mut binaries = BTreeMap::new();
        for artifact in &said {
            if artifact["message"]["level"] == "error" {
                bail!("{}", artifact["message"]["rendered"]);
            }
            let (Some(binary), Some(name)) =
                (artifact["executable"].as_str(), artifact["target"]["name"].as_str())
            else {
                continue;
            };
            binaries.insert(name.to_owned(), PathBuf::from(binary));
        }
        Ok(binaries)
    }
}

/// The root of the library gets the module with the switches.
fn with_switch(file: &str, source: Vec<u8>) -> Vec<u8> {
    if file != "codegen/src/lib.rs" {
        return source;
    }
    let mut text = ALLOWED.as_bytes().to_vec();
    text.extend(source);
    text.extend(b"\npub mod mutant_switch;\n");
    text
}

/// Drops the mutants that an error is of: the one in whose text it stands, else all of the switch.
fn blame(
    message: &Value,
    rewritten: &BTreeMap<String, Rewritten>,
    dropped: &mut Dropped,
    elsewhere: &mut BTreeSet<String>,
) {
    let text = message["message"].as_str().unwrap_or_default();
    let code = message["code"]["code"].as_str().unwrap_or("error");
    let spans = message["spans"].as_array().into_iter().flatten();
    let mut found = false;
    for span in spans.filter(|span| span["is_primary"] == true) {
        let file = span["file_name"].as_str().and_then(|file| rewritten.get(file));
        let start = span["byte_start"].as_u64().and_then(|at| usize::try_from(at).ok());
        let (Some(file), Some(start)) = (file, start) else { continue };
        if let Some((_, number)) = file.arms.iter().find(|(own, _)| own.contains(&start)) {
            dropped.insert(*number, format!("{code}: {text}"));
            found = true;
            continue;
        }
        let forms = file.forms.iter().filter(|(whole, _)| whole.contains(&start));
        if let Some((_, numbers)) = forms.min_by_key(|(whole, _)| whole.len()) {
            for number in numbers {
                dropped.insert(*number, format!("the switch, {code}: {text}"));
            }
            found = true;
        }
    }
    if !found && !message["spans"].as_array().is_some_and(Vec::is_empty) {
        elsewhere.insert(message["rendered"].as_str().unwrap_or(text).to_owned());
    }
}

/// Where the copy and what is built of it stand.
pub fn of(root: &Path, work: &Path) -> Tree {
    Tree { root: root.to_owned(), copy: work.join("tree"), target: work.join("target") }
}

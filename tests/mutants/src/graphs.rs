//! Survivors asked again, with graphs: the fixtures, also those of which no code is recorded, and
//! random ones. What a graph tells apart from the compiler is no equal program: a test is missing.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::places::Place;
use crate::tree::Tree;

/// The test of the copy that does it.
pub const BINARY: &str = "mutant_graphs";
/// Memory that it may take, in KiB.
const MEMORY: &str = "6000000";

/// What the graphs say of a survivor.
#[derive(Debug, Clone)]
pub enum Told {
    /// Something else comes of this one: as small as it could be made, and as it was found.
    Differs(String, String),
    /// It takes the compiler down, or for ever.
    Dies(String),
    /// The same comes of so many that pass it.
    Same(usize),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(small, first) => write!(f, "differs, {small} of {first}"),
            Self::Dies(graph) => write!(f, "dies of {graph}"),
            Self::Same(graphs) => write!(f, "same, {graphs} graphs"),
        }
    }
}

/// Asks these, in `jobs` processes. What tells them apart stands in `FOLDER/graphs`.
pub fn ask(
    tree: &Tree,
    binaries: &BTreeMap<String, PathBuf>,
    (work, jobs): (&Path, usize),
    survivors: &[&Place],
) -> Result<BTreeMap<u32, Told>> {
    let binary = binaries.get(BINARY).with_context(|| format!("no test {BINARY}"))?;
    let folder = work.join("graphs");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let run = |job: usize| {
        let own: Vec<&Place> = survivors.iter().skip(job).step_by(jobs).copied().collect();
        one_job(tree, binary, &folder.join(job.to_string()), own)
    };
    let mut told = BTreeMap::new();
    std::thread::scope(|scope| -> Result<()> {
        let threads: Vec<_> = (0..jobs)
            .map(|job| {
                scope.spawn({
                    let run = &run;
                    move || run(job)
                })
            })
            .collect();
        for thread in threads {
            let Ok(own) = thread.join() else { bail!("a thread that asks has failed") };
            told.extend(own?);
        }
        Ok(())
    })?;
    for place in survivors {
        if let Some(told) = told.get(&place.number) {
            println!("{told}: {}: {}", place.number, place.name);
        }
    }
    Ok(told)
}

/// One process; another where a mutant ended it, without that one.
fn one_job(
    tree: &Tree,
    binary: &Path,
    folder: &Path,
    mut wanted: Vec<&Place>,
) -> Result<BTreeMap<u32, Told>> {
    fs::create_dir_all(folder)?;
    let mut dead: BTreeMap<u32, Told> = BTreeMap::new();
    loop {
        let lines = wanted.iter().map(|place| format!("{} {}\n", place.number, part(place)));
        fs::write(folder.join("wanted.txt"), lines.collect::<String>())?;
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -v {MEMORY}; ulimit -c 0; exec \"$0\" \"$@\""));
        command.arg(binary).env("FLOWCRATE_MUTANTS_ASKED", folder).env("RUST_BACKTRACE", "0");
        command.current_dir(tree.copy.join("codegen")).stdout(Stdio::null()).stderr(Stdio::null());
        let ended = command.status()?;
        let mut told = read(&folder.join("told.txt"))?;
        told.extend(dead.clone());
        if ended.success() {
            return Ok(told);
        }
        let now = fs::read_to_string(folder.join("now.txt")).unwrap_or_default();
        let mut now = now.split_whitespace();
        let (Some(at), Some(number), Some(graph)) = (now.next(), now.next(), now.next()) else {
            bail!("the graphs do not compile without a mutant: {ended}");
        };
        dead.insert(number.parse()?, Told::Dies(graph.to_owned()));
        told.extend(dead.clone());
        wanted.retain(|place| !told.contains_key(&place.number));
        fs::write(folder.join("from.txt"), at)?;
    }
}

fn read(told: &Path) -> Result<BTreeMap<u32, Told>> {
    let mut found = BTreeMap::new();
    for line in fs::read_to_string(told).unwrap_or_default().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["differs", number, small, first] => {
                let told = Told::Differs((*small).to_owned(), (*first).to_owned());
                found.insert(number.parse()?, told);
            }
            ["same", number, graphs] => {
                found.insert(number.parse()?, Told::Same(graphs.parse()?));
            }
            _ => bail!("{line:?}"),
        }
    }
    Ok(found)
}

/// The stage that a mutant is of.
fn part(place: &Place) -> &str {
    let part = place.file.trim_start_matches("codegen/src/");
    part.split(['/', '.']).next().unwrap_or_default()
}

//! The tests, which places each passes, and what they say of a mutant.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::tree::Tree;

/// The test binaries that are asked, in this order. `scale` measures time and is not one.
const BINARIES: [&str; 6] =
    ["fixtures", "verify", "limits", "emitted_types", "import", "flowcrate_codegen"];

/// What a process may take in CPU seconds: a mutant that goes round for ever is noticed by that. Of
/// the compiler as it is, all fixtures together take less than one.
const CPU_SECONDS: u64 = 6;
/// Nothing here waits: this only ends a mutant that does.
const AT_MOST: Duration = Duration::from_mins(15);
/// Memory that a mutant may take, in KiB.
const MEMORY: &str = "4000000";
/// What a process dies of that has used up its CPU seconds.
const SIGXCPU: i32 = 24;
const SIGKILL: i32 = 9;

/// One thing that can be asked by itself.
#[derive(Debug, Clone)]
pub struct Test {
    binary: PathBuf,
    name: String,
    /// The fixture that the test is narrowed to.
    fixture: Option<String>,
}

/// The tests, and the numbers of the places that each passes.
pub struct Tests {
    folder: PathBuf,
    seen: PathBuf,
    all: Vec<Test>,
    reached: BTreeMap<u32, Vec<usize>>,
}

/// What became of a mutant.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Caught(String),
    /// Caught, since something never ends.
    Endless(String),
    /// No test notices; how many came past it.
    Survived(usize),
}

impl Tests {
    /// Lists the tests and runs each by itself, to learn which places it passes.
    pub fn listed(tree: &Tree, binaries: &BTreeMap<String, PathBuf>, work: &Path) -> Result<Tests> {
        let mut tests = Tests {
            folder: tree.copy.join("codegen"),
            seen: work.join("seen.txt"),
            all: Vec::new(),
            reached: BTreeMap::new(),
        };
        for target in BINARIES {
            let binary = binaries.get(target).with_context(|| format!("no test {target}"))?;
            let out = Command::new(binary).args(["--list", "--format", "terse"]).output()?;
            let listed = String::from_utf8(out.stdout)?;
            for name in listed.lines().filter_map(|line| line.strip_suffix(": test")) {
                let test =
                    |fixture| Test { binary: binary.clone(), name: name.to_owned(), fixture };
                let fixtures = fixtures(tree, target, name)?;
                if fixtures.is_empty() {
                    tests.all.push(test(None));
                }
                tests.all.extend(fixtures.into_iter().map(|fixture| test(Some(fixture))));
            }
        }
        for index in 0..tests.all.len() {
            tests.pass(index)?;
        }
        Ok(tests)
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Runs one test of the compiler as it is.
    fn pass(&mut self, index: usize) -> Result<()> {
        let test = &self.all[index];
        fs::write(&self.seen, "")?;
        let mut command = self.command(&[test], None);
        let mut child = command.env("FLOWCRATE_MUTANTS_SEEN", &self.seen).spawn()?;
        let status = child.wait()?;
        ensure!(status.success(), "without a mutant, {test:?} fails: {status}");
        for line in fs::read_to_string(&self.seen)?.lines() {
            self.reached.entry(line.parse()?).or_default().push(index);
        }
        Ok(())
    }

    /// A process that runs these tests, all of one binary, and if of fixtures all of one name.
    fn command(&self, tests: &[&Test], limit: Option<u64>) -> Command {
        let limit = limit.map_or_else(|| "unlimited".to_owned(), |seconds| seconds.to_string());
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!(
            "ulimit -S -t {limit}; ulimit -v {MEMORY}; ulimit -c 0; exec \"$0\" \"$@\""
        ));
        let names: BTreeSet<&str> = tests.iter().map(|test| test.name.as_str()).collect();
        command.arg(&tests[0].binary).args(["--test-threads", "1", "--exact"]).args(names);
        let fixtures: Vec<&str> = tests.iter().filter_map(|test| test.fixture.as_deref()).collect();
        if !fixtures.is_empty() {
            command.env("FLOWCRATE_FIXTURES", fixtures.join(","));
        }
        // A backtrace of a test that fails costs more than the test.
        command.env("RUST_BACKTRACE", "0");
        command.current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Asks the tests that come past the place, until one notices.
    pub fn ask(&self, number: u32) -> Result<Answer> {
        let reached = self.reached.get(&number).map(Vec::as_slice).unwrap_or_default();
        let mut left = reached;
        while let Some(first) = left.first() {
            let first = &self.all[*first];
            let together = |index: &&usize| {
                let test = &self.all[**index];
                test.binary == first.binary && (first.fixture.is_none() || test.name == first.name)
            };
            let count = left.iter().take_while(together).count();
            let tests: Vec<&Test> = left[..count].iter().map(|at| &self.all[*at]).collect();
            left = &left[count..];
            let child = self
                .command(&tests, Some(CPU_SECONDS))
                .env("FLOWCRATE_MUTANT", number.to_string())
                .spawn()?;
            let Some(ended) = end(child)? else {
                return Ok(Answer::Endless(first.name.clone()));
            };
            match (ended.code(), ended.signal()) {
                (Some(0), _) => {}
                (_, Some(SIGXCPU | SIGKILL)) => return Ok(Answer::Endless(first.name.clone())),
                (Some(126 | 127), _) => bail!("{} does not run", first.binary.display()),
                _ => return Ok(Answer::Caught(first.name.clone())),
            }
        }
        Ok(Answer::Survived(reached.len()))
    }
}

/// The fixtures that a test of the target goes through, by the folder that it reads.
fn fixtures(tree: &Tree, target: &str, name: &str) -> Result<Vec<String>> {
    let kinds: &[&str] = match (target, name) {
        ("fixtures", "running_fixtures_compile_to_what_is_recorded") => &["run"],
        ("fixtures", "examples_compile_to_what_is_recorded") => &["examples"],
        ("fixtures", "small_graphs_compile_to_what_is_recorded") => &["small"],
        ("fixtures", "findings_are_as_recorded") => &["fail", "pass"],
        ("fixtures", "upgrades_are_judged_as_recorded") => &["upgrade"],
        _ => &[],
    };
    let mut found = Vec::new();
    for kind in kinds {
        for entry in fs::read_dir(tree.copy.join("tests/fixtures").join(kind))? {
            found.push(format!("{kind}/{}", entry?.file_name().display()));
        }
    }
    found.sort();
    Ok(found)
}

/// How it ended; nothing if it did not.
fn end(mut child: Child) -> Result<Option<std::process::ExitStatus>> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > AT_MOST {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

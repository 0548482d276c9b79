//! Asks survivors with graphs: a copy of this file becomes a test of the rewritten compiler.
//!
//! All in one process: what a graph compiles to without a mutant, then with each that it comes past.
//! The first graph, from the smallest on, of which something else comes tells a mutant apart from the
//! compiler. It is made as small as it can be, and tried first with those that come after.
//!
//! `FLOWCRATE_MUTANTS_ASKED` is a folder: `wanted.txt` has a mutant and its part of the compiler on
//! each line, `from.txt` the number of the graph to begin with. `told.txt` gets what is found,
//! `now.txt` has what is asked at this moment, for whoever finds this process dead.

#![allow(warnings, clippy::all)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check::{Checked, check_source_types};
use flowcrate_codegen::emit::emit;
use flowcrate_codegen::inspect::{View, inspect};
use flowcrate_codegen::lower::lower;
use flowcrate_codegen::{Callees, Known, ir, mutant_switch};
use serde_json::Value;

#[path = "fixtures/checked.rs"]
mod checked;

/// The generator of the differential tests, without its worlds.
#[path = "../../tests/src/random"]
mod random {
    pub mod callees;
    mod exprs;
    mod graph;
    mod kinds;
    mod lists;
    mod patterns;
    mod rng;
    mod scopes;
    mod shapes;
    pub mod shrink;
    mod types;

    use serde_json::Value;

    /// A graph in a world in which nothing happens.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Case {
        pub graph: Value,
        pub script: Script,
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct Script {
        /// None: whatever stands in the graph may be left out.
        pub trigger: String,
        pub events: Vec<()>,
        pub world: World,
    }

    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct World {
        pub steps: std::collections::BTreeMap<String, Vec<Vec<()>>>,
    }

    pub fn case(graph: Value) -> Case {
        Case { graph, script: Script::default() }
    }

    pub fn graph(seed: u64) -> Value {
        graph::document(&mut rng::Rng::new(seed), seed).0
    }
}

/// A mutant may take so long for one graph.
const AT_MOST: u64 = 60;
const STACK: usize = 256 * 1024 * 1024;

struct Graph {
    name: String,
    source: Vec<u8>,
    callees: Callees,
}

/// What is compared of a stage, as text.
type Said = BTreeMap<String, String>;

/// From which stage on a mutant can matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Check,
    Lower,
    Emit,
}

struct Compiled {
    found: Said,
    checked: Option<Checked>,
    lowered: Option<ir::Workflow>,
    program: Said,
    emitted: Said,
}

/// How often something was asked or answered: odd while something is asked.
static TURNS: AtomicU64 = AtomicU64::new(0);

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("FLOWCRATE_MUTANTS_ASKED").unwrap())
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_default()
}

fn tell(line: &str) {
    let told = folder().join("told.txt");
    let mut file = OpenOptions::new().create(true).append(true).open(told).unwrap();
    writeln!(file, "{line}").unwrap();
}

fn catalogue() -> Catalogue {
    let mut all: Catalogue = serde_json::from_str(include_str!("catalogue.json")).unwrap();
    let scripted = include_str!("scripted.json");
    let scripted: Catalogue = serde_json::from_str(scripted).unwrap();
    all.actions.extend(scripted.actions);
    all
}

fn check(graph: &Graph, catalogue: &Catalogue) -> (Said, Option<Checked>) {
    let known = Known { catalogue, callees: &graph.callees };
    let report = check_source_types(&graph.source, known);
    let mut found = Said::new();
    found.insert("expected.json".to_owned(), format!("{:#}", checked::seen(&report)));
    for (name, view) in [("guards.txt", View::Guards), ("typing.txt", View::Types)] {
        found.insert(name.to_owned(), inspect(&graph.source, known, view).0.unwrap_or_default());
    }
    (found, report.checked)
}

fn program(checked: &Checked) -> (Said, Option<ir::Workflow>) {
    let lowered = lower(checked);
    let text = match &lowered {
        Ok(workflow) => format!("{workflow}\n{workflow:?}"),
        Err(found) => format!("{found:?}"),
    };
    (Said::from([("ir.txt".to_owned(), text)]), lowered.ok())
}

fn code(workflow: &ir::Workflow, checked: &Checked, catalogue: &Catalogue) -> Said {
    let emitted = emit(workflow, checked, catalogue);
    let rest = format!("{emitted:?}");
    let mut files = Said::new();
    let mut put = |name: String, text: Option<String>| {
        files.insert(name, text.unwrap_or_default());
    };
    put("workflow.rs".to_owned(), Some(emitted.workflow));
    put("steps.rs".to_owned(), emitted.steps);
    put("types.rs".to_owned(), emitted.types);
    put("custom.rs".to_owned(), emitted.custom);
    for callee in emitted.callees.into_values() {
        let module = &callee.module;
        put(format!("{module}/workflow.rs"), Some(callee.workflow));
        put(format!("{module}/steps.rs"), callee.steps);
    }
    put("~".to_owned(), Some(rest));
    files
}

impl Compiled {
    fn of(graph: &Graph, catalogue: &Catalogue) -> Compiled {
        let (found, checked) = check(graph, catalogue);
        let (program, lowered) = checked.as_ref().map(program).unwrap_or_default();
        let emitted = match (&lowered, &checked) {
            (Some(lowered), Some(checked)) => code(lowered, checked, catalogue),
            _ => Said::new(),
        };
        Compiled { found, checked, lowered, program, emitted }
    }

    /// What a mutant says otherwise: a file, and what stands in it.
    fn other(
        &self,
        graph: &Graph,
        catalogue: &Catalogue,
        (number, part): (u32, Part),
    ) -> Option<String> {
        let work = || {
            if part == Part::Check {
                let other = Compiled::of(graph, catalogue);
                return difference(&self.found, &other.found)
                    .or_else(|| difference(&self.program, &other.program))
                    .or_else(|| difference(&self.emitted, &other.emitted));
            }
            let checked = self.checked.as_ref()?;
            if part == Part::Lower {
                let (program, lowered) = program(checked);
                return difference(&self.program, &program)
                    .or_else(|| difference(&self.emitted, &code(&lowered?, checked, catalogue)));
            }
            difference(&self.emitted, &code(self.lowered.as_ref()?, checked, catalogue))
        };
        mutant_switch::ask(number);
        let said = catch_unwind(AssertUnwindSafe(work));
        mutant_switch::ask(0);
        said.unwrap_or_else(|_| Some("it panics\n".to_owned()))
    }
}

/// The first file of two that differs: the lines between what is alike before and behind.
fn difference(plain: &Said, other: &Said) -> Option<String> {
    let names = plain.keys().chain(other.keys());
    let name = names.into_iter().find(|name| plain.get(*name) != other.get(*name))?;
    let lines = |said: &Said| -> Vec<String> {
        said.get(name).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    };
    let (plain, other) = (lines(plain), lines(other));
    let before = plain.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let behind = |lines: &[String]| lines[before..].iter().rev().cloned().collect::<Vec<_>>();
    let after = behind(&plain).iter().zip(&behind(&other)).take_while(|(a, b)| a == b).count();
    let mut text = format!("{name}:{}\n", before + 1);
    for (sign, lines) in [("-", &plain), ("+", &other)] {
        for line in lines[before..lines.len() - after].iter().take(40) {
            let _ = writeln!(text, "{sign} {}", line.chars().take(400).collect::<String>());
        }
    }
    Some(text)
}

/// All graphs, the smallest first: the fixtures, the random ones, and of some of those what is one
/// step smaller, which is often wrong.
fn graphs() -> Vec<Graph> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for kind in ["run", "pass", "fail"] {
        for entry in fs::read_dir(root.join("tests/fixtures").join(kind)).unwrap() {
            let folder = entry.unwrap().path();
            let name = format!("{kind}/{}", folder.file_name().unwrap().display());
            let source = fs::read(folder.join("graph.json")).unwrap();
            found.push(Graph { name, source, callees: callees(&folder) });
        }
    }
    let called = random::callees::sources();
    let mut push = |name: String, graph: &Value| {
        let source = serde_json::to_vec(graph).unwrap();
        found.push(Graph { name, source, callees: called.clone() });
    };
    let count = std::env::var("FLOWCRATE_GRAPHS").ok().and_then(|count| count.parse().ok());
    for seed in 0..count.unwrap_or(2_000_u64) {
        let graph = random::graph(seed);
        push(format!("random/{seed}"), &graph);
        if seed % 20 == 1 {
            let smaller = random::shrink::candidates(&random::case(graph));
            let step = smaller.len() / 8 + 1;
            for (number, smaller) in smaller.iter().step_by(step).enumerate() {
                push(format!("random/{seed}/{number}"), &smaller.graph);
            }
        }
    }
    found.sort_by_key(|graph| graph.source.len());
    found
}

fn callees(folder: &Path) -> Callees {
    let entries = fs::read_dir(folder.join("workflows")).into_iter().flatten().flatten();
    let documents = entries.map(|entry| {
        let path = entry.path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(&path).unwrap())
    });
    documents.collect()
}

/// Ends the process where one mutant takes for ever.
fn watch() {
    std::thread::spawn(|| {
        let (mut last, mut times) = (0, 0);
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let now = TURNS.load(Ordering::Relaxed);
            times = if now == last { times + 1 } else { 0 };
            last = now;
            if now % 2 == 1 && times > AT_MOST {
                std::process::exit(3);
            }
        }
    });
}

/// Those that told a mutant apart, as small as they can be.
struct Pool {
    graphs: Vec<(Graph, Compiled)>,
}

struct Asker {
    catalogue: Catalogue,
    now: File,
    wanted: Vec<(u32, Part, usize)>,
    pool: Pool,
}

impl Asker {
    /// Asks one, where it cannot take the process with it unnoticed.
    fn ask(
        &self,
        at: usize,
        graph: &Graph,
        plain: &Compiled,
        asked: (u32, Part),
    ) -> Option<String> {
        let line = format!("{at} {} {}", asked.0, graph.name);
        let line = format!("{line:80}");
        self.now.write_all_at(line.as_bytes(), 0).unwrap();
        TURNS.fetch_add(1, Ordering::Relaxed);
        let other = plain.other(graph, &self.catalogue, asked);
        TURNS.fetch_add(1, Ordering::Relaxed);
        other
    }

    fn look(&mut self, at: usize, graph: &Graph) {
        let (plain, passed) = mutant_switch::passed(|| Compiled::of(graph, &self.catalogue));
        for index in (0..self.wanted.len()).rev() {
            let (number, part, times) = self.wanted[index];
            if passed.binary_search(&number).is_err() {
                continue;
            }
            self.wanted[index].2 += 1;
            if self.ask(at, graph, &plain, (number, part)).is_some() {
                self.wanted.swap_remove(index);
                self.told(at, graph, (number, part));
            }
        }
    }

    /// Tells of each graph in a folder, and of the random ones that `seeds.txt` names, which mutants
    /// it tells apart, whatever others do.
    fn try_all(&self, folder: &Path) {
        let called = random::callees::sources();
        let mut all = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().display().to_string();
            if path.extension().is_some_and(|extension| extension == "json") {
                let source = fs::read(&path).unwrap();
                all.push(Graph { name, source, callees: called.clone() });
            }
        }
        for seed in fs::read_to_string(folder.join("seeds.txt")).unwrap_or_default().lines() {
            let graph = random::graph(seed.parse().unwrap());
            let source = serde_json::to_vec(&graph).unwrap();
            all.push(Graph { name: format!("random/{seed}"), source, callees: called.clone() });
        }
        for graph in &all {
            let (plain, passed) =
                mutant_switch::passed(|| Compiled::of(graph, &self.catalogue));
            let mut line = format!("tries {} {}", graph.name, plain.checked.is_some());
            for (number, part, _) in &self.wanted {
                if passed.binary_search(number).is_ok()
                    && self.ask(0, graph, &plain, (*number, *part)).is_some()
                {
                    let _ = write!(line, " {number}");
                }
            }
            tell(&line);
        }
    }

    /// Which graph shows it best.
    fn told(&mut self, at: usize, graph: &Graph, asked: (u32, Part)) {
        for (known, plain) in &self.pool.graphs {
            if let Some(other) = self.ask(at, known, plain, asked) {
                return self.write(known, asked.0, &graph.name, &other);
            }
        }
        let (graph, plain, other) = self.small(at, graph, asked);
        self.write(&graph, asked.0, &graph.name, &other);
        self.pool.graphs.push((graph, plain));
    }

    fn small(&self, at: usize, graph: &Graph, asked: (u32, Part)) -> (Graph, Compiled, String) {
        let document: Value = serde_json::from_slice(&graph.source).unwrap_or_default();
        let with = |document: &Value| Graph {
            name: format!("small/{}", asked.0),
            source: serde_json::to_vec(document).unwrap(),
            callees: graph.callees.clone(),
        };
        let right = Compiled::of(graph, &self.catalogue).checked.is_some();
        let differs = |case: &random::Case| {
            let graph = with(&case.graph);
            let plain = Compiled::of(&graph, &self.catalogue);
            plain.checked.is_some() == right && self.ask(at, &graph, &plain, asked).is_some()
        };
        let whole = random::case(document);
        let document = if whole.graph.is_object() {
            random::shrink::shrink(&whole, &differs).graph
        } else {
            whole.graph
        };
        let small = with(&document);
        let plain = Compiled::of(&small, &self.catalogue);
        let other = self.ask(at, &small, &plain, asked);
        match other {
            Some(other) => (small, plain, other),
            None => {
                let name = format!("small/{}", asked.0);
                let graph =
                    Graph { name, source: graph.source.clone(), callees: graph.callees.clone() };
                let plain = Compiled::of(&graph, &self.catalogue);
                let other = self.ask(at, &graph, &plain, asked).unwrap_or_default();
                (graph, plain, other)
            }
        }
    }

    fn write(&self, graph: &Graph, number: u32, first: &str, other: &str) {
        let path = folder().join(graph.name.replace('/', "_")).with_extension("json");
        let document: Value = serde_json::from_slice(&graph.source).unwrap_or_default();
        fs::write(path, format!("{document:#}\n")).unwrap();
        fs::write(folder().join(format!("{number}.diff")), other).unwrap();
        tell(&format!("differs {number} {} {first}", graph.name));
    }
}

#[test]
fn survivors_are_told_apart() {
    if std::env::var_os("FLOWCRATE_MUTANTS_ASKED").is_none() {
        return;
    }
    std::panic::set_hook(Box::new(|_| {}));
    watch();
    let work = || {
        let part = |part: &str| match part {
            "check" => Part::Check,
            "emit" => Part::Emit,
            _ => Part::Lower,
        };
        let wanted = read("wanted.txt");
        let wanted = wanted.lines().filter_map(|line| line.split_once(' '));
        let wanted =
            wanted.map(|(number, name)| (number.parse().unwrap(), part(name), 0)).collect();
        let now = File::create(folder().join("now.txt")).unwrap();
        let mut asker =
            Asker { catalogue: catalogue(), now, wanted, pool: Pool { graphs: Vec::new() } };
        if let Some(tried) = std::env::var_os("FLOWCRATE_MUTANTS_TRY") {
            return asker.try_all(Path::new(&tried));
        }
        let from = read("from.txt").trim().parse().unwrap_or(0);
        for (at, graph) in graphs().iter().enumerate().skip(from) {
            asker.look(at, graph);
        }
        for (number, _, times) in &asker.wanted {
            tell(&format!("same {number} {times}"));
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap();
    assert!(thread.join().is_ok());
}

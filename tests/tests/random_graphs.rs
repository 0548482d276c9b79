//! Random graphs through the independent model, the interpreter and compiled code: outputs and
//! journals agree (S41), in virtual time.
//!
//! `FLOWCRATE_GRAPHS=100000` and `FLOWCRATE_COMPILED=1000` try more seeds, `FLOWCRATE_FROM=2000`
//! others, `FLOWCRATE_SEED=7` one alone, and shows it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use flowcrate::{EntryView, RunView};
use flowcrate_codegen::ir::{Block, Stmt, Workflow};
use flowcrate_plugins::Actions;
use flowcrate_scripted::CallAction;
use flowcrate_server::interpret::Plan;
use flowcrate_tests::batch::{self, Member};
use flowcrate_tests::model::plant::{self, Plant};
use flowcrate_tests::model::play::Turns;
use flowcrate_tests::model::{self, Script, compare::differences};
use flowcrate_tests::random::constructs::{CONSTRUCTS, constructs, of_program};
use flowcrate_tests::random::{Case, case, shrink::shrink};
use interpreted::{number, on_large_stack, play};
use serde_json::Value;

#[path = "support/interpreted.rs"]
#[expect(dead_code, reason = "other tests tell runs otherwise")]
mod interpreted;

/// What became of a case.
enum Verdict {
    /// The checker refused it, with these codes.
    Refused(Vec<String>),
    /// The page leaves more than one course open, for these reasons; and whether the run took that
    /// of the model.
    Doubtful(Vec<String>, bool),
    Agrees {
        entries: usize,
        /// Whether only the program's order says which course it takes (S41).
        by_program: bool,
        /// What the graph and its program are made of.
        constructs: BTreeSet<String>,
    },
    Differs(Vec<String>),
    /// The model does not know what the graph holds.
    Unplayable(Vec<String>),
}

/// Compiler and interpreter.
struct Bench(interpreted::Bench);

impl Bench {
    fn new() -> Self {
        Self(interpreted::Bench::new(Actions::default().with(CallAction)))
    }

    /// What the compiler makes of a case, or with which codes it refuses it.
    fn plan(&self, case: &Case) -> Result<Arc<Plan>, Vec<String>> {
        let code = |error: String| error.split(' ').next().unwrap_or_default().to_owned();
        self.0.plan(&case.graph).map_err(|errors| errors.into_iter().map(code).collect())
    }

    fn judge(&self, case: &Case) -> Verdict {
        let plan = match self.plan(case) {
            Ok(plan) => plan,
            Err(codes) => return Verdict::Refused(codes),
        };
        let played = model::play_by(&case.graph, &case.script, &turns(&plan.ir));
        if !played.unknown.is_empty() {
            return Verdict::Unplayable(played.unknown);
        }
        let of_program = of_program(&plan.ir);
        let (run, journal) = interpret(case, plan);
        let found = differences(&played, &run, &journal);
        if !played.doubts.is_empty() {
            return Verdict::Doubtful(played.doubts, found.is_empty());
        }
        if found.is_empty() {
            let (entries, by_program) = (journal.len(), played.by_program);
            let mut constructs = constructs(&case.graph);
            constructs.extend(of_program.into_iter().map(str::to_owned));
            Verdict::Agrees { entries, by_program, constructs }
        } else {
            Verdict::Differs(found)
        }
    }

    fn fails(&self, case: &Case) -> bool {
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge(case)));
        judged.map_or(true, |verdict| matches!(verdict, Verdict::Differs(_)))
    }
}

fn interpret(case: &Case, plan: Arc<Plan>) -> (RunView, Vec<EntryView>) {
    play(case, plan).unwrap()
}

fn seeds() -> std::ops::Range<u64> {
    let from = number("FLOWCRATE_FROM").unwrap_or(0);
    let several = from..from + number("FLOWCRATE_GRAPHS").unwrap_or(2_000);
    number("FLOWCRATE_SEED").map_or(several, |seed| seed..seed + 1)
}

/// What came of all seeds.
#[derive(Default)]
struct Tally {
    agreed: usize,
    /// So many of those by the program's order alone.
    by_program: usize,
    entries: usize,
    doubtful: usize,
    /// Of each reason to doubt: how many graphs give it, in how many of those the run took the
    /// model's course all the same, and some that did not.
    doubts: BTreeMap<String, (usize, usize, Vec<u64>)>,
    refused: BTreeMap<String, Vec<u64>>,
    failed: Vec<u64>,
    /// How many graphs that agree hold each construct.
    constructs: BTreeMap<String, usize>,
}

impl Tally {
    fn count(&mut self, seed: u64, verdict: Verdict) {
        match verdict {
            Verdict::Refused(codes) => {
                for code in codes {
                    self.refused.entry(code).or_default().push(seed);
                }
            }
            Verdict::Doubtful(doubts, alike) => {
                self.doubtful += 1;
                for doubt in doubts.into_iter().collect::<BTreeSet<_>>() {
                    let (all, agreed, others) = self.doubts.entry(doubt).or_default();
                    (*all, *agreed) = (*all + 1, *agreed + usize::from(alike));
                    if !alike && others.len() < 6 {
                        others.push(seed);
                    }
                }
            }
            Verdict::Agrees { entries, by_program, constructs } => {
                for construct in constructs {
                    *self.constructs.entry(construct).or_default() += 1;
                }
                self.agreed += 1;
                self.by_program += usize::from(by_program);
                self.entries += entries;
            }
            Verdict::Differs(found) | Verdict::Unplayable(found) => {
                println!("seed {seed}: {found:#?}");
                self.failed.push(seed);
            }
        }
    }

    fn print(&self) {
        let Self { agreed, by_program, entries, doubtful, doubts, refused, failed, constructs } =
            self;
        println!("{constructs:?}");
        for (doubt, (all, agreed, others)) in doubts {
            println!("doubt: {doubt}: {all}, of which {agreed} agree, not {others:?}");
        }
        println!(
            "{agreed} agree in {entries} entries, {by_program} of them by the program's order, \
             {doubtful} doubtful, failed {failed:?}"
        );
        for (code, seeds) in refused {
            println!("{code}: {} refused, {:?}…", seeds.len(), &seeds[..seeds.len().min(4)]);
        }
    }
}

#[test]
fn model_and_interpreter_agree() {
    on_large_stack(|| {
        let bench = Bench::new();
        let mut tally = Tally::default();
        let one = number("FLOWCRATE_SEED");
        let seeds = seeds();
        for seed in seeds.clone() {
            let case = case(seed);
            if one.is_some() {
                show(&case);
            }
            let verdict = catch_unwind(AssertUnwindSafe(|| bench.judge(&case)));
            let panicked = |_| Verdict::Differs(vec!["a panic".to_owned()]);
            tally.count(seed, verdict.unwrap_or_else(panicked));
        }
        tally.print();
        for seed in tally.failed.iter().take(3) {
            println!("seed {seed}, shrunk:");
            let small = shrink(&case(*seed), &|case| bench.fails(case));
            show(&small);
            if let Verdict::Differs(found) = bench.judge(&small) {
                println!("{found:#?}");
            }
        }
        assert!(tally.failed.is_empty(), "again: FLOWCRATE_SEED={}", tally.failed[0]);
        // The generator is cautious, but what contradicts itself it does not know.
        let expected = ["E213", "E407", "E422"];
        let strange: Vec<&String> =
            tally.refused.keys().filter(|code| !expected.contains(&&code[..4])).collect();
        assert!(strange.is_empty(), "refused for {strange:?}");
        let all = usize::try_from(seeds.end - seeds.start).unwrap();
        let never = |construct: &&&str| !tally.constructs.contains_key(**construct);
        let never: Vec<&&str> = CONSTRUCTS.iter().filter(never).collect();
        assert!(all < 2_000 || never.is_empty(), "never occur: {never:?}");
        assert!(one.is_some() || tally.agreed * 5 > all * 4, "only {} agreed", tally.agreed);
        assert!(all < 2_000 || tally.doubtful * 50 < all, "{} are doubted", tally.doubtful);
    });
}

/// So many graphs are asked whether they notice a planted defect.
const PLANTED: u64 = 2_000;

/// A wrong reading of any rule shows: the comparison is not one that nothing fails.
#[test]
fn planted_defects_are_noticed() {
    on_large_stack(|| {
        let bench = Bench::new();
        let sound = |seed| {
            let case = case(seed);
            let plan = bench.plan(&case).ok()?;
            let (run, journal) = interpret(&case, plan);
            let played = model::play(&case.graph, &case.script);
            let agrees =
                played.doubts.is_empty() && differences(&played, &run, &journal).is_empty();
            agrees.then_some((case, run, journal))
        };
        let (mut left, mut noticed) = (Plant::ALL.to_vec(), BTreeMap::new());
        for seed in 0..PLANTED {
            if left.is_empty() {
                break;
            }
            let Some((case, run, journal)) = sound(seed) else { continue };
            left.retain(|plant| {
                let played = plant::with(*plant, || model::play(&case.graph, &case.script));
                let doubtful = !played.doubts.is_empty() || !played.unknown.is_empty();
                let hidden = doubtful || differences(&played, &run, &journal).is_empty();
                if !hidden {
                    noticed.insert(format!("{plant:?}"), seed);
                }
                hidden
            });
        }
        println!("noticed by the graph of this seed: {noticed:?}");
        assert!(left.is_empty(), "not noticed by any of {PLANTED} graphs: {left:?}");
    });
}

/// So many graphs make one crate.
const BATCH: usize = 60;

/// Compiled code against the interpreter, also where the page leaves more than one course open:
/// both walk the same program (S41).
#[test]
fn interpreter_and_compiled_code_agree() {
    on_large_stack(|| {
        let bench = Bench::new();
        let wanted = number("FLOWCRATE_COMPILED").unwrap_or(60);
        let accepted = seeds().map(|seed| (seed, case(seed)));
        let accepted = accepted.filter_map(|(seed, case)| {
            let plan = bench.plan(&case).ok()?;
            Some((seed, case, plan))
        });
        let cases: Vec<_> = accepted.take(usize::try_from(wanted).unwrap()).collect();
        let (mut faults, mut entries) = (Vec::new(), 0);
        for (at, batch) in cases.chunks(BATCH).enumerate() {
            let member = |(_, case, plan): &(u64, Case, Arc<Plan>)| {
                let input = plan.input(&case.script.trigger, case.script.payload.clone());
                Member::new(&plan.checked, &plan.ir, input, case.script.clone())
            };
            let members: Vec<Member> = batch.iter().map(member).collect();
            let lints = number("FLOWCRATE_LINTS").is_some();
            let outcome = match batch::run("random", &members, lints) {
                Ok(outcome) => outcome,
                Err(said) => panic!("batch {at}: {said}"),
            };
            for (name, said) in outcome.refused {
                println!("{name}: {}", said.join("\n"));
                faults.push(format!("{name} is refused"));
            }
            for (seed, case, plan) in batch {
                let Some(compiled) = outcome.ran.get(&plan.ir.name) else { continue };
                let (run, journal) = interpret(case, Arc::clone(plan));
                entries += journal.len();
                let (ours, theirs) = (told(&run, &journal), told(&compiled.run, &compiled.journal));
                if ours != theirs {
                    println!("seed {seed}: interpreted {ours:#?}, compiled {theirs:#?}");
                    faults.push(format!("seed {seed} differs"));
                }
            }
        }
        println!("{} compiled graphs agree in {entries} entries", cases.len() - faults.len());
        assert!(faults.is_empty(), "{} differ: {}", faults.len(), faults.join("\n"));
        let few = cases.len() > BATCH / 2 && entries <= cases.len();
        assert!(!few, "{} graphs have {entries} entries", cases.len());
    });
}

/// What is recorded of the small graphs (`fixtures/small`) is Rust without a warning.
#[test]
fn small_graphs_compile_without_a_warning() {
    on_large_stack(|| {
        let bench = Bench::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/small");
        let mut members = Vec::new();
        for theme in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let graphs = fs::read(theme.join("graphs.json")).unwrap();
            let graphs: Vec<Value> = serde_json::from_slice(&graphs).unwrap();
            for mut graph in graphs {
                graph["name"] = format!("small{}", members.len()).into();
                let case = Case { graph, script: Script::default() };
                let plan = bench.plan(&case).unwrap();
                members.push(Member::new(&plan.checked, &plan.ir, Value::Null, case.script));
            }
        }
        let lints = number("FLOWCRATE_LINTS").is_some();
        let outcome = batch::run("small", &members, lints).unwrap();
        assert!(outcome.refused.is_empty(), "{:#?}", outcome.refused);
        assert!(outcome.ran.len() > 50, "{} graphs", outcome.ran.len());
    });
}

/// So many graphs are emitted without being compiled.
const EMITTED: usize = 300;

/// What is emitted has the brackets that it should have, and no long lines; without building it.
#[test]
fn emitted_text_is_laid_out() {
    on_large_stack(|| {
        let bench = Bench::new();
        let plans = seeds().filter_map(|seed| {
            let case = case(seed);
            Some((bench.plan(&case).ok()?, case))
        });
        let (mut faults, mut wide, mut lines) = (Vec::new(), Vec::new(), 0);
        let wanted = number("FLOWCRATE_GRAPHS").and_then(|wanted| usize::try_from(wanted).ok());
        for (plan, case) in plans.take(wanted.unwrap_or(EMITTED)) {
            let member = Member::new(&plan.checked, &plan.ir, Value::Null, case.script);
            lines += member.emitted.workflow.lines().count();
            if let Err(error) = syn::parse_file(&member.emitted.workflow) {
                faults.push(format!("{}: {error}", member.name));
            }
            wide.extend(too_wide(&member));
        }
        println!("{lines} lines, {} too wide", wide.len());
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        assert!(wide.len() <= lines / WIDE, "{}", wide.join("\n"));
    });
}

/// Of so many lines one may be too wide: rare shapes, such as a record whose other fields are the
/// default's.
const WIDE: usize = 10_000;

/// Emitted lines are as narrow as rustfmt makes them, but for texts that it cannot break.
fn too_wide(member: &Member) -> Vec<String> {
    let wide = |line: &&str| line.chars().count() > 100 && !line.contains('"');
    let lines = member.emitted.workflow.lines().filter(wide);
    lines.map(|line| format!("{}: too wide: {line}", member.name)).collect()
}

/// What two runs of one course tell alike: how they end, and path to outcome.
fn told(run: &RunView, journal: &[EntryView]) -> (String, BTreeMap<String, Value>) {
    let RunView { state, output, response, failure, ended_at, .. } = run;
    // Null and absent are one (S10).
    let output = output.clone().unwrap_or_default();
    let end = format!("{state:?} {output:?} {response:?} {failure:?} {ended_at:?}");
    let entry = |entry: &EntryView| {
        let mut kept = serde_json::to_value(entry).unwrap();
        for part in ["seq", "details"] {
            kept.as_object_mut().unwrap().remove(part);
        }
        // Where in the code an error was made is another place in each.
        if let Some(error) = kept["error"].as_object_mut() {
            error.remove("cause");
        }
        (entry.path.clone(), kept)
    };
    (end, journal.iter().map(entry).collect())
}

/// The order in which the nodes of a program have their turns: that of its text.
fn turns(program: &Workflow) -> Turns {
    let blocks = program.scopes.values().chain([&program.body]);
    let ids = blocks.flat_map(ids_of).enumerate();
    ids.map(|(turn, id)| (id, turn)).collect()
}

fn ids_of(block: &Block) -> Vec<String> {
    let ids = |stmt: &Stmt| match stmt {
        Stmt::Run(id) => vec![id.to_string()],
        Stmt::Branch(branch) => branch.arms.iter().flat_map(|arm| ids_of(&arm.block)).collect(),
        Stmt::When(when) => ids_of(&when.block),
        Stmt::Join(join) => join.blocks.iter().flat_map(ids_of).collect(),
        Stmt::Tasks(tasks) => tasks.tasks.iter().flat_map(|task| ids_of(&task.block)).collect(),
    };
    block.0.iter().flat_map(ids).collect()
}

fn show(case: &Case) {
    println!("{:#}\n{:#}", case.graph, serde_json::to_value(&case.script).unwrap());
}

//! Many compiled graphs in one crate, a module each: what random graphs are run as.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flowcrate::{EntryView, RunView};
use flowcrate_codegen::check::Checked;
use flowcrate_codegen::emit::{Emitted, emit};
use flowcrate_codegen::ir;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::emitted;
use crate::model::Script;

/// A graph that is to be compiled, and the runs of it.
#[derive(Clone, Debug)]
pub struct Member {
    /// The module's name, which is the workflow's.
    pub name: String,
    /// What the emitter wrote.
    pub emitted: Emitted,
    /// What starts the run.
    pub input: Value,
    /// The world in which it runs.
    pub script: Script,
}

impl Member {
    /// Emits a graph that was checked and lowered.
    pub fn new(checked: &Checked, workflow: &ir::Workflow, input: Value, script: Script) -> Self {
        let catalogue =
            flowcrate_plugins::Actions::default().with(flowcrate_scripted::CallAction).catalogue();
        let emitted = emit(workflow, checked, &catalogue);
        Self { name: workflow.name.clone(), emitted, input, script }
    }
}

/// What the batch's binary is told of a run.
#[derive(Serialize)]
struct Told<'a> {
    input: &'a Value,
    script: &'a Script,
}

/// A run of compiled code, as the binary tells it.
#[derive(Debug, Deserialize)]
pub struct Ran {
    /// How it stands at its end.
    pub run: RunView,
    /// Its journal.
    pub journal: Vec<EntryView>,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The runs of all members that could be built, by name.
    pub ran: BTreeMap<String, Ran>,
    /// What rustc or clippy said of the others.
    pub refused: BTreeMap<String, Vec<String>>,
}

/// Compiles all members to one crate with warnings as errors, lints it if asked to, and runs each.
/// What the compiler refuses is told and left out; an error is what says nothing of a member.
pub fn run(folder: &str, members: &[Member], lints: bool) -> Result<Outcome, String> {
    let (mut left, mut refused) = (members.to_vec(), BTreeMap::new());
    // Linting is the faster one, and says what building says.
    for command in ["clippy", "build"].into_iter().skip(usize::from(!lints)) {
        while !left.is_empty()
            && let Some(said) = refusal(folder, &left, command)?
        {
            let found = faults(&said);
            keep(&left, &found).map_err(|error| error.to_string())?;
            let before = left.len();
            left.retain(|member| !found.contains_key(&member.name));
            if left.len() == before {
                return Err(said);
            }
            refused.extend(found);
        }
    }
    let ran = if left.is_empty() { BTreeMap::new() } else { play(folder, &left)? };
    Ok(Outcome { ran, refused })
}

/// Writes down what was refused, to be looked at: `target/emitted/refused/<name>.rs`.
fn keep(members: &[Member], found: &BTreeMap<String, Vec<String>>) -> std::io::Result<()> {
    let folder = emitted::target().with_file_name("refused");
    std::fs::create_dir_all(&folder)?;
    for member in members {
        if let Some(said) = found.get(&member.name) {
            let said = said.join("\n").replace('\n', "\n// ");
            let text = format!("{}\n// {said}\n", member.emitted.workflow);
            std::fs::write(folder.join(&member.name).with_extension("rs"), text)?;
        }
    }
    Ok(())
}

/// What cargo says against the crate of these members; none if nothing.
fn refusal(folder: &str, members: &[Member], command: &str) -> Result<Option<String>, String> {
    let folder = write(folder, members).map_err(|error| error.to_string())?;
    let args = [command, "--quiet"];
    let done = emitted::cargo(&folder, &args).map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    Ok((!done.status.success()).then_some(said))
}

/// What is said of each member, by the folder that it stands in.
fn faults(said: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let starts = |line: &str| line.starts_with("error") || line.starts_with("warning");
    let mut paragraph = String::new();
    for line in said.lines().chain(["error"]) {
        if starts(line) {
            let place =
                paragraph.split_once("--> src/").and_then(|(_, place)| place.split_once('/'));
            if let Some((member, _)) = place {
                found.entry(member.to_owned()).or_default().push(std::mem::take(&mut paragraph));
            }
            paragraph.clear();
        }
        paragraph.push_str(line);
        paragraph.push('\n');
    }
    found
}

/// Runs all members that the crate holds.
fn play(folder: &str, members: &[Member]) -> Result<BTreeMap<String, Ran>, String> {
    let folder = emitted::target().with_file_name(folder);
    let told: BTreeMap<&str, Told<'_>> = members
        .iter()
        .map(|member| (member.name.as_str(), Told { input: &member.input, script: &member.script }))
        .collect();
    let (asked, answered) = (folder.join("asked.json"), folder.join("answered.json"));
    let asking = serde_json::to_vec(&told).map_err(|error| error.to_string())?;
    std::fs::write(&asked, asking).map_err(|error| error.to_string())?;
    let ran = Command::new(emitted::target().join("debug/random-graphs"))
        .args([&asked, &answered])
        .output()
        .map_err(|error| error.to_string())?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
    }
    let answers = std::fs::read(&answered).map_err(|error| error.to_string())?;
    serde_json::from_slice(&answers).map_err(|error| error.to_string())
}

fn write(folder: &str, members: &[Member]) -> std::io::Result<PathBuf> {
    let folder = emitted::folder(folder)?;
    std::fs::write(folder.join("Cargo.toml"), manifest(members))?;
    std::fs::copy(emitted::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let source = folder.join("src");
    std::fs::create_dir_all(&source)?;
    let (mut modules, mut calls) = (String::new(), String::new());
    for Member { name, emitted, .. } in members {
        let own = source.join(name);
        let custom = emitted.custom.as_deref().map(written);
        let files = [
            ("workflow", Some(&emitted.workflow)),
            ("steps", emitted.steps.as_ref()),
            ("types", emitted.types.as_ref()),
            ("custom", custom.as_ref()),
        ];
        let mut parts = modules_of(&own, files)?;
        for callee in emitted.callees.values() {
            let inner = own.join(&callee.module);
            let files = [("workflow", Some(&callee.workflow)), ("steps", callee.steps.as_ref())];
            let text = modules_of(&inner, files)?;
            std::fs::write(inner.join("mod.rs"), text)?;
            writeln!(parts, "pub mod {};", callee.module).unwrap_or_default();
        }
        std::fs::write(own.join("mod.rs"), parts)?;
        writeln!(modules, "pub mod {name};").unwrap_or_default();
        let structure = &emitted.structure;
        writeln!(
            calls,
            "        {name:?} => play(random_graphs::{name}::workflow::{structure}, told),"
        )
        .unwrap_or_default();
    }
    std::fs::write(source.join("lib.rs"), modules)?;
    std::fs::write(source.join("main.rs"), MAIN.replace("        // calls\n", &calls))?;
    Ok(folder)
}

/// `custom.rs` once a person has written it (S36): what it does, the world says. What is overridden
/// stays as it is, and does what the action does.
fn written(custom: &str) -> String {
    let mut text = custom.replace("_step:", "step:").replace("_input:", "input:");
    while let Some(at) = text.find("\"not_written\"") {
        let (before, after) = text.split_at(at);
        let start = before.rfind("Err(").unwrap_or(at);
        let message = after.find(".rs\"").unwrap_or_default();
        let end = after.get(message..).and_then(|rest| rest.find("))")).unwrap_or_default();
        text.replace_range(
            start..at + message + end + 2,
            "flowcrate_scripted::write(step, input).await",
        );
    }
    text
}

/// Writes modules into a folder; the text that declares them.
fn modules_of<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'a str, Option<&'a String>)>,
) -> std::io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let mut text = String::new();
    for (module, source) in files {
        let Some(source) = source else { continue };
        writeln!(text, "pub mod {module};").unwrap_or_default();
        // A member is a module of the crate, and no crate.
        let source = source.replace("crate::custom", "super::custom");
        let source = source.replace("crate::generated", "super");
        std::fs::write(folder.join(module).with_extension("rs"), source)?;
    }
    Ok(text)
}

/// What all members need.
fn manifest(members: &[Member]) -> String {
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let own = [("flowcrate", "engine"), ("flowcrate", "testkit"), ("flowcrate-scripted", "call")];
    let own = own.map(|(package, feature)| (package.to_owned(), feature.to_owned()));
    for (package, feature) in own {
        needs.entry(package).or_default().insert(feature);
    }
    for member in members {
        for (package, features) in &member.emitted.dependencies {
            needs.entry(package.clone()).or_default().extend(features.iter().cloned());
        }
    }
    needs.entry("serde".to_owned()).or_default().extend(["derive".to_owned(), "std".to_owned()]);
    needs.entry("serde_json".to_owned()).or_default().insert("std".to_owned());
    let mut text = String::from(
        "[package]\nname = \"random-graphs\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n",
    );
    for (package, features) in needs {
        let features: Vec<String> = features.into_iter().collect();
        let place = match package.as_str() {
            "flowcrate" => path("runtime"),
            "flowcrate-plugins" => path("plugins"),
            "flowcrate-scripted" => path("tests/scripted"),
            _ => "version = \"1\"".to_owned(),
        };
        writeln!(
            text,
            "{package} = {{ {place}, default-features = false, features = {features:?} }}"
        )
        .unwrap_or_default();
    }
    text.push_str("\n[profile.dev]\ndebug = false\n\n[workspace]\n");
    text
}

fn path(package: &str) -> String {
    format!("path = \"{}\"", emitted::root().join(Path::new(package)).display())
}

/// The binary: plays each run that it is told, in virtual time.
const MAIN: &str = r#"//! Plays the runs of a batch.

use std::collections::BTreeMap;
use std::time::Duration;

use flowcrate::Workflow;
use flowcrate::testkit::VirtualTime;
use serde_json::{Value, json};

fn play<W: Workflow + Send + Sync>(workflow: W, told: &Value) -> Value {
    let script = &told["script"];
    let world = serde_json::from_value(script["world"].clone()).expect("a world");
    flowcrate_scripted::enter(world);
    let mut time = VirtualTime::new();
    for event in script["events"].as_array().into_iter().flatten() {
        let at = Duration::from_millis(event["at"].as_u64().unwrap_or(0));
        let name = event["name"].as_str().unwrap_or_default();
        time = time.event(at, name, event["key"].as_str(), event["payload"].clone());
    }
    let (run, journal) = time.play(workflow, &told["input"]).expect("a run");
    json!({ "run": run, "journal": journal })
}

fn call(name: &str, told: &Value) -> Value {
    match name {
        // calls
        _ => Value::Null,
    }
}

fn main() {
    let run = || {
        let mut args = std::env::args().skip(1);
        let (asked, answered) = (args.next().expect("a file"), args.next().expect("a file"));
        let asked = std::fs::read(asked).expect("what is asked");
        let told: BTreeMap<String, Value> = serde_json::from_slice(&asked).expect("JSON");
        let ran: BTreeMap<&String, Value> =
            told.iter().map(|(name, told)| (name, call(name, told))).collect();
        std::fs::write(answered, serde_json::to_vec(&ran).expect("JSON")).expect("a file");
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024 * 1024).spawn(run);
    thread.expect("a thread").join().expect("no panic");
}
"#;

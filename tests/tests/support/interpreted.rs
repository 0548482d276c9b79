//! Runs of cases in virtual time, by the interpreter, and what they tell alike.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flowcrate::testkit::VirtualTime;
use flowcrate::{EntryView, RunView};
use flowcrate_codegen::check::{Body, Node};
use flowcrate_plugins::Actions;
use flowcrate_scripted::PriceAction;
use flowcrate_server::callees::Linked;
use flowcrate_server::compiler::Compiler;
use flowcrate_server::interpret::{Interpreted, Plan};
use flowcrate_tests::random::{Case, callees::sources};
use serde_json::{Value, json};

/// Futures nest as deep as graphs do.
const STACK: usize = 256 * 1024 * 1024;

/// Runs a test on a thread with a stack as large as that of the engine's.
pub(crate) fn on_large_stack(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, test).unwrap();
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// A number that the environment may set.
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Compiler and interpreter.
pub(crate) struct Bench {
    compiler: Compiler,
}

impl Bench {
    /// With these actions.
    pub(crate) fn new(actions: Actions) -> Self {
        Self { compiler: Compiler::with(actions) }
    }

    /// The program of a graph, or its errors.
    pub(crate) fn plan(&self, graph: &Value) -> Result<Arc<Plan>, Vec<String>> {
        let source = serde_json::to_vec(graph).unwrap();
        let planned = self.compiler.plan(&source, &Linked::from(sources())).map(Arc::new);
        planned.map_err(|found| {
            let errors = found.iter().filter(|found| found.is_error());
            errors.map(|found| format!("{} {}", found.code, found.message)).collect()
        })
    }
}

/// A run of the case by the interpreter.
pub(crate) fn play(case: &Case, plan: Arc<Plan>) -> Result<(RunView, Vec<EntryView>), String> {
    flowcrate_scripted::enter(case.script.world.clone());
    let mut time = VirtualTime::new();
    for event in &case.script.events {
        let at = Duration::from_millis(event.at);
        time = time.event(at, &event.name, event.key.as_deref(), event.payload.clone());
    }
    let input = plan.input(&case.script.trigger, case.script.payload.clone());
    let (name, revision) = (plan.ir.name.clone(), plan.ir.revision.clone());
    let played = time.play(Interpreted::new(name, revision, written(plan)), &input);
    played.map_err(|error| error.to_string())
}

/// The plan as if the interpreter had what a person wrote (S36): a custom node does what the world
/// says, and what is overridden does what the action does, as in a crate.
fn written(plan: Arc<Plan>) -> Arc<Plan> {
    let leaves = |node: &Node| matches!(node.body, Body::Custom { .. }) || node.is_overridden();
    let undone = |node: &Node| node.body.undo().is_some_and(|undo| leaves(&undo.node));
    if !plan.checked.nodes.values().any(|node| leaves(node) || undone(node)) {
        return plan;
    }
    let mut checked = (*plan.checked).clone();
    checked.nodes.values_mut().for_each(write);
    Arc::new(Plan {
        ir: Arc::clone(&plan.ir),
        checked: Arc::new(checked),
        callees: plan.callees.clone(),
        actions: Arc::new((*plan.actions).clone().with(PriceAction)),
    })
}

fn write(node: &mut Node) {
    if let Body::Action { overridden, .. } = &mut node.body {
        *overridden = false;
    }
    if let Body::Custom { input, policy, undo } = &node.body {
        let (input, policy, undo) = (input.clone(), policy.clone(), undo.clone());
        node.body = Body::Action { input, policy, generic: None, undo, overridden: false };
    }
    if let Body::Action { undo: Some(undo), .. } = &mut node.body {
        write(&mut undo.node);
    }
}

/// What a run tells alike of one course: how it ends, and path to outcome.
pub(crate) fn told(run: &RunView, journal: &[EntryView]) -> String {
    let RunView { state, output, response, failure, ended_at, .. } = run;
    // Null and absent are one (S10).
    let mut end = json!({ "state": state, "output": output, "response": response,
        "failure": failure, "ended_at": ended_at });
    without_cause(&mut end["failure"]);
    let mut entries: Vec<Value> = journal.iter().map(|entry| json!(entry)).collect();
    for entry in &mut entries {
        for part in ["seq", "details"] {
            entry.as_object_mut().unwrap().remove(part);
        }
        without_cause(&mut entry["error"]);
        // The id of a run that was started tells by which path, and that is another by another name.
        if entry["kind"] == "start_workflow@1" {
            entry["output"].take();
        }
    }
    json!([end, entries]).to_string()
}

fn without_cause(error: &mut Value) {
    if let Some(error) = error.as_object_mut() {
        error.remove("cause");
    }
}

/// What was told: the end, and the entries in the order of their paths.
pub(crate) fn entries(told: &str) -> (Value, BTreeMap<String, Value>) {
    let told: Value = serde_json::from_str(told).unwrap();
    let entries = told[1].as_array().unwrap().iter();
    let entry = |entry: &Value| (entry["path"].as_str().unwrap().to_owned(), entry.clone());
    (told[0].clone(), entries.map(entry).collect())
}

//! Every running fixture, interpreted: its output is the recorded one, which its emitted crate
//! gives too.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowcrate::RunState;
use flowcrate_codegen::check::Body;
use flowcrate_server::callees::Linked;
use flowcrate_server::compiler::Compiler;
use flowcrate_server::interpret::once_told;
use flowcrate_tests::fixtures::callees;
use serde_json::Value;

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/run");
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_default()).unwrap_or_default()
}

#[tokio::test]
async fn every_running_fixture_gives_its_output() {
    let compiler = Compiler::new();
    let (mut faults, mut count) = (Vec::new(), 0);
    for folder in fixtures() {
        let linked = Linked::from(callees(&folder));
        let plan = compiler.plan(&fs::read(folder.join("graph.json")).unwrap(), &linked).unwrap();
        let custom =
            plan.checked.nodes.values().any(|node| matches!(node.body, Body::Custom { .. }));
        let input = json(&folder.join("input.json"));
        // What calls the service is played beside its crate (`emitted_compile`).
        if input.to_string().contains("$SERVICE") {
            continue;
        }
        let told = serde_json::from_value(json(&folder.join("events.json"))).unwrap_or_default();
        let (run, _) = once_told(Arc::new(plan), input, told).await.unwrap();
        let expected = json(&folder.join("output.json"));
        // S36: here nobody can have written the function, so that the run stands still.
        let not_written = run.failure.as_ref().is_some_and(|failure| failure.code == "not_written");
        let stands = custom && run.state == RunState::Paused && not_written;
        if !stands && (run.state != RunState::Completed || run.output != Some(expected.clone())) {
            faults.push(format!("{}: found {run:?}, expected {expected}", folder.display()));
        }
        count += 1;
    }
    assert!(count > 10, "the fixtures are gone");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

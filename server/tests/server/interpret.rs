//! Every running fixture, interpreted: its output is the recorded one, which its emitted crate
//! gives too.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowcrate::store::MemoryStore;
use flowcrate::{Engine, Error};
use flowcrate_codegen::check::Body;
use flowcrate_server::compiler::Compiler;
use flowcrate_server::interpret::{Interpreted, Plan};
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

async fn interpret(plan: Plan, input: Value) -> flowcrate::Result<Value> {
    let (name, revision) = (plan.ir.name.clone(), plan.ir.revision.clone());
    let workflow = Interpreted::new(name.clone(), revision.clone(), Arc::new(plan));
    let engine = Engine::builder().store(MemoryStore::new()).register(workflow).build().await?;
    let output = engine.start_value(&name, &revision, input, None).await?.result().await;
    engine.shutdown().await;
    output
}

#[tokio::test]
async fn every_running_fixture_gives_its_output() {
    let compiler = Compiler::new();
    let (mut faults, mut count) = (Vec::new(), 0);
    for folder in fixtures() {
        let plan = compiler.plan(&fs::read(folder.join("graph.json")).unwrap()).unwrap();
        let custom =
            plan.checked.nodes.values().any(|node| matches!(node.body, Body::Custom { .. }));
        let found = interpret(plan, json(&folder.join("input.json"))).await;
        let expected = json(&folder.join("output.json"));
        // S36: here nobody can have written the function, so that the run stands still.
        let sound = match &found {
            Err(Error::Paused(failure)) => custom && failure.code == "not_written",
            found => found.as_ref() == Ok(&expected),
        };
        if !sound {
            faults.push(format!("{}: found {found:?}, expected {expected}", folder.display()));
        }
        count += 1;
    }
    assert!(count > 10, "the fixtures are gone");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

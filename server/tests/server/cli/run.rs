//! `flowcrate run`.

use std::fs;

use serde_json::json;

use crate::support::graphs::{double, graph, node};
use crate::support::process::run;

#[tokio::test]
async fn it_prints_the_output_as_json() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("g.json"), double("twice").to_string()).unwrap();
    fs::write(folder.path().join("in.json"), "{\"n\": 21}").unwrap();
    let ran = run(folder.path(), &["run", "g.json", "--input", "in.json"]).await;
    assert_eq!((ran.code, ran.stdout.trim()), (0, "42"), "{}", ran.stderr);
    assert!(!folder.path().join(".flowcrate").exists(), "without --data nothing is kept");
}

#[tokio::test]
async fn with_data_and_a_key_it_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ run.id }}" } })),
    ];
    fs::write(folder.path().join("g.json"), graph("who", &nodes, &["start>done"]).to_string())
        .unwrap();
    let args = ["run", "g.json", "--data", "journal", "--key", "k"];
    let first = run(folder.path(), &args).await;
    let second = run(folder.path(), &args).await;
    assert_eq!((first.code, &first.stdout), (0, &second.stdout), "{}", first.stderr);
    assert!(folder.path().join("journal/runs.db").exists());
}

#[tokio::test]
async fn a_failed_run_is_code_1_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("stop", "fail@1", &json!({ "inputs": { "message": "enough", "code": "halt" } })),
    ];
    fs::write(folder.path().join("g.json"), graph("f", &nodes, &["start>stop"]).to_string())
        .unwrap();
    let ran = run(folder.path(), &["run", "g.json"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("stop: enough [halt]"), "{}", ran.stderr);
    let ran = run(folder.path(), &["run", "g.json", "--json"]).await;
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (1, &json!("halt")));
}

#[tokio::test]
async fn wrong_inputs_and_graphs_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("g.json"), double("twice").to_string()).unwrap();
    fs::write(folder.path().join("in.json"), "{\"n\": \"x\"}").unwrap();
    let ran = run(folder.path(), &["run", "g.json", "--input", "in.json"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("expected an int"), "{}", ran.stderr);
    fs::write(folder.path().join("in.json"), "{").unwrap();
    assert_eq!(run(folder.path(), &["run", "g.json", "--input", "in.json"]).await.code, 2);
    fs::write(folder.path().join("bad.json"), "{}").unwrap();
    assert_eq!(run(folder.path(), &["run", "bad.json"]).await.code, 1);
}

//! `flowcrate run`.

use std::fs;

use serde_json::json;

use crate::support::graphs::{double, graph, manual, node};
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

/// A graph is data: however long its chains are and however deep its branches nest, it takes no
/// stack that is not there.
#[tokio::test]
async fn long_chains_and_deep_forks_run() {
    let folder = tempfile::tempdir().unwrap();
    let start = manual(&json!({ "n": { "type": "integer" } }));
    let done = node("done", "return@1", &json!({ "inputs": { "value": "{{ trigger.n }}" } }));
    let condition = json!({ "inputs": { "condition": "{{ trigger.n > 0 }}" } });
    let value = json!({ "inputs": { "value": "{{ trigger.n }}" } });
    let (mut chain, mut links) = (vec![start.clone(), done.clone()], vec!["start>c0".to_owned()]);
    let (mut forks, mut ladder) =
        (vec![start, done], vec!["start>l0".to_owned(), "start>r0".to_owned()]);
    for at in 0..1000 {
        chain.push(node(&format!("c{at}"), "condition@1", &condition));
        links.push(if at == 999 {
            "c999.true>done".to_owned()
        } else {
            format!("c{at}.true>c{}", at + 1)
        });
        for side in ["l", "r"] {
            forks.push(node(&format!("{side}{at}"), "transform@1", &value));
            ladder.push(if at == 999 {
                format!("{side}999>done")
            } else {
                format!("r{at}>{side}{}", at + 1)
            });
        }
    }
    fs::write(folder.path().join("in.json"), "{\"n\": 7}").unwrap();
    for (name, nodes, edges) in [("chain", &chain, &links), ("ladder", &forks, &ladder)] {
        let edges: Vec<&str> = edges.iter().map(String::as_str).collect();
        fs::write(folder.path().join("g.json"), graph(name, nodes, &edges).to_string()).unwrap();
        let ran = run(folder.path(), &["run", "g.json", "--input", "in.json"]).await;
        assert_eq!((ran.code, ran.stdout.trim()), (0, "7"), "{name}: {}", ran.stderr);
    }
}

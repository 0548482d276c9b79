//! `check`, `explain`, `new`, `import`.

use std::fs;

use serde_json::{Value, json};

use crate::support::graphs::{double, graph, node};
use crate::support::process::run;

#[tokio::test]
async fn a_sound_graph_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), double("twice").to_string()).unwrap();
    let ran = run(folder.path(), &["check", "a.json"]).await;
    assert_eq!((ran.code, ran.stdout.trim()), (0, "twice: fine (2 nodes)"), "{}", ran.stderr);
    let ran = run(folder.path(), &["check", "a.json", "--json"]).await;
    assert_eq!((ran.code, ran.json()), (0, json!({ "diagnostics": [] })));
}

#[tokio::test]
async fn mistakes_come_with_carets_and_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("c", "condition@1", &json!({ "inputs": { "condition": "{{ trigger + }}" } })),
    ];
    fs::write(folder.path().join("a.json"), graph("a", &nodes, &["start>c"]).to_string()).unwrap();
    let ran = run(folder.path(), &["check", "a.json"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("error[E"), "{}", ran.stderr);
    assert!(ran.stderr.contains("a.json: c /inputs/condition"), "{}", ran.stderr);
    assert!(ran.stderr.contains("{{ trigger + }}") && ran.stderr.contains('^'), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 error"), "{}", ran.stderr);
    let ran = run(folder.path(), &["check", "a.json", "--color", "always"]).await;
    assert!(ran.stderr.contains("\u{1b}["), "{}", ran.stderr);
    let ran = run(folder.path(), &["check", "a.json", "--json"]).await;
    assert_eq!((ran.code, &ran.json()["diagnostics"][0]["node"]), (1, &json!("c")));
}

#[tokio::test]
async fn a_missing_file_is_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["check", "absent.json"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("cannot read absent.json"), "{}", ran.stderr);
    assert_eq!(run(folder.path(), &["check"]).await.code, 2);
}

#[tokio::test]
async fn codes_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["explain", "e207"]).await;
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.starts_with("# E207"), "{}", ran.stdout);
    assert_eq!(run(folder.path(), &["explain", "E000"]).await.code, 2);
}

#[tokio::test]
async fn a_new_graph_compiles_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["new", "my-flow"]).await;
    assert_eq!((ran.code, ran.stdout.trim()), (0, "my-flow.json"));
    assert_eq!(run(folder.path(), &["check", "my-flow.json"]).await.code, 0);
    assert_eq!(run(folder.path(), &["new", "my-flow"]).await.code, 2);
    assert_eq!(run(folder.path(), &["new", "../evil"]).await.code, 2);
}

#[tokio::test]
async fn a_foreign_graph_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = json!({ "name": "Say hello", "nodes": [
        { "id": "t-1", "type": "trigger", "position": { "x": 0, "y": 0 },
          "data": { "type": "trigger", "label": "Start", "config": { "triggerType": "Manual" } } } ],
        "edges": [] });
    fs::write(folder.path().join("foreign.json"), foreign.to_string()).unwrap();
    let ran = run(folder.path(), &["import", "vercel", "foreign.json", "--out", "ours.json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ours: Value =
        serde_json::from_slice(&fs::read(folder.path().join("ours.json")).unwrap()).unwrap();
    assert_eq!(ours["name"], "say-hello");
    assert_eq!(run(folder.path(), &["check", "ours.json"]).await.code, 0);
    let ran = run(folder.path(), &["import", "vercel", "foreign.json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap(), ours);
    let again =
        run(folder.path(), &["import", "vercel", "foreign.json", "--out", "ours.json"]).await;
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    let forced = ["import", "vercel", "foreign.json", "--out", "ours.json", "--force"];
    assert_eq!(run(folder.path(), &forced).await.code, 0);
    fs::write(folder.path().join("broken.json"), "{").unwrap();
    let ran = run(folder.path(), &["import", "vercel", "broken.json", "--out", "none.json"]).await;
    assert_eq!(ran.code, 1);
    assert!(!folder.path().join("none.json").exists());
}

#[tokio::test]
async fn what_survives_an_upgrade_is_said_node_by_node() {
    let folder = tempfile::tempdir().unwrap();
    let wait = |time: &str| {
        let pause = node("pause", "wait@1", &json!({ "inputs": { "duration": time } }));
        graph("w", &[node("start", "manual@1", &json!({})), pause], &["start>pause"]).to_string()
    };
    fs::write(folder.path().join("old.json"), wait("1h")).unwrap();
    fs::write(folder.path().join("new.json"), wait("2h")).unwrap();
    fs::write(folder.path().join("bad.json"), "{").unwrap();
    let ran = run(folder.path(), &["check", "new.json", "--running", "old.json"]).await;
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("prevents    pause\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("pause reads other inputs now"), "{}", ran.stdout);
    let ran = run(folder.path(), &["check", "old.json", "--running", "old.json"]).await;
    assert_eq!((ran.code, ran.stdout.contains("the same revision")), (0, true), "{}", ran.stdout);
    let ran = run(folder.path(), &["check", "new.json", "--running", "old.json", "--json"]).await;
    assert_eq!(ran.json()["upgrade"]["nodes"]["pause"]["verdict"], "prevents");
    let ran = run(folder.path(), &["check", "new.json", "--running", "bad.json"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("error[E101]"), "{}", ran.stderr);
}

#[tokio::test]
async fn fixes_are_applied_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = "{ \"name\": \"a\",\n  \"nodes\": [ {\"id\": \"start\", \"data\": {\"kind\": \"manul@1\"}},\n    \
                {\"id\": \"end\", \"data\": {\"kind\": \"return@1\", \"inputs\": {\"value\": \"{{ steps.strat }}\"}}} ],\n  \
                \"edges\": [ {\"source\": \"start\", \"target\": \"end\"} ], \"mine\": 1 }\n";
    fs::write(folder.path().join("a.json"), text).unwrap();
    let ran = run(folder.path(), &["check", "a.json", "--fix"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("a.json: fixed E206 of start: make it `manual@1`"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("fixed E406 of end"), "{}", ran.stdout);
    let mended = fs::read_to_string(folder.path().join("a.json")).unwrap();
    assert_eq!(mended, text.replace("manul", "manual").replace("strat", "start"));
    let ran = run(folder.path(), &["check", "a.json", "--fix", "--json"]).await;
    assert_eq!((ran.code, ran.json()), (0, json!({ "diagnostics": [], "fixed": [] })));
    assert_eq!(run(folder.path(), &["check", "-", "--fix"]).await.code, 2);
    fs::write(folder.path().join("b.json"), "{}").unwrap();
    assert_eq!(run(folder.path(), &["check", "b.json", "--fix"]).await.code, 1);
    assert_eq!(fs::read_to_string(folder.path().join("b.json")).unwrap(), "{}");
}

//! Workflows that call others (S35): typed by them, and pinned to what they were.

use std::io::Cursor;

use serde_json::{Value, json};

use crate::support::graphs::{double, graph, manual, node};
use crate::support::server::TestServer;

/// Calls `twice` with its number, and returns what that gives.
fn caller(name: &str, callee: &str) -> Value {
    let inputs = json!({ "input": { "n": "{{ trigger.n }}" } });
    let config = json!({ "workflow": callee });
    let nodes = [
        manual(&json!({ "n": { "type": "integer" } })),
        node("other", "call_workflow@1", &json!({ "config": config, "inputs": inputs })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ steps.other }}" } })),
    ];
    graph(name, &nodes, &["start>other", "other>done"])
}

/// `double`, but a thousand more.
fn more(name: &str) -> Value {
    let nodes = [
        manual(&json!({ "n": { "type": "integer" } })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ trigger.n * 2 + 1000 }}" } })),
    ];
    graph(name, &nodes, &["start>done"])
}

async fn output(server: &TestServer, workflow: &str) -> Value {
    let run = server.run(workflow, &json!({ "n": 21 })).await;
    server.until(run["id"].as_str().unwrap(), "completed").await["output"].clone()
}

async fn replace(server: &TestServer, name: &str, graph: &Value) {
    let path = format!("/api/v1/workflows/{name}");
    server.send("PUT", &path, &[("if-match", "*")], graph.to_string()).await.expect(200);
}

#[tokio::test]
async fn a_call_keeps_the_revision_that_it_was_stored_with() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    server.store(&caller("inner", "twice")).await;
    server.store(&caller("outer", "inner")).await;
    assert_eq!(output(&server, "outer").await, json!(42));
    replace(&server, "twice", &more("twice")).await;
    // What calls it is as it was, through whatever lies between.
    assert_eq!(output(&server, "twice").await, json!(1042));
    assert_eq!(output(&server, "inner").await, json!(42));
    assert_eq!(output(&server, "outer").await, json!(42));
    replace(&server, "outer", &caller("outer", "inner")).await;
    // Stored again, it takes what it reaches as it now is, whatever `inner` itself is pinned to.
    assert_eq!(output(&server, "outer").await, json!(1042));
    assert_eq!(output(&server, "inner").await, json!(42));
    server.send("DELETE", "/api/v1/workflows/twice", &[("if-match", "*")], "").await.expect(204);
    let server = server.restart().await;
    assert_eq!(output(&server, "inner").await, json!(42));
    assert_eq!(output(&server, "outer").await, json!(1042));
    let refused = server.send("POST", "/api/v1/workflows", &[], caller("new", "twice").to_string());
    let problem = refused.await.problem(422, "faulty_graph");
    assert_eq!(problem["diagnostics"][0]["code"], "E231");
}

#[tokio::test]
async fn what_is_called_is_checked_and_exported_with_its_caller() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    let check = server.post("/api/v1/check", &caller("outer", "twice")).await.expect(200);
    assert_eq!(check["diagnostics"], json!([]));
    assert_eq!(check["types"]["other"]["output"], json!({ "type": "int" }));
    let check = server.post("/api/v1/check", &caller("outer", "outer")).await.expect(200);
    assert_eq!(check["diagnostics"][0]["code"], "E232");
    server.store(&caller("outer", "twice")).await;
    let zip = server.get("/api/v1/workflows/outer/export").await;
    let archive = zip::ZipArchive::new(Cursor::new(zip.body.clone())).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for file in
        ["src/generated/twice/workflow.rs", "workflows/twice.json", "src/generated/types.rs"]
    {
        assert!(names.iter().any(|name| name == file), "{file} is not in {names:?}");
    }
}

#[tokio::test]
async fn a_called_run_is_cancelled_with_its_caller() {
    let server = TestServer::start().await;
    let wait = node("hold", "wait@1", &json!({ "inputs": { "duration": "1h" } }));
    let nodes = [manual(&json!({ "n": { "type": "integer" } })), wait];
    server.store(&graph("slow", &nodes, &["start>hold"])).await;
    server.store(&caller("outer", "slow")).await;
    let body = json!({ "input": { "n": 1 } });
    let run = server.post("/api/v1/workflows/outer/runs", &body).await.json();
    let id = run["id"].as_str().unwrap().to_owned();
    let runs = loop {
        let runs = server.get("/api/v1/runs?workflow=slow").await.expect(200);
        if runs["items"][0]["status"] == "waiting" {
            break runs;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    server.post(&format!("/api/v1/runs/{id}/cancel"), &json!({})).await;
    server.until(&id, "cancelled").await;
    server.until(runs["items"][0]["id"].as_str().unwrap(), "cancelled").await;
}

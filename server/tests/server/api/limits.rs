//! A graph's limit (R24): the server's engine keeps to it, as the stored revision says it.

use serde_json::{Value, json};

use crate::support::graphs::waiting;
use crate::support::server::TestServer;

/// Waits for the event `go`; one run at a time for each `who`.
fn limited(slots: u32) -> Value {
    let mut graph = waiting("hold");
    graph["limit"] = json!({ "concurrency": slots, "key": "{{ trigger.who }}" });
    let schema = json!({ "type": "object", "required": ["who"],
        "properties": { "who": { "type": "string" } } });
    graph["nodes"][0]["data"]["config"] = json!({ "schema": schema });
    graph
}

async fn started(server: &TestServer, who: &str) -> String {
    let body = json!({ "input": { "who": who } });
    let run = server.post("/api/v1/workflows/hold/runs", &body).await.expect(202);
    run["id"].as_str().unwrap().to_owned()
}

async fn read(server: &TestServer, run: &str) -> Value {
    server.get(&format!("/api/v1/runs/{run}")).await.expect(200)
}

async fn go_on(server: &TestServer, run: &str) {
    let path = format!("/api/v1/runs/{run}/events/go");
    server.post(&path, &json!({ "word": "on" })).await.expect(202);
    server.until(run, "completed").await;
}

/// Stores another limit.
async fn store_again(server: &TestServer, graph: &Value) {
    let path = "/api/v1/workflows/hold";
    server.send("PUT", path, &[("if-match", "*")], graph.to_string()).await.expect(200);
}

#[tokio::test]
async fn runs_of_one_key_wait_for_each_other() {
    let server = TestServer::start().await;
    server.store(&limited(1)).await;
    let first = started(&server, "ann").await;
    let held = server.until(&first, "waiting").await;
    assert_eq!((&held["limit"]["key"], &held["limit"]["waits"]), (&json!("ann"), &json!(false)));
    let next = started(&server, "ann").await;
    let other = started(&server, "bob").await;
    // Another key has slots of its own. What came before it and has none stands in line.
    server.until(&other, "waiting").await;
    let in_line = read(&server, &next).await;
    assert_eq!(
        (&in_line["limit"]["key"], &in_line["limit"]["waits"]),
        (&json!("ann"), &json!(true))
    );
    assert_eq!(in_line["waiting_for"], json!([]));
    go_on(&server, &first).await;
    server.until(&next, "waiting").await;
}

#[tokio::test]
async fn the_stored_revision_speaks_for_runs_of_all() {
    let server = TestServer::start().await;
    server.store(&limited(1)).await;
    let first = started(&server, "ann").await;
    server.until(&first, "waiting").await;
    let next = started(&server, "ann").await;
    assert_eq!(read(&server, &next).await["limit"]["waits"], true);
    // No run of the new revision is started: the old one's goes on at once.
    store_again(&server, &limited(2)).await;
    server.until(&next, "waiting").await;
    // After a restart, too, where only runs of the old revision are driven.
    let server = server.restart().await;
    let third = started(&server, "ann").await;
    assert_eq!(read(&server, &third).await["limit"]["waits"], true);
    store_again(&server, &limited(1)).await;
    go_on(&server, &first).await;
    // One slot is free of two, and none of one.
    assert_eq!(read(&server, &third).await["limit"]["waits"], true);
    go_on(&server, &next).await;
    server.until(&third, "waiting").await;
}

#[tokio::test]
async fn a_limit_that_cannot_be_kept_is_refused() {
    let server = TestServer::start().await;
    let graph = limited(0).to_string();
    let refused = server.send("POST", "/api/v1/workflows", &[], graph).await;
    let problem = refused.problem(422, "faulty_graph");
    assert_eq!(problem["diagnostics"][0]["code"], "E337");
    assert_eq!(problem["diagnostics"][0]["field"], "/limit/concurrency");
}

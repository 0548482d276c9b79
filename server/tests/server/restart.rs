//! Runs survive the server's restart.

use serde_json::json;

use crate::support::graphs::{graph, node, waiting};
use crate::support::server::TestServer;

#[tokio::test]
async fn a_waiting_run_goes_on_after_a_restart() {
    let server = TestServer::start().await;
    server.store(&waiting("hold")).await;
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    server.until(run, "waiting").await;
    let server = server.restart().await;
    let held = server.until(run, "waiting").await;
    assert_eq!(held["workflow"], "hold");
    server
        .post(&format!("/api/v1/runs/{run}/events/go"), &json!({ "word": "on" }))
        .await
        .expect(202);
    assert_eq!(server.until(run, "completed").await["output"], "on");
}

#[tokio::test]
async fn a_timer_goes_on_after_a_restart() {
    let server = TestServer::start().await;
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("nap", "wait@1", &json!({ "inputs": { "duration": "1s" } })),
        node("done", "return@1", &json!({ "inputs": { "value": "awake" } })),
    ];
    server.store(&graph("sleeper", &nodes, &["start>nap", "nap>done"])).await;
    let run = server.post("/api/v1/workflows/sleeper/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    server.until(run, "waiting").await;
    let server = server.restart().await;
    assert_eq!(server.until(run, "completed").await["output"], "awake");
}

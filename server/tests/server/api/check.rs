//! `POST /api/v1/check`.

use serde_json::json;

use crate::support::graphs::{double, graph, node};
use crate::support::server::TestServer;

#[tokio::test]
async fn a_sound_graph_comes_back_with_its_types() {
    let server = TestServer::start().await;
    let report = server.post("/api/v1/check", &double("twice")).await.expect(200);
    assert_eq!(report["diagnostics"], json!([]));
    assert_eq!(report["types"]["start"]["output"]["type"], "record");
    assert_eq!(report["types"]["start"]["output"]["fields"]["n"]["type"], "int");
    assert_eq!(report["types"]["start"]["handles"], json!(["out"]));
    server.get("/api/v1/workflows/twice").await.problem(404, "not_found");
}

#[tokio::test]
async fn mistakes_are_an_answer_and_no_problem() {
    let server = TestServer::start().await;
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("c", "condition@1", &json!({ "inputs": { "condition": "{{ 1 + }}" } })),
    ];
    let report =
        server.post("/api/v1/check", &graph("wrong", &nodes, &["start>c"])).await.expect(200);
    let found = &report["diagnostics"][0];
    assert_eq!((&found["node"], &found["field"]), (&json!("c"), &json!("/inputs/condition")));
    assert!(found["code"].as_str().unwrap().starts_with('E'));
    assert_eq!(report["types"]["c"]["handles"], json!(["true", "false", "error"]));
    for body in ["", "{", "7"] {
        let report = server.send("POST", "/api/v1/check", &[], body).await.expect(200);
        assert_eq!(report["diagnostics"][0]["severity"], "error", "{body:?}");
    }
}

#[tokio::test]
async fn an_upgrade_of_a_stored_workflow_is_judged_node_by_node() {
    let server = TestServer::start().await;
    let wait = |time: &str| {
        let pause = node("pause", "wait@1", &json!({ "inputs": { "duration": time } }));
        graph("w", &[node("start", "manual@1", &json!({})), pause], &["start>pause"])
    };
    server.store(&wait("1h")).await;
    let same = server.post("/api/v1/workflows/w/upgrade", &wait("1h")).await.expect(200);
    assert_eq!((&same["free"], &same["diagnostics"]), (&json!(true), &json!([])));
    let other = server.post("/api/v1/workflows/w/upgrade", &wait("2h")).await.expect(200);
    assert_eq!(other["free"], false);
    assert_eq!(other["upgrade"]["nodes"]["pause"]["verdict"], "prevents");
    assert_eq!(other["upgrade"]["nodes"]["start"]["verdict"], "recomputed");
    server.post("/api/v1/workflows/x/upgrade", &wait("2h")).await.problem(404, "not_found");
    server.post("/api/v1/workflows/w/upgrade", &json!({})).await.problem(422, "faulty_graph");
}

//! `POST /api/v1/import/vercel`.

use serde_json::json;

use crate::support::server::TestServer;

#[tokio::test]
async fn a_foreign_graph_becomes_one_of_ours() {
    let server = TestServer::start().await;
    let foreign = json!({ "name": "Say hello", "nodes": [
        { "id": "t-1", "type": "trigger", "position": { "x": 0, "y": 0 },
          "data": { "type": "trigger", "label": "Start", "config": { "triggerType": "Manual" } } } ],
        "edges": [] });
    let imported = server.post("/api/v1/import/vercel", &foreign).await.expect(200);
    assert_eq!(imported["graph"]["name"], "say-hello");
    assert_eq!(imported["graph"]["nodes"][0]["data"]["kind"], "manual@1");
    let named = server.post("/api/v1/import/vercel?name=other", &foreign).await.expect(200);
    assert_eq!(named["graph"]["name"], "other");
    server.get("/api/v1/workflows/other").await.problem(404, "not_found");
    server.store(&named["graph"]).await;
}

#[tokio::test]
async fn what_cannot_be_translated_is_refused() {
    let server = TestServer::start().await;
    for body in ["", "{", "[]"] {
        let reply = server.send("POST", "/api/v1/import/vercel", &[], body).await;
        let problem = reply.problem(422, "faulty_graph");
        assert!(!problem["diagnostics"].as_array().unwrap().is_empty());
    }
}

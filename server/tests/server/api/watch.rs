//! `GET /api/v1/runs/{id}/watch`.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::support::graphs::waiting;
use crate::support::server::TestServer;

#[tokio::test]
async fn a_watcher_sees_each_change_and_the_end() {
    let server = TestServer::start().await;
    server.store(&waiting("hold")).await;
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    server.until(run, "waiting").await;
    let request = Request::get(format!("/api/v1/runs/{run}/watch")).header("host", "localhost");
    let response = server.raw(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert!(response.headers().get("content-encoding").is_none());
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(event(&first)["status"], "waiting");
    server
        .post(&format!("/api/v1/runs/{run}/events/go"), &json!({ "word": "on" }))
        .await
        .expect(202);
    let rest = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(rest.to_vec()).unwrap();
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    let last = event(last.as_bytes());
    assert_eq!((&last["status"], &last["output"]), (&json!("completed"), &json!("on")));
}

#[tokio::test]
async fn a_finished_run_is_one_event() {
    let server = TestServer::start().await;
    let run = server.run("hello", &json!({ "name": "Ada" })).await;
    let watched = server.get(&format!("/api/v1/runs/{}/watch", run["id"].as_str().unwrap())).await;
    assert_eq!(watched.text().matches("event: run").count(), 1);
    assert_eq!(event(&watched.body), run);
    server.get("/api/v1/runs/nothing/watch").await.problem(404, "not_found");
}

fn event(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains("event: run"), "{text}");
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

//! Workflows: create, read, replace, delete, list.

use serde_json::json;

use crate::support::graphs::{double, graph, hooked, node, waiting};
use crate::support::server::TestServer;

#[tokio::test]
async fn a_fresh_server_has_the_examples() {
    let server = TestServer::start().await;
    let list = server.get("/api/v1/workflows").await.expect(200);
    let names: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["order-intake", "site-watch", "hello"]);
    assert_eq!(list["next_cursor"], json!(null));
    assert_eq!(
        list["items"][0]["triggers"],
        json!([{ "id": "received", "kind": "webhook@1", "path": "order-intake" }])
    );
    let hello = server.get("/api/v1/workflows/hello").await.expect(200);
    assert_eq!(hello["diagnostics"], json!([]));
}

#[tokio::test]
async fn deleted_examples_stay_deleted() {
    let server = TestServer::start().await;
    server.send("DELETE", "/api/v1/workflows/hello", &[("if-match", "*")], "").await.expect(204);
    let server = server.restart().await;
    server.get("/api/v1/workflows/hello").await.problem(404, "not_found");
    server.get("/api/v1/workflows/site-watch").await.expect(200);
}

#[tokio::test]
async fn a_graph_is_stored_and_read_byte_for_byte() {
    let server = TestServer::start().await;
    let text =
        double("twice").to_string().replace("\"label\"", "\"x-unknown\":  1.50,\n \"label\"");
    let created = server.send("POST", "/api/v1/workflows", &[], text.clone()).await;
    let workflow = created.expect(201);
    assert_eq!(
        created.header("location"),
        format!("/api/v1/workflows/{}", workflow["id"].as_str().unwrap())
    );
    let by_name = server.get("/api/v1/workflows/twice").await;
    let by_id = server.get(created.header("location")).await;
    assert_eq!(by_name.body, by_id.body);
    assert_eq!(by_name.header("etag"), created.header("etag"));
    assert!(by_name.text().contains(&text), "the document changed: {}", by_name.text());
    assert_eq!(workflow["revision"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_faulty_graph_is_refused_whole_with_all_its_diagnostics() {
    let server = TestServer::start().await;
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("a", "no.such_kind@1", &json!({})),
        node("b", "transform@1", &json!({ "inputs": { "value": "{{ steps.nowhere }}" } })),
    ];
    let reply =
        server.post("/api/v1/workflows", &graph("faulty", &nodes, &["start>a", "start>b"])).await;
    let problem = reply.problem(422, "faulty_graph");
    let found = problem["diagnostics"].as_array().unwrap();
    for id in ["a", "b"] {
        assert!(
            found.iter().any(|d| d["node"] == id && d["severity"] == "error"),
            "{id}: {found:?}"
        );
    }
    server.get("/api/v1/workflows/faulty").await.problem(404, "not_found");
}

#[tokio::test]
async fn malformed_documents_are_diagnosed() {
    let server = TestServer::start().await;
    for body in ["", "{", "[]", "null", "{\"format\": 1}", "\u{feff}{}", "{\"nodes\": 3}"] {
        let reply = server.send("POST", "/api/v1/workflows", &[], body).await;
        let problem = reply.problem(422, "faulty_graph");
        assert!(!problem["diagnostics"].as_array().unwrap().is_empty(), "{body:?}");
    }
    let reply = server.send("POST", "/api/v1/workflows", &[], vec![0xff, 0xfe, 0x00]).await;
    reply.problem(422, "faulty_graph");
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_problem() {
    let server = TestServer::start().await;
    let reply =
        server.send("POST", "/api/v1/workflows", &[], vec![b' '; 16 * 1024 * 1024 + 1]).await;
    let problem = reply.problem(422, "too_large");
    assert_eq!(problem["diagnostics"][0]["code"], "E102");
    let reply = server.send("POST", "/api/v1/check", &[], vec![b' '; 16 * 1024 * 1024]).await;
    assert!(!reply.expect(200)["diagnostics"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn names_and_webhook_paths_are_unique() {
    let server = TestServer::start().await;
    server.store(&double("one")).await;
    server.post("/api/v1/workflows", &double("one")).await.problem(409, "name_taken");
    server.store(&hooked("two", "shared")).await;
    let reply = server.post("/api/v1/workflows", &hooked("three", "shared")).await;
    let problem = reply.problem(409, "hook_taken");
    assert!(problem["detail"].as_str().unwrap().contains("\"two\""), "{problem}");
    server.get("/api/v1/workflows/three").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_write_needs_the_current_etag() {
    let server = TestServer::start().await;
    let created = server.post("/api/v1/workflows", &double("one")).await;
    let etag = created.header("etag").to_owned();
    let path = "/api/v1/workflows/one";
    let changed = double("renamed").to_string();
    server.send("PUT", path, &[], changed.clone()).await.problem(428, "precondition_required");
    server.send("DELETE", path, &[], "").await.problem(428, "precondition_required");
    let stale = [("if-match", "\"other\"")];
    server.send("PUT", path, &stale, changed.clone()).await.problem(412, "stale");
    server.send("DELETE", path, &stale, "").await.problem(412, "stale");
    server
        .send("PUT", path, &[("if-match", "nonsense")], changed.clone())
        .await
        .problem(400, "bad_request");

    let put = server.send("PUT", path, &[("if-match", &etag)], changed.clone()).await;
    let put_body = put.expect(200);
    assert_eq!(put_body["name"], "renamed");
    assert_eq!(put_body["id"], created.json()["id"]);
    assert_ne!(put.header("etag"), etag);
    server
        .send("PUT", "/api/v1/workflows/renamed", &[("if-match", &etag)], changed)
        .await
        .problem(412, "stale");
    server.get(path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_faulty_put_changes_nothing() {
    let server = TestServer::start().await;
    let before = server.get("/api/v1/workflows/hello").await;
    let reply = server.send("PUT", "/api/v1/workflows/hello", &[("if-match", "*")], "{}").await;
    reply.problem(422, "faulty_graph");
    let taken = double("site-watch").to_string();
    let reply = server.send("PUT", "/api/v1/workflows/hello", &[("if-match", "*")], taken).await;
    reply.problem(409, "name_taken");
    assert_eq!(server.get("/api/v1/workflows/hello").await.body, before.body);
}

#[tokio::test]
async fn a_reader_with_the_current_etag_gets_304() {
    let server = TestServer::start().await;
    let reply = server.get("/api/v1/workflows/hello").await;
    let etag = reply.header("etag").to_owned();
    let again =
        server.send("GET", "/api/v1/workflows/hello", &[("if-none-match", &etag)], "").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), etag);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let server = TestServer::start().await;
    for at in 0..4 {
        server.store(&double(&format!("w{at}"))).await;
    }
    let mut names = Vec::new();
    let mut path = "/api/v1/workflows?limit=3".to_owned();
    loop {
        let page = server.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/workflows?limit=3&cursor={cursor}");
    }
    assert_eq!(names, ["order-intake", "site-watch", "hello", "w0", "w1", "w2", "w3"]);
    assert_eq!(
        server.get("/api/v1/workflows?limit=9999").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
    server.get("/api/v1/workflows?limit=0").await.problem(400, "bad_request");
    let wrong = server.get("/api/v1/workflows?limit=x").await;
    assert_eq!(wrong.json()["detail"], "`limit` in the query: expected a whole number");
    wrong.problem(400, "bad_request");
}

#[tokio::test]
async fn deleting_a_workflow_keeps_its_runs() {
    let server = TestServer::start().await;
    let workflow = server.store(&waiting("gone")).await;
    let run = server.post("/api/v1/workflows/gone/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    server.until(run, "waiting").await;
    server.send("DELETE", "/api/v1/workflows/gone", &[("if-match", "*")], "").await.expect(204);
    server.get("/api/v1/workflows/gone").await.problem(404, "not_found");

    let server = server.restart().await;
    server
        .post(&format!("/api/v1/runs/{run}/events/go"), &json!({ "word": "on" }))
        .await
        .expect(202);
    let done = server.until(run, "completed").await;
    assert_eq!((&done["output"], &done["workflow"]), (&json!("on"), &json!("gone")));
    let id = workflow["id"].as_str().unwrap();
    let list = server.get(&format!("/api/v1/runs?workflow={id}")).await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    // The name is free, and its new owner has a history of its own.
    server.store(&waiting("gone")).await;
    let list = server.get("/api/v1/workflows/gone/runs").await.expect(200);
    assert_eq!(list["items"], json!([]));
}

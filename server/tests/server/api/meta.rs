//! Health, the OpenAPI document, the catalogue, pages, files, and what is not there.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::server::TestServer;

#[tokio::test]
async fn health() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/healthz").await.expect(200), json!({ "status": "ok" }));
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let server = TestServer::start().await;
    for path in ["/api", "/api/", "/api/v1/nothing", "/api/v2/workflows", "/hooks", "/no.js"] {
        server.get(path).await.problem(404, "not_found");
    }
    server.send("DELETE", "/api/v1/workflows", &[], "").await.problem(405, "method");
    server.send("GET", "/api/v1/check", &[], "").await.problem(405, "method");
}

#[tokio::test]
async fn the_editor_is_served_for_its_own_routes() {
    let server = TestServer::start().await;
    let page = server.get("/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for path in ["/workflows/hello", "/crates", "/crates/hello", "/crates/hello/1.0.0", "/search"] {
        assert_eq!(server.get(path).await.body, page.body, "{path}");
    }
    let etag = page.header("etag").to_owned();
    let again = server.send("GET", "/", &[("if-none-match", &etag)], "").await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn the_document_names_every_route() {
    let server = TestServer::start().await;
    let document = server.get("/api/v1/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let paths: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "/api/v1/catalogue",
        "/api/v1/check",
        "/api/v1/diagnostics/{code}",
        "/api/v1/import/vercel",
        "/api/v1/registry/crates",
        "/api/v1/registry/crates/{name}",
        "/api/v1/registry/crates/{name}/{version}",
        "/api/v1/registry/crates/{name}/{version}/unyank",
        "/api/v1/registry/crates/{name}/{version}/yank",
        "/api/v1/runs",
        "/api/v1/runs/{id}",
        "/api/v1/runs/{id}/cancel",
        "/api/v1/runs/{id}/events/{name}",
        "/api/v1/runs/{id}/explain",
        "/api/v1/runs/{id}/fork",
        "/api/v1/runs/{id}/pause",
        "/api/v1/runs/{id}/resume",
        "/api/v1/runs/{id}/terminate",
        "/api/v1/runs/{id}/watch",
        "/api/v1/workflows",
        "/api/v1/workflows/{id}",
        "/api/v1/workflows/{id}/export",
        "/api/v1/workflows/{id}/publish",
        "/api/v1/workflows/{id}/runs",
        "/api/v1/workflows/{id}/upgrade",
        "/healthz",
        "/hooks/{path}",
    ];
    assert_eq!(paths, expected.into_iter().collect());
    let mut names = BTreeSet::new();
    for operation in document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
    {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} is there twice");
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(response["description"].is_string(), "{name} {status}");
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
}

#[tokio::test]
async fn the_catalogue_describes_every_kind() {
    let server = TestServer::start().await;
    let catalogue = server.get("/api/v1/catalogue").await.expect(200);
    let kinds = catalogue["kinds"].as_array().unwrap();
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    for kind in [
        "manual@1",
        "webhook@1",
        "schedule@1",
        "condition@1",
        "switch@1",
        "for_each@1",
        "transform@1",
        "http.request@1",
        "wait@1",
        "wait_event@1",
        "return@1",
        "fail@1",
        "custom@1",
        "note@1",
    ] {
        assert!(names.contains(kind), "{kind}");
    }
    let request = kinds.iter().find(|kind| kind["kind"] == "http.request@1").unwrap();
    assert_eq!(request["group"], "action");
    let url =
        request["inputs"].as_array().unwrap().iter().find(|field| field["name"] == "url").unwrap();
    assert_eq!(
        (&url["type"], &url["required"], &url["expression"]),
        (&json!({ "type": "string" }), &json!(true), &json!(true))
    );
}

#[tokio::test]
async fn every_code_has_its_page() {
    let server = TestServer::start().await;
    let page = server.get("/api/v1/diagnostics/e207").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/markdown; charset=utf-8"));
    assert!(page.text().starts_with("# E207"));
    server.get("/api/v1/diagnostics/E000").await.problem(404, "not_found");
}

#[tokio::test]
async fn answers_shrink_for_those_who_take_gzip() {
    let server = TestServer::start().await;
    let reply =
        server.send("GET", "/api/v1/openapi.json", &[("accept-encoding", "gzip")], "").await;
    assert_eq!(reply.header("content-encoding"), "gzip");
}

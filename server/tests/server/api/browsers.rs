//! What a hostile page could make a browser send.

use serde_json::json;

use crate::support::server::TestServer;

#[tokio::test]
async fn a_rebound_name_reaches_nothing() {
    let server = TestServer::start().await;
    for path in ["/", "/api/v1/workflows", "/healthz", "/hooks/order-intake"] {
        let reply = server.send("GET", path, &[("host", "evil.example")], "").await;
        reply.problem(421, "wrong_host");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_write() {
    let server = TestServer::start().await;
    let foreign = [("origin", "http://evil.example")];
    for path in ["/api/v1/workflows", "/api/v1/workflows/hello/runs", "/hooks/order-intake"] {
        let reply = server.send("POST", path, &foreign, "{}").await;
        reply.problem(403, "cross_origin");
        assert_eq!(reply.header("access-control-allow-origin"), "");
    }
    let origin = format!("http://{}", server.name());
    let own = [("origin", &*origin), ("content-type", "application/json")];
    let body = json!({ "input": { "name": "Ada" } }).to_string();
    server.send("POST", "/api/v1/workflows/hello/runs", &own, body).await.expect(202);
}

#[tokio::test]
async fn the_editor_may_run_only_its_own_scripts() {
    let server = TestServer::start().await;
    let page = server.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
}

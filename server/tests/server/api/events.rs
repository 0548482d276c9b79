//! `POST /api/v1/runs/{id}/events/{name}`, and the whole of `order-intake`.

use serde_json::json;

use crate::support::graphs::waiting;
use crate::support::process::ServerProcess;
use crate::support::server::TestServer;
use crate::support::shop::Shop;

#[tokio::test]
async fn an_event_moves_its_run_on() {
    let server = TestServer::start().await;
    server.store(&waiting("hold")).await;
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    let held = server.until(run, "waiting").await;
    assert_eq!(held["steps"][0]["path"], "hold");
    assert_eq!(held["steps"][0]["status"], "waiting");
    assert_eq!(held["waiting_for"].as_array().unwrap().len(), 1);
    let path = format!("/api/v1/runs/{run}/events/go");
    let problem = server.post(&path, &json!({ "word": 7 })).await.problem(422, "misfit");
    assert_eq!(problem["path"], "word");
    server
        .post(&format!("/api/v1/runs/{run}/events/stop"), &json!({}))
        .await
        .problem(422, "undeclared_event");
    server.post("/api/v1/runs/nothing/events/go", &json!({})).await.problem(404, "not_found");
    server.post(&path, &json!({ "word": "on", "more": 1 })).await.expect(202);
    let done = server.until(run, "completed").await;
    assert_eq!(done["output"], "on");
    assert_eq!(done["steps"][0]["output"]["word"], "on");
    server.post(&path, &json!({ "word": "late" })).await.problem(409, "finished");
}

#[tokio::test]
async fn an_event_is_what_its_schema_says() {
    let server = TestServer::start().await;
    let mut graph = waiting("hold");
    graph["nodes"][1]["data"]["config"]["schema"]["properties"]["word"]["maxLength"] = json!(4);
    server.store(&graph).await;
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    server.until(run, "waiting").await;
    let path = format!("/api/v1/runs/{run}/events/go");
    let problem = server.post(&path, &json!({ "word": "longer" })).await.problem(422, "misfit");
    assert_eq!(problem["path"], "word");
    assert_eq!(problem["detail"], "expected at most 4 characters, found 6 (at `word`)");
    // Nothing was written: the run still waits, and takes the next one.
    server.post(&path, &json!({ "word": "on" })).await.expect(202);
    assert_eq!(server.until(run, "completed").await["output"], "on");
}

#[tokio::test]
async fn order_intake_does_all_it_promises() {
    let (folder, shop) = (tempfile::tempdir().unwrap(), Shop::open().await);
    let server = ServerProcess::start(folder.path()).await;
    let started = server.post("/hooks/order-intake", &shop.order(3)).await.expect(202);
    let run = started["run"].as_str().unwrap();
    let held = server.until(run, "waiting").await;
    assert_eq!(held["waiting_for"].as_array().unwrap().len(), 1, "{held}");
    server
        .post(&format!("/api/v1/runs/{run}/events/shipped"), &json!({ "tracking": "T-1" }))
        .await
        .expect(202);
    let done = server.until(run, "completed").await;
    assert_eq!(
        done["output"],
        json!({ "order_id": "o-1", "customer": "Ada", "status": "shipped",
            "payments": ["p-sku-0", "p-sku-1", "p-sku-2"], "tracking": "T-1" })
    );
    assert_eq!(
        (shop.calls("/customers"), shop.calls("/stock"), shop.calls("/payments")),
        (1, 1, 3)
    );
    let steps = done["steps"].as_array().unwrap();
    let charge = steps.iter().find(|step| step["path"] == "each_item[1]/charge").unwrap();
    assert_eq!(
        (&charge["node"], &charge["kind"], &charge["status"], &charge["attempts"]),
        (&json!("charge"), &json!("http.request@1"), &json!("completed"), &json!(1))
    );
    assert_eq!(charge["input"]["json"]["amount_cents"], 300);
    assert_eq!(charge["output"]["body"], json!({ "payment_id": "p-sku-1" }));
    let customer = steps.iter().find(|step| step["path"] == "customer").unwrap();
    assert_eq!(customer["output"]["body"], json!({ "id": "c-7", "name": "Ada", "blocked": false }));
}

#[tokio::test]
async fn order_intake_refuses_what_is_sold_out() {
    let (folder, shop) = (tempfile::tempdir().unwrap(), Shop::open().await);
    let server = ServerProcess::start(folder.path()).await;
    shop.sold_out();
    let body = json!({ "input": shop.order(2) });
    let run = server.post("/api/v1/workflows/order-intake/runs?wait=20s", &body).await.expect(200);
    assert_eq!(run["output"], json!({ "order_id": "o-1", "customer": "Ada", "status": "refused" }));
    assert_eq!(shop.calls("/payments"), 0);
}

//! `flowcrate serve` as a process: its address, its lock, its end, and SIGKILL in mid-run.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::client::call;
use crate::support::graphs::waiting;
use crate::support::process::{ServerProcess, run};
use crate::support::shop::Shop;

#[tokio::test]
async fn it_says_where_it_listens_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path()).await;
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    assert_eq!(server.get("/healthz").await.expect(200), json!({ "status": "ok" }));
    assert!(folder.path().join(".flowcrate/server.db").exists());
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path()).await;
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(second.code, 2);
    assert!(
        second.stderr.contains("another flowcrate process holds .flowcrate"),
        "{}",
        second.stderr
    );
    server.kill().await;
    // The lock went with the process.
    let server = ServerProcess::start(folder.path()).await;
    server.stop().await;
}

#[tokio::test]
async fn wrong_flags_are_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["serve", "--listen", "nowhere"][..],
        &["--lisen", "x"],
        &["serve", "--config", "absent.toml"],
    ] {
        let ran = run(folder.path(), args).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty());
    }
}

#[tokio::test]
async fn an_order_survives_sigkill_and_nothing_is_charged_twice() {
    let (folder, shop) = (tempfile::tempdir().unwrap(), Shop::open().await);
    shop.slow_payments(150);
    let server = ServerProcess::start(folder.path()).await;
    let started = server.post("/hooks/order-intake", &shop.order(12)).await.expect(202);
    let run = started["run"].as_str().unwrap();
    let mut recorded = Vec::new();
    for _ in 0..200 {
        let now = server.get(&format!("/api/v1/runs/{run}")).await.expect(200);
        recorded = completed(&now);
        if recorded.len() >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!((5..14).contains(&recorded.len()), "the kill comes in mid-run: {recorded:?}");
    server.kill().await;
    let before = shop.calls("/payments");

    let server = ServerProcess::start(folder.path()).await;
    server.until(run, "waiting").await;
    server
        .post(&format!("/api/v1/runs/{run}/events/shipped"), &json!({ "tracking": "T-1" }))
        .await
        .expect(202);
    let done = server.until(run, "completed").await;
    let payments: Vec<String> = (0..12).map(|at| format!("p-sku-{at}")).collect();
    assert_eq!(done["output"]["payments"], json!(payments));
    // What was recorded ran once; what was in flight at the kill (4 at most) ran again.
    let charged = recorded.iter().filter(|path| path.ends_with("/charge")).count();
    let charged = u32::try_from(charged).unwrap();
    assert!(
        shop.calls("/payments") - before <= 12 - charged,
        "{} of them again",
        shop.calls("/payments")
    );
    assert!(shop.calls("/payments") <= 12 + 4);
    assert_eq!((shop.calls("/customers"), shop.calls("/stock")), (1, 1));
    server.stop().await;
}

fn completed(run: &serde_json::Value) -> Vec<String> {
    let steps = run["steps"].as_array().unwrap().iter();
    let done = steps.filter(|step| step["status"] == "completed");
    done.map(|step| step["path"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn endless_answers_end_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start(folder.path()).await;
    server.post("/api/v1/workflows", &waiting("hold")).await.expect(201);
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    server.until(run, "waiting").await;
    let address = server.address.clone();
    let watch = tokio::spawn({
        let (address, path) = (address.clone(), format!("/api/v1/runs/{run}/watch"));
        async move { call(&address, "GET", &path, "").await.unwrap() }
    });
    let wait = tokio::spawn(async move {
        call(&address, "POST", "/api/v1/workflows/hold/runs?wait=60s", "{}").await.unwrap()
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let start = Instant::now();
    assert_eq!(server.stop().await.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    let watched = watch.await.unwrap();
    assert!(String::from_utf8_lossy(&watched.body).contains("event: run"));
    // The run is durable, whatever the server does.
    assert_eq!(wait.await.unwrap().expect(202)["workflow"], "hold");
}

#[tokio::test]
async fn many_webhooks_at_once_each_start_one_run() {
    let (folder, shop) = (tempfile::tempdir().unwrap(), Shop::open().await);
    let server = ServerProcess::start(folder.path()).await;
    let body = shop.order(1).to_string();
    let calls = (0..64).map(|_| {
        let (address, body) = (server.address.clone(), body.clone());
        tokio::spawn(async move {
            let answer = call(&address, "POST", "/hooks/order-intake", &body).await;
            answer.unwrap().expect(202)["run"].as_str().unwrap().to_owned()
        })
    });
    let mut runs = std::collections::BTreeSet::new();
    for call in calls.collect::<Vec<_>>() {
        runs.insert(call.await.unwrap());
    }
    assert_eq!(runs.len(), 64);
    for run in &runs {
        server.until(run, "waiting").await;
    }
    assert_eq!(shop.calls("/payments"), 64);
    server.stop().await;
}

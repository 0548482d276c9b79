//! Schedules fire, once for each instant.

use flowcrate::Timestamp;
use flowcrate_server::clock::Clock;
use flowcrate_server::schedules::tick;
use flowcrate_server::store::{Draft, ScheduleDraft};
use serde_json::{Value, json};

use crate::support::graphs::{graph, node};
use crate::support::server::TestServer;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn every_ten_minutes(cron: &str) -> Value {
    let nodes = [
        node("tick", "schedule@1", &json!({ "config": { "cron": cron } })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ trigger.scheduled_at }}" } })),
    ];
    graph("ticker", &nodes, &["tick>done"])
}

async fn outputs(server: &TestServer) -> Vec<String> {
    let list = server.get("/api/v1/workflows/ticker/runs").await.expect(200);
    let mut outputs = Vec::new();
    for run in list["items"].as_array().unwrap() {
        let run = server.until(run["id"].as_str().unwrap(), "completed").await;
        outputs.push(run["output"].as_str().unwrap().to_owned());
    }
    outputs.sort();
    outputs
}

#[tokio::test]
async fn a_schedule_fires_once_for_each_instant() {
    let clock = Clock::manual(at("2026-11-21T10:03:00Z"));
    let server = TestServer::with_clock(clock.clone()).await;
    server.store(&every_ten_minutes("*/10 * * * *")).await;
    tick(server.app()).await.unwrap();
    assert_eq!(outputs(&server).await, Vec::<String>::new());
    clock.set(at("2026-11-21T10:10:00Z"));
    tick(server.app()).await.unwrap();
    tick(server.app()).await.unwrap();
    assert_eq!(outputs(&server).await, ["2026-11-21T10:10:00.000Z"]);
    clock.set(at("2026-11-21T10:20:05Z"));
    let pause = tick(server.app()).await.unwrap();
    assert!(pause.as_secs() <= 30, "{pause:?}");
    assert_eq!(outputs(&server).await, ["2026-11-21T10:10:00.000Z", "2026-11-21T10:20:00.000Z"]);
}

#[tokio::test]
async fn missed_instants_fire_once_for_the_latest() {
    let clock = Clock::manual(at("2026-11-21T10:03:00Z"));
    let server = TestServer::with_clock(clock.clone()).await;
    server.store(&every_ten_minutes("*/10 * * * *")).await;
    clock.set(at("2026-11-22T00:01:00Z"));
    tick(server.app()).await.unwrap();
    assert_eq!(outputs(&server).await, ["2026-11-22T00:00:00.000Z"]);
}

#[tokio::test]
async fn an_edit_never_fires_the_past() {
    let clock = Clock::manual(at("2026-11-21T10:03:00Z"));
    let server = TestServer::with_clock(clock.clone()).await;
    let workflow = server.store(&every_ten_minutes("*/10 * * * *")).await;
    clock.set(at("2026-11-21T10:09:00Z"));
    // The same schedule keeps its instant, another one starts from now.
    let put = async |cron: &str| {
        let graph = every_ten_minutes(cron).to_string();
        server
            .send("PUT", "/api/v1/workflows/ticker", &[("if-match", "*")], graph)
            .await
            .expect(200)
    };
    put("*/10 * * * *").await;
    put("5 * * * *").await;
    clock.set(at("2026-11-21T10:59:00Z"));
    tick(server.app()).await.unwrap();
    assert_eq!(outputs(&server).await, Vec::<String>::new());
    clock.set(at("2026-11-21T11:05:00Z"));
    tick(server.app()).await.unwrap();
    assert_eq!(outputs(&server).await, ["2026-11-21T11:05:00.000Z"]);
    server.send("DELETE", "/api/v1/workflows/ticker", &[("if-match", "*")], "").await.expect(204);
    clock.set(at("2026-11-21T12:05:00Z"));
    tick(server.app()).await.unwrap();
    let path = format!("/api/v1/runs?workflow={}", workflow["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_schedule_can_be_started_by_hand() {
    let server = TestServer::with_clock(Clock::manual(at("2026-11-21T10:03:00Z"))).await;
    server.store(&every_ten_minutes("*/10 * * * *")).await;
    let run = server.run("ticker", &json!(null)).await;
    assert_eq!(run["output"], "2026-11-21T10:03:00.000Z");
}

/// The loop itself: it hears of a new schedule at once, sleeps until it is due, and stops.
#[tokio::test]
async fn the_loop_fires_what_is_stored_while_it_runs() {
    let clock = Clock::manual(at("2026-11-21T10:09:59.900Z"));
    let server = TestServer::with_clock(clock.clone()).await;
    let app = server.app().clone();
    let mut stopping = app.stopping.clone();
    let running = tokio::spawn(flowcrate_server::schedules::run(app));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    server.store(&every_ten_minutes("*/10 * * * *")).await;
    clock.set(at("2026-11-21T10:10:00Z"));
    let mut fired = Vec::new();
    for _ in 0..100 {
        fired = outputs(&server).await;
        if !fired.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(fired, ["2026-11-21T10:10:00.000Z"]);
    assert!(!*stopping.borrow_and_update());
    server.restart().await;
    // The server is gone, and with it what it would have said to stop.
    tokio::time::timeout(std::time::Duration::from_secs(2), running).await.unwrap().unwrap();
}

/// As after an upgrade of the server whose compiler has become stricter.
#[tokio::test]
async fn a_workflow_that_no_longer_compiles_holds_up_no_other() {
    let clock = Clock::manual(at("2026-11-21T10:03:00Z"));
    let server = TestServer::with_clock(clock.clone()).await;
    server.store(&every_ten_minutes("*/10 * * * *")).await;
    let schedule = ScheduleDraft {
        node: "tick".to_owned(),
        cron: "*/5 * * * *".to_owned(),
        timezone: "UTC".to_owned(),
        next_fire: Some(at("2026-11-21T10:05:00Z").0),
    };
    let draft = Draft {
        name: "old".to_owned(),
        description: String::new(),
        revision: "0".repeat(64),
        graph: "{}".to_owned(),
        diagnostics: "[]".to_owned(),
        triggers: Vec::new(),
        callees: Vec::new(),
        schedules: vec![schedule],
    };
    server.app().store.create(&draft, clock.now().0).await.unwrap();
    let reply = server.post("/api/v1/workflows/old/runs", &json!({})).await;
    reply.problem(409, "outdated");
    clock.set(at("2026-11-21T10:10:00Z"));
    tick(server.app()).await.unwrap();
    assert_eq!(outputs(&server).await, ["2026-11-21T10:10:00.000Z"]);
    assert_eq!(server.app().store.due_schedules(clock.now().0, 9).await.unwrap(), []);
    let server = server.restart().await;
    server.get("/api/v1/workflows/old").await.expect(200);
}

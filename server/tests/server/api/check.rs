//! `POST /api/v1/check`.

use std::time::{Duration, Instant};

use flowcrate::catalogue::Catalogue;
use flowcrate_codegen::check_source;
use serde_json::{Value, json};

use crate::support::graphs::{double, graph, manual, node};
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

/// So many nodes: conditions, and behind each branch a record that reads the one before.
fn large(count: usize) -> Value {
    let mut nodes = vec![manual(&json!({ "total": { "type": "number" } }))];
    let mut edges = Vec::new();
    let mut last = ("start".to_owned(), "trigger.total".to_owned());
    for number in 0..count / 2 {
        let (test, sum) = (format!("test{number:03}"), format!("sum{number:03}"));
        let asked = format!("{{{{ {} > {number} }}}}", last.1);
        let value =
            json!({ "n": format!("{{{{ {} + 1 }}}}", last.1), "of": "{{ trigger.total }}" });
        nodes.push(node(&test, "condition@1", &json!({ "inputs": { "condition": asked } })));
        nodes.push(node(&sum, "transform@1", &json!({ "inputs": { "value": value } })));
        edges.extend([format!("{}>{test}", last.0), format!("{test}.true>{sum}")]);
        edges.push(format!("{test}.false>{sum}"));
        last = (sum.clone(), format!("steps.{sum}.n"));
    }
    let edges: Vec<&str> = edges.iter().map(String::as_str).collect();
    graph("large", &nodes, &edges)
}

/// The least of what a few tries took: what else the machine does only adds to it.
fn least(spent: &[Duration]) -> f64 {
    spent.iter().min().copied().unwrap_or_default().as_secs_f64()
}

/// The budget is an answer within 10 ms for 200 nodes, and a test build is no measure of that. What
/// can be held is that the server adds little to what the compiler itself takes.
#[tokio::test]
async fn the_answer_takes_little_longer_than_the_check() {
    const TRIES: usize = 15;
    const MOST: f64 = 2.5;
    let server = TestServer::start().await;
    let document = large(200);
    let source = document.to_string();
    let (mut answered, mut checked) = (Vec::new(), Vec::new());
    for _ in 0..TRIES {
        let start = Instant::now();
        let reply = server.send("POST", "/api/v1/check", &[], source.clone()).await;
        answered.push(start.elapsed());
        let report = reply.expect(200);
        assert_eq!(report["types"].as_object().unwrap().len(), 201);
        let start = Instant::now();
        let (found, _) = check_source(source.as_bytes(), &Catalogue::default());
        checked.push(start.elapsed());
        assert!(found.is_some());
    }
    let ratio = least(&answered) / least(&checked);
    answered.sort();
    println!(
        "{ratio:.2} times the check; of {TRIES} answers the slowest took {:?}",
        answered.last()
    );
    assert!(ratio < MOST, "{ratio:.2}: {answered:?} against {checked:?}");
}

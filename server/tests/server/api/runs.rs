//! Runs: start, wait, read, list, cancel; webhooks.

use serde_json::{Value, json};

use crate::support::graphs::{double, graph, hooked, manual, node, waiting};
use crate::support::server::TestServer;

#[tokio::test]
async fn hello_runs_to_its_end() {
    let server = TestServer::start().await;
    let run = server.run("hello", &json!({ "name": "Ada" })).await;
    assert_eq!(run["status"], "completed");
    assert_eq!(run["output"], json!({ "greeting": "Hello, Ada!" }));
    assert_eq!(run["input"], json!({ "name": "Ada" }));
    assert_eq!(
        (&run["error"], &run["steps"], &run["waiting_for"]),
        (&json!(null), &json!([]), &json!([]))
    );
    assert_eq!(run["workflow"], "hello");
    assert!(run["ended_at"].as_str().unwrap() >= run["started_at"].as_str().unwrap());
    let read =
        server.get(&format!("/api/v1/runs/{}", run["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(read, run);
}

#[tokio::test]
async fn an_input_is_kept_as_sent_and_read_as_its_type() {
    let server = TestServer::start().await;
    let run = server.run("hello", &json!({ "name": "Ada", "more": [1] })).await;
    assert_eq!(run["input"], json!({ "name": "Ada", "more": [1] }));
    let nodes = [
        manual(&json!({ "n": { "type": "number" } })),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ trigger }}" } })),
    ];
    server.store(&graph("echo", &nodes, &["start>done"])).await;
    let run = server.run("echo", &json!({ "n": 2, "more": [1] })).await;
    assert_eq!(run["output"], json!({ "n": 2.0 }), "unknown fields are invisible to typed reads");
}

#[tokio::test]
async fn an_input_that_does_not_fit_starts_nothing() {
    let server = TestServer::start().await;
    let reply =
        server.post("/api/v1/workflows/hello/runs", &json!({ "input": { "name": 7 } })).await;
    assert_eq!(reply.problem(422, "misfit")["path"], "name");
    for body in [json!({}), json!({ "input": null }), json!({ "input": [] })] {
        server.post("/api/v1/workflows/hello/runs", &body).await.problem(422, "misfit");
    }
    for body in [json!({ "inputs": {} }), json!([]), json!("x")] {
        server.post("/api/v1/workflows/hello/runs", &body).await.problem(400, "bad_request");
    }
    let reply = server
        .send("POST", "/api/v1/workflows/hello/runs", &[("content-type", "application/json")], "{")
        .await;
    reply.problem(400, "bad_request");
    let reply = server
        .send("POST", "/api/v1/workflows/hello/runs", &[("content-type", "text/plain")], "{}")
        .await;
    reply.problem(415, "media_type");
    server.post("/api/v1/workflows/nothing/runs", &json!({})).await.problem(404, "not_found");
    assert_eq!(server.get("/api/v1/runs").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn a_key_starts_one_run() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    let path = "/api/v1/workflows/twice/runs?wait=20s";
    let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
    let body = json!({ "input": { "n": 21 } }).to_string();
    let first = server.send("POST", path, &headers, body.clone()).await.expect(200);
    let second = server.send("POST", path, &headers, body).await.expect(200);
    assert_eq!((&first["output"], &first["id"]), (&json!(42), &second["id"]));
    let other = json!({ "input": { "n": 1 } }).to_string();
    server.send("POST", path, &headers, other).await.problem(422, "key_reused");
    let empty = [("idempotency-key", "")];
    server.send("POST", path, &empty, "{}").await.problem(400, "bad_request");
}

#[tokio::test]
async fn waiting_ends_when_the_time_is_up() {
    let server = TestServer::start().await;
    server.store(&waiting("slow")).await;
    let run = server.post("/api/v1/workflows/slow/runs?wait=50ms", &json!({})).await.expect(202);
    assert_eq!(run["status"], "waiting");
    server
        .post("/api/v1/workflows/slow/runs?wait=soon", &json!({}))
        .await
        .problem(400, "bad_request");
}

#[tokio::test]
async fn a_failed_run_says_what_failed() {
    let server = TestServer::start().await;
    let nodes = [
        manual(&json!({ "n": { "type": "integer" } })),
        node("part", "transform@1", &json!({ "inputs": { "value": "{{ 100 // trigger.n }}" } })),
        node(
            "stop",
            "fail@1",
            &json!({ "inputs": { "message": "got {{ steps.part }}", "code": "too_small" } }),
        ),
    ];
    server.store(&graph("fails", &nodes, &["start>part", "part>stop"])).await;
    let run = server.run("fails", &json!({ "n": 50 })).await;
    assert_eq!(run["status"], "failed");
    assert_eq!(
        run["error"],
        json!({ "code": "too_small", "message": "got 2", "attempts": 0, "path": "stop" })
    );
    let run = server.run("fails", &json!({ "n": 0 })).await;
    assert_eq!(
        (&run["error"]["code"], &run["error"]["path"]),
        (&json!("expression"), &json!("part"))
    );
}

#[tokio::test]
async fn a_custom_node_pauses_the_run_and_says_why() {
    let server = TestServer::start().await;
    let nodes = [
        node("start", "manual@1", &json!({})),
        node("mine", "custom@1", &json!({ "label": "My own step", "inputs": { "a": 1 } })),
    ];
    server.store(&graph("hand-made", &nodes, &["start>mine"])).await;
    let run = server.post("/api/v1/workflows/hand-made/runs", &json!({})).await.expect(202);
    let run = server.until(run["id"].as_str().unwrap(), "paused").await;
    assert_eq!(run["error"]["code"], "not_written");
    assert!(run["error"]["message"].as_str().unwrap().contains("My own step"), "{run}");
    assert_eq!(run["error"]["path"], "mine");
}

#[tokio::test]
async fn a_run_can_be_cancelled_once() {
    let server = TestServer::start().await;
    server.store(&waiting("hold")).await;
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let path = format!("/api/v1/runs/{}/cancel", run["id"].as_str().unwrap());
    server.post(&path, &json!({})).await.expect(202);
    let run = server.until(run["id"].as_str().unwrap(), "cancelled").await;
    assert!(run["ended_at"].is_string());
    server.post(&path, &json!({})).await.problem(409, "finished");
    server.post("/api/v1/runs/nothing/cancel", &json!({})).await.problem(404, "not_found");
    let unknown = "/api/v1/runs/00000000-0000-7000-8000-000000000000";
    server.post(&format!("{unknown}/cancel"), &json!({})).await.problem(404, "not_found");
    server.get(unknown).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_run_is_paused_resumed_explained_and_terminated() {
    let server = TestServer::start().await;
    server.store(&waiting("hold")).await;
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let id = run["id"].as_str().unwrap();
    let path = format!("/api/v1/runs/{id}");
    let why = json!({ "reason": "the shop is closed" });
    server.until(id, "waiting").await;
    let explained = server.get(&format!("{path}/explain")).await.expect(200);
    assert!(!explained["waits"].as_array().unwrap().is_empty(), "{explained}");
    server.post(&format!("{path}/pause"), &why).await.expect(202);
    let run = server.until(id, "paused").await;
    assert_eq!(run["error"]["code"], "paused");
    assert!(run["error"]["message"].as_str().unwrap().contains("closed"), "{run}");
    server.post(&format!("{path}/resume"), &json!({})).await.expect(202);
    server.until(id, "waiting").await;
    let odd = json!({ "why": 1 });
    server.post(&format!("{path}/terminate"), &odd).await.problem(400, "bad_request");
    server.post(&format!("{path}/terminate"), &why).await.expect(202);
    let run = server.until(id, "cancelled").await;
    assert_eq!(run["error"]["code"], "terminated");
    for what in ["pause", "terminate"] {
        server.post(&format!("{path}/{what}"), &why).await.problem(409, "finished");
    }
}

#[tokio::test]
async fn a_run_is_forked_where_it_waited() {
    let server = TestServer::start().await;
    server.store(&waiting("hold")).await;
    let run = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    let first = run["id"].as_str().unwrap();
    server.until(first, "waiting").await;
    let word = json!({ "word": "one" });
    server.post(&format!("/api/v1/runs/{first}/events/go"), &word).await.expect(202);
    let ended = server.until(first, "completed").await;
    assert_eq!(ended["output"], "one");
    let fork = format!("/api/v1/runs/{first}/fork");
    let nowhere = json!({ "path": "nowhere" });
    server.post(&fork, &nowhere).await.problem(409, "not_forkable");
    server.post(&fork, &json!({})).await.problem(400, "bad_request");
    let forked = server.post(&fork, &json!({ "path": "hold" })).await.expect(202);
    let second = forked["id"].as_str().unwrap();
    assert_ne!(first, second);
    server.until(second, "waiting").await;
    let word = json!({ "word": "two" });
    server.post(&format!("/api/v1/runs/{second}/events/go"), &word).await.expect(202);
    assert_eq!(server.until(second, "completed").await["output"], "two");
    assert_eq!(server.get(&format!("/api/v1/runs/{first}")).await.expect(200)["output"], "one");
}

#[tokio::test]
async fn s32_a_webhook_is_answered_by_the_workflow() {
    let server = TestServer::start().await;
    let nodes = [
        node(
            "called",
            "webhook@1",
            &json!({ "config": { "schema": { "type": "object", "required": ["who"],
            "properties": { "who": { "type": "string" } } } } }),
        ),
        node(
            "ask",
            "condition@1",
            &json!({ "inputs": { "condition": "{{ trigger.who != 'nobody' }}" } }),
        ),
        node(
            "reply",
            "respond@1",
            &json!({ "inputs": { "value": { "hello": "{{ trigger.who }}" } } }),
        ),
        node("later", "wait@1", &json!({ "inputs": { "duration": "1h" } })),
    ];
    let edges = ["called>ask", "ask.true>reply", "reply>later"];
    server.store(&graph("greeter", &nodes, &edges)).await;
    let answer = server.post("/hooks/greeter", &json!({ "who": "Ada" })).await.expect(200);
    assert_eq!(answer, json!({ "hello": "Ada" }));
    // The run goes on.
    let runs = server.get("/api/v1/workflows/greeter/runs").await.expect(200);
    server.until(runs["items"][0]["id"].as_str().unwrap(), "waiting").await;
    // One that ends without a response tells the run, as ever.
    let started = server.post("/hooks/greeter", &json!({ "who": "nobody" })).await.expect(202);
    server.until(started["run"].as_str().unwrap(), "completed").await;
}

#[tokio::test]
async fn lists_filter_and_page() {
    let server = TestServer::start().await;
    server.store(&double("twice")).await;
    server.store(&waiting("hold")).await;
    for n in 0..5 {
        server.run("twice", &json!({ "n": n })).await;
    }
    let held = server.post("/api/v1/workflows/hold/runs", &json!({})).await.expect(202);
    server.until(held["id"].as_str().unwrap(), "waiting").await;
    let count =
        async |path: &str| server.get(path).await.expect(200)["items"].as_array().unwrap().len();
    assert_eq!(count("/api/v1/runs").await, 6);
    assert_eq!(count("/api/v1/runs?workflow=twice").await, 5);
    assert_eq!(count("/api/v1/runs?state=waiting").await, 1);
    assert_eq!(count("/api/v1/runs?workflow=twice&state=waiting").await, 0);
    assert_eq!(count("/api/v1/workflows/hold/runs").await, 1);

    let mut inputs: Vec<Value> = Vec::new();
    let mut path = "/api/v1/workflows/twice/runs?limit=2".to_owned();
    loop {
        let page = server.get(&path).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            let run = server
                .get(&format!("/api/v1/runs/{}", item["id"].as_str().unwrap()))
                .await
                .expect(200);
            inputs.push(run["input"]["n"].clone());
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/workflows/twice/runs?limit=2&cursor={cursor}");
    }
    assert_eq!(
        inputs,
        [json!(4), json!(3), json!(2), json!(1), json!(0)],
        "newest first, each once"
    );
    server.get("/api/v1/runs?state=odd").await.problem(400, "bad_request");
    server.get("/api/v1/runs?cursor=odd").await.problem(400, "bad_request");
    server.get("/api/v1/runs?workflow=nothing").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_running_run_stays_with_its_revision() {
    let server = TestServer::start().await;
    let stored = server.store(&waiting("edited")).await;
    let run = server.post("/api/v1/workflows/edited/runs", &json!({})).await.expect(202);
    let run = run["id"].as_str().unwrap();
    server.until(run, "waiting").await;
    let mut graph = waiting("edited");
    graph["nodes"][2]["data"]["inputs"]["value"] = json!("new: {{ steps.hold.word }}");
    let put = server
        .send("PUT", "/api/v1/workflows/edited", &[("if-match", "*")], graph.to_string())
        .await;
    assert_ne!(put.expect(200)["revision"], stored["revision"]);
    let server = server.restart().await;
    server
        .post(&format!("/api/v1/runs/{run}/events/go"), &json!({ "word": "old" }))
        .await
        .expect(202);
    let done = server.until(run, "completed").await;
    assert_eq!((&done["output"], &done["revision"]), (&json!("old"), &stored["revision"]));
}

#[tokio::test]
async fn a_webhook_starts_a_run() {
    let server = TestServer::start().await;
    server.store(&hooked("intake", "take-in")).await;
    let payload = json!({ "lines": [{ "price": 12 }] });
    let started = server.post("/hooks/take-in", &payload).await.expect(202);
    let run = server.until(started["run"].as_str().unwrap(), "completed").await;
    assert_eq!(run["output"], 12);

    let wrong = json!({ "lines": [{ "price": 1 }, { "price": "two" }] });
    let problem = server.post("/hooks/take-in", &wrong).await.problem(422, "misfit");
    assert_eq!(problem["path"], "lines[1].price");
    server.post("/hooks/nowhere", &payload).await.problem(404, "not_found");
    server.get("/hooks/take-in").await.problem(405, "method");

    let keyed = [("content-type", "application/json"), ("idempotency-key", "delivery-1")];
    let first =
        server.send("POST", "/hooks/take-in", &keyed, payload.to_string()).await.expect(202);
    let second =
        server.send("POST", "/hooks/take-in", &keyed, payload.to_string()).await.expect(202);
    assert_eq!(first, second);
    assert_ne!(first, started);
}

#[tokio::test]
async fn several_triggers_take_their_own_payloads() {
    let server = TestServer::start().await;
    let number = json!({ "config": { "schema": { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } } } });
    let nodes = [
        node("by_hand", "manual@1", &number),
        node("by_web", "webhook@1", &number),
        node("done", "return@1", &json!({ "inputs": { "value": "{{ trigger.n }}" } })),
    ];
    server.store(&graph("both", &nodes, &["by_hand>done", "by_web>done"])).await;
    let run = server.run("both", &json!({ "by_hand": { "n": 1 } })).await;
    assert_eq!((&run["output"], &run["input"]), (&json!(1), &json!({ "by_hand": { "n": 1 } })));
    let started = server.post("/hooks/both", &json!({ "n": 2 })).await.expect(202);
    let run = server.until(started["run"].as_str().unwrap(), "completed").await;
    assert_eq!(run["output"], 2);
    let named = json!({ "trigger": "by_hand", "input": { "n": 3 } });
    let run = server.post("/api/v1/workflows/both/runs?wait=20s", &named).await.expect(200);
    assert_eq!(run["output"], 3);
    for body in [
        json!({ "input": { "n": 1 } }),
        json!({ "input": {} }),
        json!({ "input": { "by_hand": { "n": 1 }, "by_web": { "n": 1 } } }),
        json!({ "trigger": "done", "input": {} }),
    ] {
        server.post("/api/v1/workflows/both/runs", &body).await.problem(422, "misfit");
    }
}
